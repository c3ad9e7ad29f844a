"""`jiebei policy` and `jiebei sources`: what the answer rests on, as tables or JSON, and the check of a user's own overlay."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from jiebei_lib.cli.output import LANG, Command, Group, checked_lang, print_json, print_table, t, told
from jiebei_lib.core.policy import BUILT_IN, TOPICS, load_policy
from jiebei_lib.page.text import cited, heads, say

CALLS = "calls"  # the rules of conduct, which are no part of a policy
SHOWN = (*TOPICS, CALLS)

app = typer.Typer(cls=Group, add_completion=False, no_args_is_help=True, help=t("policy.help"))

Lang = Annotated[str, typer.Option(help=t("main.lang"))]
Json = Annotated[bool, typer.Option("--json", help=t("main.json"))]
Which = Annotated[str, typer.Option(help=t("main.policy"))]


@app.command(cls=Command, help=t("policy.check.help"), epilog=t("policy.check.example"))
def check(files: Annotated[list[Path], typer.Argument(help=t("policy.check.files"), metavar="FILE…")]) -> None:
    from jiebei_lib.core.knowledge.problems import UserError

    problems = []
    for file in files:
        try:
            policy = load_policy(file)
            told(t("policy.check.fine", file=file.name, vertices=len(policy.readings.vertices)))
            if policy.label in BUILT_IN:
                told(t("policy.check.same", file=file.name, base=policy.data["name"][LANG]))
        except UserError as wrong:
            problems += wrong.problems
    if problems:
        raise UserError(problems)


@app.command(cls=Command, help=t("policy.show.help"), epilog=t("policy.show.example"))
def show(
    policy: Which = "article",
    topic: Annotated[
        str | None,
        typer.Option(help=t("policy.show.topic", topics=", ".join(SHOWN)), autocompletion=lambda: list(SHOWN)),
    ] = None,
    as_of: Annotated[str | None, typer.Option(help=t("policy.show.as_of"))] = None,
    lang: Lang = LANG,
    json: Json = False,
) -> None:
    from jiebei_lib.core.assessment import checked_date
    from jiebei_lib.core.knowledge.problems import PolicyError, Problem, items, shown
    from jiebei_lib.core.policy import TOPIC_OF
    from jiebei_lib.page.in_time import stale

    lang, rules = checked_lang(lang), load_policy(policy)
    if topic not in (None, *SHOWN):
        raise PolicyError(Problem("not_one_of", "--topic", {"value": shown(topic), "allowed": items(SHOWN)}))
    chosen = {key: value for key, value in rules.data.items() if topic in (None, TOPIC_OF.get(key, key))}
    if topic == CALLS:
        chosen = {CALLS: {"rules": _call_rules()}}
    day = checked_date(as_of)
    if as_of is not None:
        chosen = _holding(chosen, day)
    if json:
        print_json(chosen)
        return
    print_table(heads("cli.policy.show.head", lang), _rows(chosen, lang))
    if old := stale(rules, day):
        print(say("cli.policy.show.stale", lang, day=day, names=", ".join(old)))


def _call_rules() -> dict[str, Any]:
    from jiebei_lib.calls.rule_sets import load_rules

    return load_rules().rules


def _holding(node: Any, day: str) -> Any:
    """The rules that hold on a day, of dated values the one that does."""
    from jiebei_lib.core.policy import in_force

    if not isinstance(node, Mapping):
        return node
    kept = {
        key: _holding(value, day)
        for key, value in node.items()
        if not isinstance(value, Mapping) or in_force(value, day)
    }
    if isinstance(dated := kept.get("values"), list):
        kept["values"] = [entry for entry in dated if entry["from"] <= day][-1:]
    return kept


def _since(node: Mapping[str, Any], lang: str) -> str:
    """From when to when a rule holds, and when its text was last looked for."""
    from jiebei_lib.page.in_time import checked_on

    first, last, checked = node.get("from", ""), node.get("until", ""), checked_on(node["cite"])
    span = f"{first} – {last}" if first or last else ""
    return span + (say("cli.policy.show.checked", lang, day=checked) if checked else "")


def _rows(node: Any, lang: str, path: tuple[str, ...] = ()) -> Iterator[list[str]]:
    """A row for everything below ``node`` that rests on something."""
    if not isinstance(node, Mapping):
        return
    if "cite" in node:
        words = node.get("text") or node.get("name") or {}
        value = node.get("value", "")
        if "values" in node and not isinstance(node["values"], Mapping):
            value = ", ".join(f"{entry['from']}: {entry['value']}" for entry in node["values"])
        span = " … ".join(str(end) for end in node.get("range", []))
        basis = say(f"basis.{node['basis']}", lang)
        basis += f" ({say('page.reported', lang)})" if node.get("confidence") in ("S", "S+") else ""
        cites = ("；" if lang == "zh" else "; ").join(cited(cite, lang) for cite in node["cite"])
        yield [".".join(path), words.get(lang, ""), str(value), span, _since(node, lang), basis, cites]
    for key, value in node.items():
        yield from _rows(value, lang, (*path, str(key)))


@app.command(cls=Command, help=t("policy.test.help"), epilog=t("policy.test.example"))
def test(
    files: Annotated[list[Path] | None, typer.Argument(help=t("policy.test.files"), metavar="[FILE…]")] = None,
    policy: Which = "article",
    rules: Annotated[str, typer.Option(help=t("policy.test.rules"))] = "",
    lang: Lang = LANG,
    json: Json = False,
) -> None:
    from jiebei_lib.cli.borders import borders, run, shipped_borders

    lang, asked = checked_lang(lang), load_policy(policy)
    outcomes = [run(border, asked, rules) for border in borders(files or shipped_borders())]
    failed = [outcome for outcome in outcomes if not outcome.passed]
    if json:
        print_json(
            {
                "policy": asked.label,
                "cases": len(outcomes),
                "failed": [
                    {
                        "file": each.border.file,
                        "number": each.border.number,
                        "note": each.border.note(lang),
                        "cite": each.border.content.get("cite", []),
                        "wrong": {key: {"expected": want, "got": got} for key, (want, got) in each.wrong.items()},
                    }
                    for each in failed
                ],
            }
        )
    else:
        rows = [
            [f"{each.border.file} {each.border.number}", each.border.note(lang), key, str(want), str(got)]
            for each in failed
            for key, (want, got) in each.wrong.items()
        ]
        if rows:
            print_table(say("cli.policy.test.head", lang), rows)
        print(
            say("cli.policy.test.failed" if failed else "cli.policy.test.fine", lang, n=len(outcomes), bad=len(failed))
        )
    if failed:
        raise typer.Exit(1)


@app.command(cls=Command, help=t("policy.diff.help"), epilog=t("policy.diff.example"))
def diff(
    first: Annotated[str, typer.Argument(help=t("policy.diff.first"), metavar="DATE")],
    second: Annotated[str, typer.Argument(help=t("policy.diff.second"), metavar="DATE")],
    policy: Which = "article",
    cases: Annotated[Path | None, typer.Option(help=t("policy.diff.cases"))] = None,
    log: Annotated[Path | None, typer.Option(help=t("policy.diff.log"))] = None,
    rules: Annotated[str, typer.Option(help=t("audit.rules"))] = "cn",
    lang: Lang = LANG,
    json: Json = False,
) -> None:
    from jiebei_lib.cli.changes import changed_cases, changed_findings
    from jiebei_lib.core.assessment import checked_date
    from jiebei_lib.page.in_time import changes

    lang, asked = checked_lang(lang), load_policy(policy)
    first, second = sorted((checked_date(first), checked_date(second)))
    found = changes({**asked.data, CALLS: {"rules": _call_rules()}}, first, second)
    moved = changed_cases(cases, asked, first, second) if cases else None
    findings = changed_findings(log, rules, first, second) if log else None
    told = {
        "changes": [
            {"on": one.on, "kind": one.kind, "path": one.path, "text": one.text(lang), "cite": one.statement["cite"]}
            for one in found
        ],
        "cases": moved,
        "findings": findings,
    }
    if json:
        print_json({"first": first, "second": second, **told})
        return
    join = "；" if lang == "zh" else "; "
    rows = [
        [one.on, one.path, one.text(lang), join.join(cited(c, lang) for c in one.statement["cite"])] for one in found
    ]
    print_table(heads("cli.policy.diff.head", lang), rows)
    if moved is not None:
        _print_cases(moved, lang)
    if findings is not None:
        both = [(key, *each) for key in ("before", "after") for each in findings[key]]
        rows = [[say(f"cli.policy.diff.{key}", lang), attempt, rule, status] for key, rule, attempt, status in both]
        print_table(heads("cli.policy.diff.findings_head", lang), rows)
        print(say("cli.policy.diff.findings", lang, **{key: len(findings[key]) for key in ("before", "after")}))


def _print_cases(changed: list[dict[str, Any]], lang: str) -> None:
    """The cases whose answer differs, each with both answers."""
    rows = [
        [
            each["case_id"],
            *(f"{each[when]['status']} ({', '.join(each[when]['conflicts'])})" for when in ("before", "after")),
        ]
        for each in changed
    ]
    if rows:
        print_table(heads("cli.policy.diff.cases_head", lang), rows)
    print(say("cli.policy.diff.changed", lang, n=len(changed)))


@app.command(cls=Command, help=t("policy.coverage.help"), epilog=t("policy.coverage.example"))
def coverage(policy: Which = "article", lang: Lang = LANG, json: Json = False) -> None:
    from dataclasses import asdict

    from jiebei_lib.cli.coverage import HOWS, claims

    lang, found = checked_lang(lang), claims(load_policy(policy))
    if json:
        print_json([asdict(each) for each in found])
        return
    rows = []
    for each in found:
        said = each.claim[lang] + (say("cli.policy.coverage.why", lang, why=each.why[lang]) if each.why else "")
        where = ", ".join(each.where) + "".join(say("cli.policy.coverage.missing", lang, place=p) for p in each.missing)
        rows.append([f"¶{each.number}", said, say(f"cli.policy.coverage.how.{each.how}", lang), where])
    print_table(heads("cli.policy.coverage.head", lang), rows)
    counts = {how: sum(each.how == how for each in found) for how in HOWS}
    print(say("cli.policy.coverage.counts", lang, n=len(found), **counts))


def sources(lang: Lang = LANG, json: Json = False) -> None:
    lang, known = checked_lang(lang), load_policy().sources
    if json:
        print_json(known)
        return
    rows = []
    for name, source in known.items():
        standing = [say(f"kinds.{source['kind']}", lang)]
        standing += [say(f"standing.{source['standing']}", lang)] if source.get("standing") else []
        row = [name, source["title"][lang], ("，" if lang == "zh" else ", ").join(standing)]
        rows.append([*row, source.get("effective", "–"), source["confidence"]])
    print_table(heads("cli.sources.head", lang), rows)
