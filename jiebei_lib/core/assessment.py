"""Puts the rules and the score of one case together: the one object that notebooks, reports and the command line show.

(Not named assess.py: a module of that name would hide the function ``jiebei_lib.assess``.)
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from typing_extensions import TypedDict  # pydantic needs this one before Python 3.12

from jiebei_lib.core.case import Case
from jiebei_lib.core.knowledge.problems import CaseError, Problem, shown
from jiebei_lib.core.policy import BUILT_IN, Policy, load_policy
from jiebei_lib.core.rules import advice, conduct, timeline
from jiebei_lib.core.rules import consequences as later
from jiebei_lib.core.scoring import explain
from jiebei_lib.core.scoring.score import VERDICTS, Scores, score_cases


class Bilingual(TypedDict):
    zh: str
    en: str


class Range(TypedDict):
    low: float
    high: float


class Said(TypedDict):
    """A statement with what it rests on. ``reported``: nobody here could check it against the full text."""

    id: str
    text: Bilingual
    cite: list[str]
    basis: str
    confidence: str | None
    reported: bool


class Stage(Said):
    name: Bilingual
    days: list[int]


class Contribution(TypedDict):
    """Log-odds: ``central`` at the central reading, ``low`` to ``high`` over all readings and all values of what is unknown."""

    factor: str
    name: Bilingual
    pressure: float
    pressure_low: float
    pressure_high: float
    central: float
    low: float
    high: float
    cite: list[str]
    basis: str


class Rule(Said):
    standing: str
    since: str
    binds: Bilingual


class Permitted(TypedDict):
    """May an unrelated contact be called about this debt on that day? ``deciding``: the fact that would decide it."""

    status: str
    why: Bilingual
    deciding: str | None
    cites: list[str]
    reported: bool
    rules: list[Rule]
    conditions: list[Said]
    conflicts: list[Said]


class Question(TypedDict):
    field: str
    narrowing: float
    share_narrowing: float
    text: Bilingual


class Change(TypedDict):
    goal: str
    communication: str | None
    pay: int
    verdict: str
    likelihood: Range
    share: float


class Consequence(Said):
    from_day: int
    ahead: bool


class Conduct(Said):
    side: str


class Witness(TypedDict):
    policy: str
    name: Bilingual
    verdict: str
    likelihood: Range
    share: float
    share_range: Range


class Source(TypedDict):
    id: str
    title: Bilingual
    kind: str
    standing: str | None
    effective: str | None
    confidence: str
    reported: bool
    cites: list[str]
    note: Bilingual | None


@dataclass(frozen=True)
class Assessment:
    """Everything the library has to say on one case. Likelihoods and shares in [0, 1], texts in both languages.

    Likelihood is a model quantity over all admissible readings, not an observed frequency.
    """

    case_id: str
    case: dict[str, Any]
    as_of: str
    policy: str
    policy_digest: str
    stage: Stage
    verdict: str
    likelihood: Range
    share: float
    share_range: Range
    witnesses: list[Witness]
    contributions: list[Contribution]
    central_z: float
    permitted: Permitted
    unknown: list[str]
    next_question: Question | None
    questions: list[Question]
    changes: list[Change]
    consequences: list[Consequence]
    actions: list[Said]
    words: list[Said]
    conduct: list[Conduct]
    practice: list[Said]
    limits: list[Said]
    sources: list[Source]

    def to_dict(self, lang: str | None = None) -> dict[str, Any]:
        """Plain data; with ``lang``, each text in that language only."""
        whole = asdict(self)
        return in_language(whole, lang) if lang else whole


def assess(case: Case, policy: Policy | str = "article", as_of: str | date | None = None) -> Assessment:
    """The whole answer for one case under a policy, with the rules in force on ``as_of`` (today if not given)."""
    policy, day = load_policy(policy), checked_date(as_of)
    scores = score_cases([case], policy)
    asked = [_question(question, policy) for question in explain.questions(case, policy)]
    stage_id = timeline.stage(case.days_overdue, policy)
    stages = policy.data["timeline"]["stages"][stage_id]
    parts = {
        "stage": Stage(**said(stage_id, stages), name=stages["name"], days=stages["days"]),
        "permitted": _permitted(case, policy, day),
        "consequences": _consequences(case, policy, day),
        "actions": _all_said(policy.data["advice"]["actions"], advice.actions(case, policy)),
        "words": _words(case, policy),
        "conduct": [
            Conduct(**said(name, policy.data["conduct"]["caller"][side][name]), side=side)
            for side in ("may", "may_not")
            for name in conduct.caller(case, policy, day, side)
        ],
        "practice": _all_said(policy.data["conduct"]["practice"]),
        "limits": _all_said(policy.data["limits"]),
        "contributions": [_contribution(part, policy) for part in explain.contributions(case, policy)],
    }
    constraints = [said(name, constraint) for name, constraint in policy.data["constraints"].items()]
    steps = [said(name, stage) for name, stage in policy.data["timeline"]["stages"].items()]
    return Assessment(
        case_id=case.case_id,
        case=case.to_dict(),
        as_of=day,
        policy=policy.label,
        policy_digest=policy.digest,
        verdict=VERDICTS[int(scores.verdict[0])],
        likelihood=_range(scores, "low", "high"),
        share=float(scores.share[0]),
        share_range=_range(scores, "share_low", "share_high"),
        witnesses=[_witness(case, witness) for witness in witnesses(policy)],
        central_z=explain.central_z(case, policy),
        unknown=case.unknown,
        next_question=asked[0] if asked else None,
        questions=asked,
        changes=[_change(change) for change in explain.changes(case, policy)],
        sources=_sources(policy, [parts, constraints, steps]),
        **parts,
    )


def witnesses(policy: Policy) -> list[Policy]:
    """The built-in policies, to be shown side by side, and the one asked for if it is neither."""
    built_in = [load_policy(name) for name in BUILT_IN]
    return built_in if policy.label in BUILT_IN else [policy, *built_in]


def said(name: str, statement: Mapping[str, Any], **slots: Any) -> Said:
    """A statement of the rules as it is shown."""
    text = statement["text"]
    if slots:
        text = {lang: sentence.format(**slots) for lang, sentence in text.items()}
    confidence = statement.get("confidence")
    return Said(
        id=name,
        text=text,
        cite=statement["cite"],
        basis=statement["basis"],
        confidence=confidence,
        reported=confidence in ("S", "S+"),
    )


def checked_date(given: str | date | None) -> str:
    """A date as ISO text; today if none is given. Raises :class:`CaseError`."""
    if given is None:
        return date.today().isoformat()
    try:
        return date.fromisoformat(str(given)).isoformat()
    except ValueError:
        raise CaseError(Problem("date", "as_of", {"value": shown(given)})) from None


def in_language(node: Any, lang: str) -> Any:
    """Plain data with each ``{zh, en}`` replaced by the text in one language."""
    if isinstance(node, Mapping):
        if set(node) == {"zh", "en"}:
            return node[lang]
        return {key: in_language(value, lang) for key, value in node.items()}
    return [in_language(value, lang) for value in node] if isinstance(node, list) else node


def json_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of an assessment in one language, as ``jiebei assess --json`` prints it."""
    from pydantic import TypeAdapter

    schema = TypeAdapter(Assessment).json_schema()
    schema["$defs"]["Bilingual"] = {"title": "Text", "type": "string"}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _all_said(statements: Mapping[str, Any], names: Iterable[str] | None = None) -> list[Said]:
    return [said(name, statements[name]) for name in (statements if names is None else names)]


def _range(scores: Scores, low: str, high: str) -> Range:
    return Range(low=float(getattr(scores, low)[0]), high=float(getattr(scores, high)[0]))


def _witness(case: Case, policy: Policy) -> Witness:
    scores = score_cases([case], policy)
    return Witness(
        policy=policy.label,
        name=policy.data["name"],
        verdict=VERDICTS[int(scores.verdict[0])],
        likelihood=_range(scores, "low", "high"),
        share=float(scores.share[0]),
        share_range=_range(scores, "share_low", "share_high"),
    )


def _contribution(part: explain.FactorPart, policy: Policy) -> Contribution:
    factor = policy.data["factors"][part.factor]
    return Contribution(**asdict(part), name=factor["name"], cite=factor["cite"], basis=factor["basis"])


def _question(question: explain.OpenFact, policy: Policy) -> Question:
    return Question(**asdict(question), text=policy.data["questions"][question.field]["text"])


def _change(change: explain.LeastChange) -> Change:
    return Change(
        goal=change.goal,
        communication=change.communication,
        pay=change.pay,
        verdict=change.verdict,
        likelihood=Range(low=change.low, high=change.high),
        share=change.share,
    )


def _permitted(case: Case, policy: Policy, day: str) -> Permitted:
    rules = policy.data["conduct"]
    found = conduct.permission(case, policy, day)
    answer = said(found.answer, rules["answers"][found.answer])
    in_force = [(name, rules["third_persons"][name]) for name in found.rules]
    behind = [cite for _, rule in in_force for cite in rule["cite"]]
    later = {cite for rule in rules["third_persons"].values() for cite in rule["cite"]} - set(behind)
    return Permitted(
        status=found.status,
        why=answer["text"],
        deciding=found.deciding,
        # The rules in force on that day and no others, however the sentence is cited at large.
        cites=behind or answer["cite"],
        reported=answer["reported"],
        rules=[
            Rule(**said(name, rule), standing=rule["standing"], since=rule["from"], binds=rule["binds"])
            for name, rule in in_force
        ],
        conditions=_all_said(rules["unreachable_conditions"], found.conditions),
        conflicts=[
            entry | {"cite": [cite for cite in entry["cite"] if cite not in later]}
            for entry in _all_said(rules["conflicts"], conduct.conflicts(case, policy, day))
        ],
    )


def _consequences(case: Case, policy: Policy, day: str) -> list[Consequence]:
    known = policy.data["consequences"]
    out = []
    for name in later.consequences(case, policy, day):
        slots = {path.rsplit(".", 1)[1]: policy.value(path, day) for path in known[name].get("parameters") or []}
        from_day = known[name].get("from_day", 0)
        out.append(
            Consequence(**said(name, known[name], **slots), from_day=from_day, ahead=from_day > case.days_overdue)
        )
    return out


def _words(case: Case, policy: Policy) -> list[Said]:
    amount = f"{case.amount_overdue:,.2f}".removesuffix(".00")
    return [
        said(name, words, days=case.days_overdue, amount=amount)
        for name, words in policy.data["advice"]["words"].items()
        if case.matches(words)
    ]


def _sources(policy: Policy, shown_parts: list[Any]) -> list[Source]:
    """Every source that something shown rests on, with the places cited."""
    cited: dict[str, set[str]] = {}

    def collect(node: Any) -> None:
        if type(node) is dict:
            for cite in (*node.get("cite", ()), *node.get("cites", ())):
                cited.setdefault(cite.partition(" ")[0], set()).add(cite)
        for value in node.values() if type(node) is dict else node:
            if type(value) in (dict, list):
                collect(value)

    collect(shown_parts)
    return [
        Source(
            id=name,
            title=source["title"],
            kind=source["kind"],
            standing=source.get("standing"),
            effective=source.get("effective"),
            confidence=source["confidence"],
            reported=source["confidence"] != "V",
            cites=sorted(
                cited[name], key=lambda cite: [int(number) for number in re.findall(r"\d+", cite.partition(" ")[2])]
            ),
            note=source.get("note"),
        )
        for name, source in policy.sources.items()
        if name in cited
    ]


@dataclass(frozen=True)
class Quick:
    """What the sentence and the picture of an answer need: made in a millisecond, for every step of a moving control."""

    case: dict[str, Any]
    verdict: str
    likelihood: Mapping[str, float]
    share: float
    share_range: Mapping[str, float]
    unknown: list[str]

    @classmethod
    def of(cls, case: Case, policy: Policy) -> Quick:
        scores = score_cases([case], policy)
        ends = {name: float(getattr(scores, name)[0]) for name in ("low", "high", "share", "share_low", "share_high")}
        return cls(
            case=case.to_dict(),
            verdict=VERDICTS[int(scores.verdict[0])],
            likelihood={"low": ends["low"], "high": ends["high"]},
            share=ends["share"],
            share_range={"low": ends["share_low"], "high": ends["share_high"]},
            unknown=case.unknown,
        )
