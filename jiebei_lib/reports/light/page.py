"""The light explorer: one HTML file in which every fact of a case can be changed, and the answer follows without a server."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from markupsafe import Markup

from jiebei_lib import __version__
from jiebei_lib.core.assessment import checked_date
from jiebei_lib.core.case import Case
from jiebei_lib.core.knowledge.yaml_files import HERE, shipped
from jiebei_lib.core.policy import Policy, load_policy
from jiebei_lib.page.html import environment, stylesheet
from jiebei_lib.page.text import LANGUAGES, say
from jiebei_lib.reports.light.export import in_languages, knowledge
from jiebei_lib.show.case.page import CasePage

ROOM = "reports/light"
SCRIPTS = ("kit.js", "engine.js", "words.js", "explorer.js")
BOTH = "both"


def languages(lang: str) -> tuple[str, ...]:
    """The languages of a page, the first of them shown first: ``both`` is all, Chinese first."""
    return LANGUAGES if lang == BOTH else (lang,)


def explorer(
    case: Case | Mapping[str, Any] | None = None,
    lang: str = BOTH,
    as_of: str | None = None,
    policy: Policy | str = "article",
) -> str:
    """The page as HTML, about 550 kB: it needs nothing from anywhere and may load nothing. ``lang`` is zh, en or both; ``as_of`` the
    day whose rules count at first (today). Raises :class:`~jiebei_lib.core.knowledge.problems.CaseError`."""
    controls = shipped(f"{ROOM}/controls.yaml")
    case = case if isinstance(case, Case) else Case.of(case or controls["given"])
    policy, langs, day = load_policy(policy), languages(lang), checked_date(as_of)
    first = langs[0]
    head = {"title": say("light.page.title", first), "noscript": say("light.page.script", first)}
    start = {"light-case": given(case, day, langs), "light-know": knowledge(policy, langs)}
    return page(langs, SCRIPTS, start, Markup(CasePage(case, first, policy, day).answer()[0]), **head)


def page(
    langs: tuple[str, ...], scripts: Iterable[str], data: Mapping[str, Any], first: Markup, title: str, noscript: str
) -> str:
    """A page that needs nothing from anywhere: ``scripts`` of this room, the ``data`` that they read by the names of its parts, and what
    stands there ``first``, before any script has run."""
    script, css = "\n".join(map(text, scripts)), stylesheet() + text("light.css")
    return (
        environment()
        .get_template(f"{ROOM}/page.html.j2")
        .render(
            langs=langs,
            title=title,
            policy=content_policy([script], [css]),
            version=__version__,
            css=Markup(css),
            first=first,
            noscript=noscript,
            made=[say("page.made", each, version=__version__) for each in langs],
            data={name: embedded(content) for name, content in data.items()},
            script=Markup(script),
        )
    )


def given(case: Case, day: str, langs: tuple[str, ...], whole: bool = True) -> dict[str, Any]:
    """What a page begins with: the case, the day, its languages, its controls. ``whole``: a page of its own, not a report's section."""
    facts = {name: value for name, value in case.to_dict().items() if name != "case_id"}
    controls = {key: value for key, value in shipped(f"{ROOM}/controls.yaml").items() if key not in ("given", "parts")}
    parts = shipped(f"{ROOM}/controls.yaml")["parts"]["page" if whole else "report"]
    start = {
        "facts": facts,
        "case_id": case.case_id,
        "as_of": day,
        "langs": list(langs),
        "heading": "h1" if whole else "h3",
    }
    return start | {"controls": in_languages(controls, langs), "parts": parts}


@cache
def text(name: str) -> str:
    """A file of this room."""
    return (HERE / ROOM / name).read_text("utf-8")


def embedded(content: Any) -> Markup:
    """Plain data as JSON that may stand in a page: nothing in it can end the element that it stands in."""
    plain = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Markup(plain.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029"))


def content_policy(scripts: list[str], styles: list[str]) -> str:
    """A content security policy under which nothing is loaded or sent, and only these scripts and styles count."""
    listed = {"script-src": scripts, "style-src": styles}
    sources = "; ".join(f"{name} {' '.join(map(_digest, texts))}" for name, texts in listed.items())
    return f"default-src 'none'; {sources}; base-uri 'none'; form-action 'none'"


def _digest(content: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"
