"""Panels on what pages claim: first days down to the page, ladders side by side, contradictions, sanctions and complaints."""

from __future__ import annotations

from typing import Any

from jiebei_lib.evidence import claims as pages_say
from jiebei_lib.evidence.claims import Claim, PublishedPage, claims, conditions, first_contact_days, pages, whose
from jiebei_lib.evidence.contradictions import contradictions as differing
from jiebei_lib.evidence.reported import CODES, regulator_actions, us_complaints
from jiebei_lib.page.html import Words, environment
from jiebei_lib.page.marks import joined
from jiebei_lib.page.text import cited_all, say
from jiebei_lib.show.evidence import published_figures as figures
from jiebei_lib.show.evidence.published_figures import WORDS, ladders_figure, row_label, word
from jiebei_lib.show.widget.fields import both, choice
from jiebei_lib.show.widget.panel import Gauge, Panel

ANY = ""
ROWS_BY_DAYS = {"by7": (0, 7), "between": (8, 14), "after14": (15, 10**6)}


def words(section: str, lang: str, *given: Any) -> Words:
    """A section of evidence.html.j2, finished."""
    template = environment().get_template("show/evidence/evidence.html.j2").module
    return Words(str(getattr(template, section)(lambda key, **slots: say(key, lang, **slots), *given)).strip())


def first_days() -> Panel:
    """The first day that pages claim, by product and whose contacts, and every page behind it."""
    fields = [
        choice("product", both("evidence.published.fields.product"), _products(), "借呗", look="select"),
        choice(
            "scope",
            both("evidence.published.fields.scope"),
            {ANY: both("evidence.published.fields.all_scopes"), **WORDS["scopes"]},
            ANY,
            look="select",
        ),
        choice("row", both("evidence.published.fields.row"), _rows(), ANY, look="select"),
    ]
    return Panel(fields, _draw_days, picks={"first_days": _picked}, name="first_days")


def _products() -> dict[str, Any]:
    """The products that pages speak of when they speak of contacts, all together first."""
    named = {claim.product for claim in claims() if claim.topic == "first_contact_day"}
    return {ANY: both("evidence.published.fields.all_products")} | {
        code: name for code, name in WORDS["products"].items() if code in named
    }


def _rows() -> dict[str, Any]:
    """Which pages to list: all, a stretch of days, or one row of the figure."""
    days = sorted({page.day for page in pages() if page.day is not None})
    stretches = {key: both(f"evidence.published.fields.{key}") for key in ROWS_BY_DAYS}
    single = {f"day:{day}": both("evidence.published.days.day", day=day) for day in days}
    rest = {f"{kind}:": both(f"evidence.published.fields.{kind}") for kind in ("no_day", "deny")}
    return {ANY: both("evidence.published.fields.all_rows"), **stretches, **single, **rest}


def _draw_days(values: dict[str, Any], lang: str) -> dict[str, Any]:
    product, scope = values["product"] or None, values["scope"] or None
    found = pages(product, scope)
    listed = [_listed(page, lang) for page in sorted(found, key=_order) if _wanted(page, values["row"])]
    below = [words("page_list", lang, listed), figures.whose_figure(whose(product), lang)]
    named, split = conditions(product), first_contact_days(product, scope=scope)
    by, words_of = split.by(split.article_day), "evidence.published.days"
    return {
        "gauge": Gauge(
            f"{by}/{split.named}", both(f"{words_of}.moved"), both(f"{words_of}.line", by=by, named=split.named)
        ),
        "top": [words("split", lang, split)],
        "beside": [figures.days_figure(found, lang)],
        "below": below + ([figures.conditions_figure(named, lang)] if named else []),
    }


def _picked(values: dict[str, Any], event: dict[str, Any]) -> dict[str, Any] | None:
    """A click on a dot lists its row; a second click lists all again."""
    rows = [point.get("custom") for point in event.get("points", []) if point.get("custom")]
    if not rows or rows[0] not in _rows():
        return None
    return {"row": ANY if values["row"] == rows[0] else rows[0]}


def _order(page: PublishedPage) -> tuple[bool, int, str, str]:
    return page.kind != "day", page.day or 0, page.kind, page.id


def _wanted(page: PublishedPage, row: str) -> bool:
    if row in ROWS_BY_DAYS:
        least, most = ROWS_BY_DAYS[row]
        return page.day is not None and least <= page.day <= most
    return row in (ANY, f"{page.kind}:{page.day or ''}")


def _listed(page: PublishedPage, lang: str) -> dict[str, Any]:
    return {
        "id": page.id,
        "url": page.url,
        "title": page.title or say("evidence.published.pages.untitled", lang),
        "foreign": bool(page.title) and not page.title.isascii(),
        "site": word("sites", page.site, lang),
        "row": row_label(page.kind, page.day, lang),
        "said": [_said(claim, lang) for claim in page.claims],
    }


def _said(claim: Claim, lang: str) -> str:
    """One statement of a page, put together from its codes."""
    scopes = joined([word("scopes", scope, lang) for scope in claim.scopes], lang)
    key = "any" if claim.low is None else "from" if claim.high is None or claim.high == claim.low else "span"
    slots = {"low": int(claim.low or 0), "high": int(claim.high or 0)} if key != "any" else {}
    said = say(
        f"evidence.published.pages.said.{key}",
        lang,
        scopes=scopes,
        standing=say(f"evidence.published.whose.{claim.standing}", lang),
        **slots,
    )
    named = [
        say(f"evidence.published.pages.factor.{direction}", lang, name=word("factors", factor, lang))
        for factor, direction in claim.factors.items()
    ]
    return say("evidence.published.pages.if", lang, said=said, factors=joined(named, lang)) if named else said


def ladders() -> Panel:
    """The published ladders side by side."""
    options = {key: both(f"evidence.published.fields.{key}") for key in ("all_ladders", "china", "only_jiebei")}
    return Panel(
        [choice("which", both("evidence.published.fields.ladder_products"), options)], _draw_ladders, name="ladders"
    )


def _draw_ladders(values: dict[str, Any], lang: str) -> list[Any]:
    shown = {
        "all_ladders": lambda ladder: True,
        "china": lambda ladder: not ladder.product.startswith("US "),
        "only_jiebei": lambda ladder: ladder.product == "借呗",
    }[values["which"]]
    return [ladders_figure([ladder for ladder in pages_say.ladders() if shown(ladder)], lang)]


def contradictions() -> Panel:
    """Where pages and cases differ from the article."""
    return Panel([], _draw_contradictions, name="contradictions")


def _draw_contradictions(_: dict[str, Any], lang: str) -> dict[str, list[Any]]:
    points = [
        {
            "name": point.name[lang],
            "article": point.article[lang],
            "others": point.others[lang],
            "cites": joined(cited_all(point.cite, lang), lang),
            "basis": joined([say(f"basis.{point.basis}", lang), *cited_all(point.against, lang)], lang),
        }
        for point in differing()
    ]
    return {"below": [words("contradictions", lang, points)]}


def context() -> Panel:
    """Sanctions for contacting third persons, and US complaint counts: what surrounds the question."""
    return Panel([], _draw_context, name="context")


def _draw_context(_: dict[str, Any], lang: str) -> dict[str, list[Any]]:
    rows = []
    for action in regulator_actions():
        text = CODES["actions"][str(action.number)]
        country = CODES["countries"][action.country][lang]
        where = " · ".join([country, text["authority"][lang]])
        said = {"what": text["conduct"][lang], "result": text["result"][lang]}
        rows.append({**said, "date": action.date, "where": where, "source": action.source})
    return {"below": [words("actions", lang, rows), figures.complaints_figure(us_complaints(), lang)]}
