"""Cases as data (core/borders/*.yaml, or a user's own): what is known, on which day, and what must follow. `jiebei policy test` runs them.

A case holds ``note`` (which border it stands at), ``cite``, ``on`` (the day), ``given`` and ``expect``; ``about`` (its own or its
file's) says which answer is meant. Only what stands in ``expect`` is compared. They lie beside the rules and are run from here
because they are about rooms that do not know each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import Any

from jiebei_lib.core.case import Case
from jiebei_lib.core.knowledge.problems import Phrase, PolicyError, Problem, UserError, items, shown
from jiebei_lib.core.knowledge.user_files import read_yaml
from jiebei_lib.core.knowledge.yaml_files import HERE
from jiebei_lib.core.policy import BUILT_IN, Policy, load_policy

FOLDER = HERE / "core" / "borders"
NOTHING = "–"  # what stands for an answer that is not there
KEYS = ("note", "cite", "about", "on", "policy", "given", "expect")
CALL_KEYS = ("note", "cite", "about", "rule", "base", "at", "each", "expect")
OF_LISTS = {"has", "lacks", "first", "only"}


@dataclass(frozen=True)
class Border:
    """One case as it was written: in which ``file``, the how many-th there, and its content with the file's defaults laid under."""

    file: str
    number: int
    about: str
    content: Mapping[str, Any]

    def note(self, lang: str) -> str:
        note = self.content.get("note", "")
        return note.get(lang, "") if isinstance(note, Mapping) else str(note)


@dataclass(frozen=True)
class Outcome:
    """What came of a case: for everything that differs, its key with what was expected and what the rules answer."""

    border: Border
    wrong: dict[str, tuple[Any, Any]]

    @property
    def passed(self) -> bool:
        return not self.wrong


def shipped_borders() -> list[Path]:
    return sorted(FOLDER.glob("*.yaml"))


def borders(files: list[Path]) -> list[Border]:
    """The cases of some files. Raises :class:`PolicyError` naming every case that is not written as one."""
    problems: list[Problem] = []
    found = [border for file in files for border in _of_file(file, problems)]
    if problems:
        raise PolicyError(problems)
    return found


def run(border: Border, policy: Policy | str | None = None, rules: str = "") -> Outcome:
    """One case, under the policy that it names (else the given one), or, if it is about calls, under rule sets."""
    where = f"{border.file} {border.number}"
    try:
        got = ANSWERS[border.about](
            border.content, load_policy(border.content.get("policy") or policy or "article"), rules
        )
    except UserError as refusal:
        raise PolicyError([_placed(problem, where) for problem in refusal.problems]) from None
    expected = {str(key): value for key, value in border.content["expect"].items()}
    if border.about == "calls":  # what is not listed breaks nothing
        expected = {**dict.fromkeys(got, NOTHING), **expected}
    return Outcome(border, dict(_differences(expected, got)))


def _placed(problem: Problem, where: str) -> Problem:
    return Problem(problem.kind, f"{where}: {problem.where}", problem.slots)


def _of_file(file: Path, problems: list[Problem]) -> Iterator[Border]:
    content = read_yaml(file, PolicyError)
    cases = content.get("cases") if isinstance(content, Mapping) else None
    if not isinstance(cases, list):
        problems.append(Problem("missing", f"{file.name}: cases", {"allowed": Phrase("mapping")}))
        return
    for number, case in enumerate(cases, 1):
        about = case.get("about", content.get("about")) if isinstance(case, Mapping) else None
        wrong = list(_mistakes(case, about, f"{file.name} {number}"))
        if number == 1 and not isinstance(content.get("defaults") or {}, Mapping):
            slots = {"value": shown(content["defaults"]), "allowed": Phrase("mapping")}
            wrong.append(Problem("invalid", f"{file.name}: defaults", slots))
        problems += wrong
        if not wrong:
            yield Border(file.name, number, str(about), {"defaults": content.get("defaults") or {}, **case})


def _mistakes(case: Any, about: Any, where: str) -> Iterator[Problem]:
    """What keeps one case from being run."""
    if not isinstance(case, Mapping):
        yield Problem("invalid", where, {"value": shown(case), "allowed": Phrase("mapping")})
        return
    if not isinstance(about, str) or about not in ANSWERS:
        yield Problem("not_one_of", f"{where}: about", {"value": shown(about), "allowed": items(ANSWERS)})
        return
    known, needed = (CALL_KEYS, ("rule", "at", "expect")) if about == "calls" else (KEYS, ("given", "expect", "on"))
    for key in case:
        if key not in known:
            yield Problem("unknown_key", f"{where}: {shown(key)}", {"allowed": items(known)})
    for key in needed:
        if key not in case:
            yield Problem("missing", f"{where}: {key}", {"allowed": Phrase("text_any")})
    if case.get("policy") is not None and case["policy"] not in list(
        BUILT_IN
    ):  # a case of anybody's names no file of ours
        yield Problem("not_one_of", f"{where}: policy", {"value": shown(case["policy"]), "allowed": items(BUILT_IN)})
    for key in ("expect", "given", "base"):
        if not isinstance(case.get(key, {}), Mapping):
            yield Problem("invalid", f"{where}: {key}", {"value": shown(case[key]), "allowed": Phrase("mapping")})
    if not isinstance(case.get("rule", ""), str):
        yield Problem("invalid", f"{where}: rule", {"value": shown(case["rule"]), "allowed": Phrase("text_any")})
    times, each = case.get("at", []), case.get("each")
    fine = isinstance(times, list) and (each is None or (isinstance(each, list) and len(each) == len(times)))
    if not fine or not all(isinstance(own, Mapping) for own in each or []):
        many = Phrase("mappings", {"number": len(times) if isinstance(times, list) else 0})
        yield Problem("invalid", f"{where}: each", {"value": shown(each), "allowed": many})
    try:
        if "on" in case:
            date.fromisoformat(str(case["on"]))
    except ValueError:
        yield Problem("date", f"{where}: on", {"value": shown(case["on"])})


# ---- comparing -----------------------------------------------------------------------------------------------------------


def _differences(
    expected: Mapping[str, Any], got: Mapping[str, Any], path: str = ""
) -> Iterator[tuple[str, tuple[Any, Any]]]:
    for key, wanted in expected.items():
        name, found = f"{path}{key}", got.get(str(key), NOTHING)
        if isinstance(wanted, Mapping) and isinstance(found, Mapping):
            yield from _differences(wanted, found, f"{name}.")
        elif isinstance(wanted, Mapping) and isinstance(found, list) and set(wanted) <= OF_LISTS:
            if not _list_fits(wanted, found):
                yield name, (dict(wanted), found)
        elif not _same(wanted, found):
            yield name, (wanted, found)


def _list_fits(wanted: Mapping[str, Any], found: list[Any]) -> bool:
    """Whether a list has some entries, lacks others, begins with one, or holds just these in any order."""
    return (
        set(wanted.get("has", [])) <= set(found)
        and not set(wanted.get("lacks", [])) & set(found)
        and ("first" not in wanted or found[:1] == [wanted["first"]])
        and ("only" not in wanted or sorted(wanted["only"]) == sorted(found))
    )


def _same(wanted: Any, found: Any) -> bool:
    """Equal; numbers by their value, so that 52.5 is 52.50."""
    if wanted == found:
        return True
    try:
        return not isinstance(wanted, bool) and Decimal(str(wanted)) == Decimal(str(found))
    except InvalidOperation:
        return False


# ---- what the rules answer -------------------------------------------------------------------------------------------------


def _of_case(about: Callable[[Case, Policy, str], dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    def answer(content: Mapping[str, Any], policy: Policy, rules: str) -> dict[str, Any]:
        return about(Case.of(content["given"], "given"), policy, str(content["on"]))

    return answer


def _stage(case: Case, policy: Policy, on: str) -> dict[str, Any]:
    from jiebei_lib.core.rules.timeline import stage
    from jiebei_lib.core.scoring.score import VERDICTS, score_cases

    found = stage(case.days_overdue, policy)
    entry = policy.data["timeline"]["stages"][found]
    verdict = VERDICTS[int(score_cases([case], policy).verdict[0])]
    return {"stage": found, "channel": entry["channel"], "toward": entry["toward"], "contacts": verdict != "not_yet"}


def _permission(case: Case, policy: Policy, on: str) -> dict[str, Any]:
    from jiebei_lib.core.rules.conduct import permission

    found = permission(case, policy, on)
    return {name: getattr(found, name) for name in ("status", "answer", "deciding", "rules", "conditions")}


def _conduct(case: Case, policy: Policy, on: str) -> dict[str, Any]:
    from jiebei_lib.core.rules.conduct import caller, conflicts

    sides = {side: caller(case, policy, on, side) for side in ("may", "may_not")}
    return {"conflicts": conflicts(case, policy, on), **sides}


def _advice(case: Case, policy: Policy, on: str) -> dict[str, Any]:
    from jiebei_lib.core.rules.advice import actions

    words = [name for name, entry in policy.data["advice"]["words"].items() if case.matches(entry)]
    return {"actions": actions(case, policy), "words": words}


def _consequences(case: Case, policy: Policy, on: str) -> dict[str, Any]:
    from jiebei_lib.core.rules.consequences import consequences

    known, days = policy.data["consequences"], case.days_overdue
    names = consequences(case, policy, on)
    return {
        "now": [name for name in names if known[name].get("from_day", 0) <= days],
        "ahead": [name for name in names if known[name].get("from_day", 0) > days],
    }


def _lines(content: Mapping[str, Any], policy: Policy, rules: str) -> dict[str, Any]:
    """How a yearly rate stands against each line on the day the loan was drawn (``on``)."""
    from jiebei_lib.money.rates import against_lines

    rate = content["given"].get("rate", 0)
    if isinstance(rate, bool) or not isinstance(rate, int | float):
        raise PolicyError(Problem("invalid", "given: rate", {"value": shown(rate), "allowed": Phrase("number_any")}))
    found = against_lines(float(rate), date.fromisoformat(str(content["on"])), policy, content["given"].get("lender"))
    return {
        line.id: {"rate": line.rate, "in_force": line.in_force, "above": line.above, "binds": line.binds}
        for line in found
    }


def _owed(content: Mapping[str, Any], policy: Policy, rules: str) -> dict[str, Any]:
    from jiebei_lib.money.arrears import owed
    from jiebei_lib.money.loan import Loan

    found = owed(Loan.of(content["given"], "given"), str(content["on"]))
    return {name: getattr(found, name) for name in found.__slots__}


def _record(content: Mapping[str, Any], policy: Policy, rules: str) -> dict[str, Any]:
    from jiebei_lib.money.record import record

    given = content["given"]
    start, amount = str(given.get("overdue_from")), str(given.get("amount"))
    marks = record(start, given.get("settled"), amount, policy, str(content["on"])).marks
    return {"marks": [mark.id for mark in marks], "dates": {mark.id: mark.on and mark.on.isoformat() for mark in marks}}


def _calls(content: Mapping[str, Any], policy: Policy, rules: str) -> dict[str, Any]:
    """What one rule finds in a few attempts: by the attempt's number breach or undecided; and nothing else."""
    from jiebei_lib.calls.audit import audit

    times = content["at"]
    each = content.get("each") or [{}] * len(times)
    rows = [
        {"attempt_id": str(n), "at": at, **content["defaults"], **content.get("base", {}), **own}
        for n, (at, own) in enumerate(zip(times, each, strict=True), 1)
    ]
    sets = _rule_sets(rules)
    if content["rule"] not in sets.rules:
        raise PolicyError(Problem("not_in_list", "rule", {"value": content["rule"], "allowed": items(sets.rules)}))
    found = audit(rows, sets).table
    of_rule = found[found["rule_id"] == content["rule"]]
    return dict(zip(of_rule["attempt_id"].astype(str), of_rule["status"].astype(str), strict=True))


@cache
def _rule_sets(own: str) -> Any:
    """All shipped rule sets, with a user's own file laid over them if one is named."""
    from jiebei_lib.calls.rule_sets import SETS, load_rules

    return load_rules([*SETS, *([own] if own else [])])


ANSWERS: dict[str, Callable[[Mapping[str, Any], Policy, str], dict[str, Any]]] = {
    "stage": _of_case(_stage),
    "permission": _of_case(_permission),
    "conduct": _of_case(_conduct),
    "advice": _of_case(_advice),
    "consequences": _of_case(_consequences),
    "lines": _lines,
    "owed": _owed,
    "record": _record,
    "calls": _calls,
}
