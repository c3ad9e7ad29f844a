"""The panel on a whole portfolio: load or invent it, segment it, look ahead, compare policies, find the one question, take it away."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache, partial
from typing import Any

from jiebei_lib.core.case import FIELDS
from jiebei_lib.core.policy import BUILT_IN, load_policy
from jiebei_lib.page.text import LANGUAGES, say
from jiebei_lib.portfolio import summary as book
from jiebei_lib.portfolio.sample import sample
from jiebei_lib.show.portfolio.page import BookPage
from jiebei_lib.show.portfolio.words import column_name, names
from jiebei_lib.show.widget.composing import Name, call
from jiebei_lib.show.widget.fields import both, button, choice, number
from jiebei_lib.show.widget.panel import Download, Gauge, Later, Panel
from jiebei_lib.show.widget.table_field import book_of, cases_file, wrong_words

SEGMENTS = ("communication", "contacts", "amount_overdue", "days_overdue", "zhima_score", "past_overdue", "funded_by")
PARTS = ("first", "questions", "segments", "ribbon", "days", "what_if")


def portfolio(rows: int = 2000) -> Panel:
    """A whole portfolio, an invented one of ``rows`` cases to begin with."""
    policies = {name: load_policy(name).data["name"] for name in BUILT_IN}
    columns = {name: {lang: column_name(name, lang) for lang in LANGUAGES} for name in SEGMENTS}
    fields = [
        choice(
            "source",
            both("portfolio.fields.source"),
            {key: both(f"portfolio.fields.{key}") for key in ("sample", "file")},
        ),
        number("rows", both("portfolio.fields.rows"), rows, 10, 50_000, slider=(100, 10_000), log=True),
        number("seed", both("portfolio.fields.seed"), 1, 0, 2**32 - 1),
        cases_file(),
        choice("by", both("portfolio.fields.by"), columns, "communication", look="select"),
        choice("policy", both("portfolio.fields.policy"), policies, "article"),
        choice("other", both("portfolio.fields.other"), policies, "published"),
        button("export", both("portfolio.fields.export")),
    ]
    return Panel(
        fields,
        _draw,
        presses={"export": _export},
        slow={"export"},
        value=_table,
        result=_summed,
        code=_lines,
        name="portfolio",
    )


def _draw(values: dict[str, Any], lang: str) -> dict[str, Any]:
    gauge, first = _first(values, lang)
    return {
        "gauge": gauge,
        "beside": [*first, Later(lambda: _parts(values, lang, ("next",)))],
        "below": [Later(partial(_parts, values, lang, (name,))) for name in PARTS],
    }


def _first(values: dict[str, Any], lang: str) -> tuple[Gauge, list[Any]]:
    """What is known before cases are ranked."""
    wrong = wrong_words(_book(*_given(values)).wrong, lang)
    told = _told(values)
    likely = [side["verdicts"]["likely"] for side in told["witnesses"]]
    line = {
        each: say("portfolio.gauge.line", each, likely=likely[0], other_likely=likely[1], **names(told, each))
        for each in LANGUAGES
    }
    gauge = Gauge(str(likely[0]), both("portfolio.gauge.moved"), line)
    return gauge, [*_parts(values, lang, ("counted",)), *wrong, *_parts(values, lang, ("grades",))]


def _parts(values: dict[str, Any], lang: str, names: tuple[str, ...]) -> list[Any]:
    page = BookPage(_told(values), lang)
    page.invented = values["source"] == "sample"
    return [part for name in names for part in getattr(page, name)()]


def _table(values: dict[str, Any]) -> Any:
    """The portfolio as a DataFrame, a row a case."""
    return _book(*_given(values)).table


def _told(values: dict[str, Any]) -> Mapping[str, Any]:
    """The portfolio's summary, each part made when it is shown."""
    given = _given(values)
    by = values["by"] if values["by"] in _book(*given).table.columns else "communication"
    return _held(*given, values["policy"], values["other"]).by(by)


def _summed(values: dict[str, Any]) -> book.Summary:
    """The portfolio's summary, as plain data."""
    return book.Summary(_told(values))


def _lines(values: dict[str, Any]) -> list[str]:
    """The same in Python: of a table of one's own with its file's name."""
    table = call("sample", int(values["rows"]), seed=int(values["seed"]))
    source = ["from jiebei_lib.portfolio.sample import sample"]
    if values["source"] != "sample":
        table = call("read_book", (values["csv"] or {}).get("name", "table.csv"))
        source = []
    head = [*source, "from jiebei_lib.portfolio import summary as book", ""]
    made = f"table = {table}" if source else f"table = book.{table}.table"
    return [*head, made, call("book.summary", Name("table"), values["policy"], values["by"], values["other"])]


def _given(values: dict[str, Any]) -> tuple[int, int, str, str]:
    """Rows and seed of an invented portfolio, or name and text of a loaded one."""
    if values["source"] == "sample":
        return int(values["rows"]), int(values["seed"]), "", ""
    given = values["csv"] or {}
    return 0, 0, str(given.get("name", "")), str(given.get("text", ""))


@lru_cache(maxsize=2)
def _book(rows: int, seed: int, name: str, text: str) -> book.Book:
    if rows:
        return book.Book(sample(rows, seed), [])
    return book_of({"name": name, "text": text})


@lru_cache(maxsize=8)
def _held(rows: int, seed: int, name: str, text: str, policy: str, other: str) -> book.Parts:
    loaded = _book(rows, seed, name, text)
    return book.Parts(loaded.table, policy, other, len({each.row for each in loaded.wrong}), name)


def _export(values: dict[str, Any], panel: Panel) -> Download:
    from jiebei_lib.core.tables.files import safe
    from jiebei_lib.core.tables.table import score
    from jiebei_lib.portfolio.ranks import ranked

    table = _book(*_given(values)).table
    scored = score(table, values["policy"]).assign(**ranked(table, values["policy"]).columns())
    texts = [name for name in scored.columns if name not in FIELDS or FIELDS[name]["type"] == "text"]
    for name in scored[texts].select_dtypes(["object", "string"]).columns:
        scored[name] = scored[name].map(lambda cell: safe(cell) if isinstance(cell, str) else cell)
    scored.columns = [safe(str(name)) for name in scored.columns]
    return Download("portfolio-scores.csv", "\ufeff" + scored.to_csv(index=False), "text/csv")
