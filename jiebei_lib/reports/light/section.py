"""The section "change a fact" of a case's report: the same explorer, its script and data once for a whole batch of reports."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any

from markupsafe import Markup

from jiebei_lib.core.case import Case
from jiebei_lib.core.policy import Policy, load_policy
from jiebei_lib.page.html import environment
from jiebei_lib.page.text import LANGUAGES, say
from jiebei_lib.reports.batch import Added
from jiebei_lib.reports.light.export import knowledge
from jiebei_lib.reports.light.page import ROOM, SCRIPTS, embedded, given, text

STYLE = "change.css"  # its name where it lies beside many reports
AFTER, END = '<section id="changes">', "</section>"  # the section behind which it stands


def change_a_fact(policy: Policy | str = "article", langs: Iterable[str] = LANGUAGES, beside: bool = True) -> Added:
    """What every report of a batch gets besides, for reports made under ``policy``. ``beside``: script and style lie once beside them;
    else each carries its own."""
    know = embedded(knowledge(load_policy(policy), langs))
    script = "\n".join([f"const jiebeiKnow = {know};", *map(text, SCRIPTS)])
    version = sha256((script + text("light.css")).encode()).hexdigest()
    name = f"change-{version[:8]}.js"  # reports under another policy may lie in the same folder
    files = {name: script, STYLE: text("light.css")}

    def put(page: str, parameters: Mapping[str, Any]) -> str:
        lang = parameters["lang"]
        start = embedded(given(Case.of(parameters["case"]), parameters["as_of"], (lang,), whole=False))
        own = None if beside else {each: Markup(content) for each, content in files.items()}
        names = {"script": name, "style": STYLE, "own": own, "given": start, "title": say("light.page.facts", lang)}
        section = (
            environment().get_template(f"{ROOM}/section.html.j2").render(**names, lead=say("light.page.report", lang))
        )
        behind = page.find(AFTER)  # a report in one's own dress may leave it out
        at = page.index(END, behind) + len(END) if behind >= 0 else page.rindex("<footer")
        return f"{page[:at]}\n{section}{page[at:]}"

    return Added(f"{version} {beside}", files if beside else {}, put)
