"""The guided interview: which question comes next, and what the answers so far make. Answers are kept by question, so that any of them can
be changed without the rest being asked again; one that no longer matters is kept and not used."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from jiebei_lib.core.case import Case
from jiebei_lib.core.knowledge.fields import date_in, unknown_words
from jiebei_lib.core.knowledge.fields import plain as compared
from jiebei_lib.core.knowledge.problems import CaseError, Phrase, Problem, shown
from jiebei_lib.core.knowledge.user_files import read_yaml, write_whole
from jiebei_lib.core.knowledge.yaml_files import dumped, shipped
from jiebei_lib.core.policy import Policy, load_policy
from jiebei_lib.core.rules.conduct import permission
from jiebei_lib.core.scoring import explain
from jiebei_lib.situation.answer import asks_whether
from jiebei_lib.situation.borrower import DEBT, PERSON, Borrower, Debt

FILE = "situation/interview.yaml"
PERMISSION_LEVELS = {
    "failed_attempts": (0, 3),
    "unreachable_days": (0, 3),
}  # on either side of the border that the rules draw
YES = {"type": "truth", "name": {"zh": "还有别的债", "en": "another debt"}, "required": False}


@dataclass(frozen=True)
class NextQuestion:
    """One question: ``key`` names its answer (``who_asks``, ``debt2.court``), ``field`` what it is about, ``levels`` the answers there are
    (their names and labels; empty for a free one), texts in both languages."""

    key: str
    field: str
    ask: Mapping[str, str]
    why: Mapping[str, str]
    levels: Mapping[str, Mapping[str, str]]


class Interview:
    """What was answered so far; ``None`` is "I don't know"."""

    def __init__(
        self, answers: Mapping[str, Any] | None = None, as_of: date | None = None, policy: Policy | str = "article"
    ):
        self.answers: dict[str, Any] = dict(answers or {})
        self.on, self.policy = as_of or date.today(), load_policy(policy)

    # ---- asking

    def next(self) -> NextQuestion | None:
        """The next question; None when nothing is left that matters."""
        return next(self._open(), None)

    def answer(self, key: str, given: Any) -> None:
        """Takes an answer, or changes one. Nothing, or a word for unknown, is "I don't know". Raises :class:`CaseError`."""
        field = key.rpartition(".")[2]
        if given is None or (isinstance(given, str) and compared(given) in unknown_words()):
            self.answers[key] = None
        else:
            self.answers[key] = _heard(field, given)

    def question(self, key: str) -> NextQuestion:
        """The question that a key stands for."""
        debt, _, field = key.rpartition(".")
        told, number = shipped(FILE)["questions"][field], int(debt.removeprefix("debt") or 0)
        name = self.answers.get(f"{debt}.creditor") if debt else None
        slots = {"zh": name or f"第{number}笔债", "en": name or f"debt {number}"}
        ask = {
            lang: text.replace("{n}", str(number)).replace("{debt}", slots[lang]) for lang, text in told["ask"].items()
        }
        return NextQuestion(key, field, ask, told["why"], _levels(field))

    def left(self) -> int:
        """How many questions are open as things stand; answers may open or close some."""
        return sum(1 for _ in self._open())

    def _open(self) -> Iterator[NextQuestion]:
        plan = shipped(FILE)
        for field in plan["person_first"]:
            yield from self._ask(field, "", {})
        for number in range(1, self.debts() + 1):
            debt = f"debt{number}"
            for field in plan["debt_first"]:
                yield from self._ask(field, debt, self._facts(debt))
            yield from self._by_value(debt, plan)
            if number == self.debts():
                yield from self._ask("more", debt, {})
        for field in plan["person_last"]:
            yield from self._ask(field, "", {})

    def _ask(self, field: str, debt: str, facts: Mapping[str, Any]) -> Iterator[NextQuestion]:
        key = f"{debt}.{field}" if debt else field
        when = shipped(FILE)["questions"][field].get("when") or {}
        known = self.answers if not debt else facts
        if key not in self.answers and all(known.get(fact) in allowed for fact, allowed in when.items()):
            yield self.question(key)

    def _by_value(self, debt: str, plan: Mapping[str, Any]) -> Iterator[NextQuestion]:
        """The facts of a case that are not asked yet, the one that would change the answer most first."""
        facts = self._facts(debt)
        open_ = [field for field in plan["by_value"] for _ in self._ask(field, debt, facts)]
        known = Borrower.of(self._told())
        one = known.debts[int(debt.removeprefix("debt")) - 1]
        case = one.case(self.on)
        if case is None or not facts["late"]:
            return
        worth = values(case, known, one, self.policy, self.on)
        least = plan["least_value"]["value"]
        for field in sorted((each for each in open_ if worth.get(each, 0) >= least), key=lambda each: -worth[each]):
            yield self.question(f"{debt}.{field}")

    def _facts(self, debt: str) -> dict[str, Any]:
        facts = {key.partition(".")[2]: value for key, value in self.answers.items() if key.startswith(f"{debt}.")}
        days = facts.get("days")
        late = (self.on - days).days if isinstance(days, date) else days
        return facts | {"late": late is not None and late > 0}

    # ---- what the answers make

    def debts(self) -> int:
        """How many debts there are so far: one, and another for each "yes, there is another"."""
        number = 1
        while self.answers.get(f"debt{number}.more") is True:
            number += 1
        return number

    def borrower(self) -> Borrower:
        """The borrower as far as told; answers to questions that no longer arise are left out."""
        return Borrower.of(self._told())

    def _told(self) -> dict[str, Any]:
        plan = shipped(FILE)
        out: dict[str, Any] = {}
        for field in (*plan["person_first"], *plan["person_last"]):
            if self._arises(field, self.answers) and self.answers.get(field) is not None:
                out[field] = self.answers[field]
        out["debts"] = [self._debt(f"debt{number}") for number in range(1, self.debts() + 1)]
        return out

    def _debt(self, debt: str) -> dict[str, Any]:
        facts, out = self._facts(debt), {}
        for field, value in facts.items():
            if field in ("more", "late") or value is None or not self._arises(field, facts):
                continue
            name = (
                "due_date"
                if field == "days" and isinstance(value, date)
                else "days_overdue"
                if field == "days"
                else field
            )
            out[name] = value
        return out

    @staticmethod
    def _arises(field: str, facts: Mapping[str, Any]) -> bool:
        when = shipped(FILE)["questions"][field].get("when") or {}
        return all(facts.get(fact) in allowed for fact, allowed in when.items())

    # ---- the file

    def to_dict(self) -> dict[str, Any]:
        """Plain data: the borrower as `jiebei borrower` reads it, and under ``asked`` every answer by its question."""
        asked = {
            key: value.isoformat() if isinstance(value, date) else _simple(value) for key, value in self.answers.items()
        }
        return {**self.borrower().to_dict(), "asked": asked}

    @classmethod
    def of(cls, given: Any, where: str = "interview", as_of: date | None = None) -> Interview:
        """An interview from what :meth:`to_dict` gave. Raises :class:`CaseError`."""
        asked = given.get("asked") if isinstance(given, Mapping) else None
        if not isinstance(asked, Mapping):
            raise CaseError(
                Problem("invalid", f"{where}: asked", {"value": shown(asked), "allowed": Phrase("mapping")})
            )
        made, problems = cls(as_of=as_of), []
        for key, value in asked.items():
            try:
                _known(key, where)
                made.answer(key, value)
            except CaseError as wrong:
                problems += wrong.problems
        if problems:
            raise CaseError(problems)
        return made

    def save(self, path: str | Path) -> None:
        """Keeps the interview in a file that only its owner may read, whole or not at all. Raises :class:`UserError`."""
        before = os.umask(0o077)
        try:
            if Path(path).is_file():
                Path(path).chmod(0o600)
            write_whole(path, dumped(self.to_dict()))
        finally:
            os.umask(before)

    @classmethod
    def read(cls, path: str | Path, as_of: date | None = None) -> Interview:
        return cls.of(read_yaml(path, CaseError), Path(path).name, as_of)


def values(case: Case, borrower: Borrower, debt: Debt, policy: Policy, on: date) -> dict[str, float]:
    """What each unknown fact would tell on average: by how much the share of readings would narrow, and how often "may they?" would change.

    Facts that play no part once contacts were called count only by the second."""
    asked = policy.data["questions"]
    out: dict[str, float] = {}
    if asks_whether(borrower, debt):
        out = {each["field"]: each["share_narrowing"] for each in explain.questions(case, policy)}
    day = on.isoformat()
    levels = {name: asked[name]["levels"] for name in ("communication",) if name in asked} | PERMISSION_LEVELS
    levels |= {"lender": tuple(DEBT["lender"]["levels"])}
    now = permission(case, policy, day).answer
    for name, tried in levels.items():
        if getattr(case, name) is None:
            other = [permission(case.replace(**{name: level}), policy, day).answer != now for level in tried]
            out[name] = out.get(name, 0.0) + sum(other) / len(other)
    return out


def _heard(field: str, given: Any) -> Any:
    """An answer in its field's type. Raises :class:`CaseError`."""
    if field == "more":
        truth = PERSON.heard("contacts_called", given)  # yes and no are the same words everywhere
        if isinstance(truth, bool):
            return truth
        raise CaseError(Problem("invalid", field, {"value": shown(given), "allowed": Phrase("truth")}))
    if field == "days":
        due = given if isinstance(given, date) else date_in(str(given))
        return due if due else Debt(days_overdue=given).days_overdue
    if field in PERSON:
        return getattr(Borrower(**{field: given}), field)
    return getattr(Debt(**{field: given}), field)


def _known(key: Any, where: str) -> None:
    plan, (debt, _, field) = shipped(FILE), str(key).rpartition(".")
    of_debts = {*plan["debt_first"], *plan["by_value"], *plan["debt_last"]}
    fine = (
        debt.removeprefix("debt").isdecimal() and len(debt) < 8 and field in of_debts
        if debt
        else field in plan["questions"]
    )
    if not fine or (not debt and field in of_debts):
        raise CaseError(
            Problem(
                "unknown_key",
                f"{where}: {shown(key)}",
                {"allowed": Phrase("items", {"items": "who_asks, debt1.days …"})},
            )
        )


def _levels(field: str) -> dict[str, Mapping[str, str]]:
    """The answers that a question offers, by name, with labels in both languages; empty for a number, a date or words."""
    spec: Mapping[str, Any] = YES if field == "more" else (PERSON | DEBT).get(field, {"type": "days"})
    if spec["type"] == "truth":
        truths = shipped("core/knowledge/spoken.yaml")["truth"]
        spoken = {
            said: {"zh": [word for word in words if "一" <= word[0] <= "鿿"], "en": words}
            for said, words in truths.items()
        }
        return {said: {"zh": words["zh"][0], "en": words["en"][1]} for said, words in spoken.items()}
    if spec["type"] != "level":
        return {}
    labels = spec["labels"]
    if isinstance(labels, str):  # the policy names them
        labels = {level: entry["name"] for level, entry in shipped(labels)["factors"][field]["levels"].items()}
    return {level: labels[level] for level in spec["levels"]}


def _simple(value: Any) -> Any:
    return (
        value
        if isinstance(value, bool | int | str | type(None))
        else list(value)
        if isinstance(value, tuple)
        else float(value)
    )


def flow(form: str, lang: str) -> str:
    """The interview drawn: ``text`` as a list with the conditions, ``mermaid`` as a flowchart."""
    plan = shipped(FILE)
    order = [
        *((field, "person") for field in plan["person_first"]),
        *((field, "debt") for field in (*plan["debt_first"], *plan["by_value"], *plan["debt_last"])),
        *((field, "person") for field in plan["person_last"]),
    ]
    return (_mermaid if form == "mermaid" else _listed)(order, plan, lang)


def _condition(field: str, plan: Mapping[str, Any], lang: str) -> str:
    """When a question is asked, in words; empty if always."""
    when = plan["questions"][field].get("when") or {}
    parts = []
    for fact, allowed in when.items():
        known = _levels(fact) if fact != "late" else {}
        words = [_word(level, known, lang) for level in allowed]
        name = (
            _word(fact, {"late": {"zh": "已逾期", "en": "late"}}, lang)
            if fact == "late"
            else (PERSON | DEBT)[fact]["name"][lang]
        )
        parts.append(name if fact == "late" else f"{name}: {'/'.join(words)}")
    return "; ".join(parts)


def _word(level: Any, known: Mapping[str, Mapping[str, str]], lang: str) -> str:
    key = str(level).lower() if isinstance(level, bool) else level
    return "?" if level is None else known[key][lang] if key in known else str(level)


def _ask_words(field: str, plan: Mapping[str, Any], lang: str) -> str:
    debt = {"zh": "这笔债", "en": "this debt"}[lang]
    return plan["questions"][field]["ask"][lang].replace("{n}", "N").replace("{debt}", debt)


def _listed(order: list[tuple[str, str]], plan: Mapping[str, Any], lang: str) -> str:
    lines = []
    for field, whose in order:
        condition = _condition(field, plan, lang)
        mark = "≈" if field in plan["by_value"] else "→"
        lines.append(
            f"{'  ' if whose == 'debt' else ''}{mark} {_ask_words(field, plan, lang)}"
            + (f"  [{condition}]" if condition else "")
        )
    return "\n".join(lines)


def _mermaid(order: list[tuple[str, str]], plan: Mapping[str, Any], lang: str) -> str:
    lines = ["flowchart TD"]
    lines += [f'  {field}["{_ask_words(field, plan, lang)}"]' for field, _ in order]
    for (before, _), (field, _) in itertools.pairwise(order):
        condition = _condition(field, plan, lang)
        lines.append(f'  {before} -->|"{condition}"| {field}' if condition else f"  {before} --> {field}")
    yes = _levels("more")["true"][lang]
    return "\n".join([*lines, f'  more -->|"{yes}"| {plan["debt_first"][0]}'])
