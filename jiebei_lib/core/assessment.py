"""Puts the rules and the score of one case together: the one object that notebooks, reports and the command line show.

(Not named assess.py: a module of that name would hide the function ``jiebei_lib.assess``.)
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from jiebei_lib.core.case import Case
from jiebei_lib.core.knowledge.problems import CaseError, Problem, shown
from jiebei_lib.core.policy import BUILT_IN, Policy, binds, load_policy
from jiebei_lib.core.rules import advice, conduct, timeline
from jiebei_lib.core.rules import consequences as later
from jiebei_lib.core.scoring import compare, explain
from jiebei_lib.core.scoring.score import GRADES, MAJORITY, VERDICT_OF, VERDICTS, score_cases

if TYPE_CHECKING:
    from jiebei_lib.core import parts


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
    stage: parts.Stage
    grade: str
    so_far: str
    verdict: str
    likelihood: parts.Range
    nine_in_ten: parts.Range
    share: float
    share_range: parts.Range
    first_day: int
    witnesses: list[parts.Witness]
    agreement: str
    steps: list[parts.StepSaid]
    references: list[parts.ReferenceSaid]
    contributions: list[parts.Contribution]
    central_z: float
    permitted: parts.Permitted
    unknown: list[str]
    next_question: parts.Question | None
    questions: list[parts.Question]
    consequences: list[parts.Consequence]
    actions: list[parts.Said]
    words: list[parts.Said]
    conduct: list[parts.Conduct]
    practice: list[parts.Said]
    limits: list[parts.Said]
    sources: list[parts.Source]

    def to_dict(self, lang: str | None = None) -> dict[str, Any]:
        """Plain data; with ``lang``, each text in that language only."""
        whole = asdict(self)
        return in_language(whole, lang) if lang else whole


def assess(
    case: Case | Mapping[str, Any], policy: Policy | str = "article", as_of: str | date | None = None
) -> Assessment:
    """The whole answer for one case under a policy, with the rules in force on ``as_of`` (today if not given)."""
    case = case if isinstance(case, Case) else Case.of(case)
    policy, day = load_policy(policy), checked_date(as_of)
    asked = [_question(question, policy) for question in explain.questions(case, policy)]
    stage_id = timeline.stage(case.days_overdue, policy)
    here = policy.data["timeline"]["stages"][stage_id]
    stage: parts.Stage = {**said(stage_id, here), "name": here["name"], "days": here["days"]}
    permitted, consequences = _permitted(case, policy, day), _consequences(case, policy, day)
    actions = _all_said(policy.data["advice"]["actions"], advice.actions(case, policy))
    words, practice = _words(case, policy), _all_said(policy.data["conduct"]["practice"])
    sides_of_conduct: list[parts.Conduct] = [
        {**said(name, policy.data["conduct"]["caller"][side][name]), "side": side}
        for side in ("may", "may_not")
        for name in conduct.caller(case, policy, day, side)
    ]
    limits = _all_said(policy.data["limits"])
    contributions = [_contribution(part, policy) for part in explain.contributions(case, policy)]
    told = [stage, permitted, consequences, actions, words, sides_of_conduct, practice, limits, contributions]
    constraints = [said(name, constraint) for name, constraint in policy.data["constraints"].items()]
    stages = [said(name, stage) for name, stage in policy.data["timeline"]["stages"].items()]
    sides = answers(case, policy)
    own: Any = {name: value for name, value in sides[0].items() if name not in ("policy", "name")}
    return Assessment(
        case_id=case.case_id,
        case=case.to_dict(),
        as_of=day,
        policy=policy.label,
        policy_digest=policy.digest,
        stage=stage,
        **own,
        witnesses=sides,
        agreement=agreement(sides),
        steps=[_step(step, policy) for step in compare.steps(case, policy)],
        references=_references(case, policy),
        contributions=contributions,
        central_z=explain.central_z(contributions, policy),
        permitted=permitted,
        unknown=case.unknown,
        next_question=asked[0] if asked else None,
        questions=asked,
        consequences=consequences,
        actions=actions,
        words=words,
        conduct=sides_of_conduct,
        practice=practice,
        limits=limits,
        sources=_sources(policy, [told, constraints, stages]),
    )


def answer(case: Case, policy: Policy) -> parts.WitnessAnswer:
    """Will they, by one witness: a millisecond, for every step of a moving control."""
    scores = score_cases([case], policy)
    number = {name: float(values[0]) for name, values in vars(scores).items()}
    return {
        "grade": GRADES[int(scores.grade[0])],
        "so_far": GRADES[int(scores.so_far[0])],
        "verdict": VERDICTS[int(scores.verdict[0])],
        "likelihood": {"low": number["low"], "high": number["high"]},
        "nine_in_ten": {"low": number["most_low"], "high": number["most_high"]},
        "share": number["share"],
        "share_range": {"low": number["share_low"], "high": number["share_high"]},
        "first_day": policy.readings.days[0],
    }


def answers(case: Case, policy: Policy) -> list[parts.Witness]:
    """The answer of each of the :func:`witnesses`."""
    return [{**answer(case, one), "policy": one.label, "name": one.data["name"]} for one in witnesses(policy)]


def agreement(sides: Sequence[parts.WitnessAnswer]) -> str:
    """Whether witnesses agree at the middle of what is unknown: ``disagree`` where one holds a call more likely than not and another
    does not, ``agree`` where their grades amount to the same verdict, else ``differ``: one side, not equally clearly."""
    if len({side["share"] > MAJORITY for side in sides}) > 1:
        return "disagree"
    return "agree" if len({VERDICT_OF[GRADES.index(side["so_far"])] for side in sides}) == 1 else "differ"


def witnesses(policy: Policy) -> list[Policy]:
    """The policy asked for, and beside it the built-in ones that it is not."""
    return [policy, *(load_policy(name) for name in BUILT_IN if name != policy.label)]


def said(name: str, statement: Mapping[str, Any], **slots: Any) -> parts.Said:
    """A statement of the rules as it is shown."""
    text = statement["text"]
    if slots:
        text = {lang: sentence.format(**slots) for lang, sentence in text.items()}
    confidence = statement.get("confidence")
    return {
        "id": name,
        "text": text,
        "short": statement.get("short"),
        "cite": statement["cite"],
        "basis": statement["basis"],
        "confidence": confidence,
        "reported": confidence in ("S", "S+"),
    }


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

    from jiebei_lib.core import parts  # noqa: F401, where pydantic looks for what an assessment is made of

    schema = TypeAdapter(Assessment).json_schema()
    schema["$defs"]["Bilingual"] = {"title": "Text", "type": "string"}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _all_said(statements: Mapping[str, Any], names: Iterable[str] | None = None) -> list[parts.Said]:
    return [said(name, statements[name]) for name in (statements if names is None else names)]


def _contribution(part: parts.FactorPart, policy: Policy) -> parts.Contribution:
    factor = policy.data["factors"][part["factor"]]
    return {**part, "name": factor["name"], "cite": factor["cite"], "basis": factor["basis"]}


def _question(question: parts.OpenFact, policy: Policy) -> parts.Question:
    return {**question, "text": policy.data["questions"][question["field"]]["text"]}


def _step(step: parts.StepTaken, policy: Policy) -> parts.StepSaid:
    rule = policy.data["steps"][step["step"]]
    return {**step, "text": rule["text"], "cite": rule["cite"], "basis": rule["basis"]}


def _references(case: Case, policy: Policy) -> list[parts.ReferenceSaid]:
    if case.days_overdue < policy.readings.days[0]:
        return []
    out: list[parts.ReferenceSaid] = []
    for name, comparison in compare.references(case, policy).items():
        rule, (low, high) = policy.data["references"][name], comparison.odds
        odds: parts.OpenRange = {"low": low, "high": high if math.isfinite(high) else None}
        text, cite, basis, holds = rule["text"], rule["cite"], rule["basis"], comparison.necessarily
        out.append({"reference": name, "odds": odds, "necessarily": holds, "text": text, "cite": cite, "basis": basis})
    return out


def _permitted(case: Case, policy: Policy, day: str) -> parts.Permitted:
    rules = policy.data["conduct"]
    found = conduct.permission(case, policy, day)
    answer = said(found.answer, rules["answers"][found.answer])
    in_force = [(name, rules["third_persons"][name]) for name in found.rules]
    behind = [cite for _, rule in in_force for cite in rule["cite"]]
    later = {cite for rule in rules["third_persons"].values() for cite in rule["cite"]} - set(behind)
    return {
        "status": found.status,
        "why": answer["text"],
        "deciding": found.deciding,
        # The rules in force on that day and no others, however the sentence is cited at large.
        "cites": behind or answer["cite"],
        "reported": answer["reported"],
        "rules": [
            {
                **said(name, rule),
                "standing": rule["standing"],
                "since": rule["from"],
                "binds": rule["binds"],
                "bound": binds(rule, case.lender),
            }
            for name, rule in in_force
        ],
        "conditions": _all_said(rules["unreachable_conditions"], found.conditions),
        "conflicts": [
            entry | {"cite": [cite for cite in entry["cite"] if cite not in later]}
            for entry in _all_said(rules["conflicts"], conduct.conflicts(case, policy, day))
        ],
    }


def _consequences(case: Case, policy: Policy, day: str) -> list[parts.Consequence]:
    known = policy.data["consequences"]
    out: list[parts.Consequence] = []
    for name in later.consequences(case, policy, day):
        slots = {path.rsplit(".", 1)[1]: policy.value(path, day) for path in known[name].get("parameters") or []}
        from_day = known[name].get("from_day", 0)
        out.append({**said(name, known[name], **slots), "from_day": from_day, "ahead": from_day > case.days_overdue})
    return out


def _words(case: Case, policy: Policy) -> list[parts.Said]:
    amount = "–".join(f"{end:,.2f}".removesuffix(".00") for end in dict.fromkeys(case.amounts))
    amount = "……" if case.amount_overdue is None else amount  # a blank to fill, in either language
    return [
        said(name, words, days=abs(case.days_overdue), amount=amount)
        for name, words in policy.data["advice"]["words"].items()
        if case.matches(words)
    ]


def _sources(policy: Policy, shown_parts: list[Any]) -> list[parts.Source]:
    """Every source that something shown rests on, with the places cited."""
    cited: dict[str, set[str]] = {}

    def collect(node: Any) -> None:
        if type(node) is dict:
            for cite in (*node.get("cite", ()), *node.get("cites", ())):
                cited.setdefault(cite.partition(" ")[0], set()).add(cite)
        for value in node.values() if type(node) is dict else node:
            kind = type(value)
            if (kind is dict and "zh" not in value) or (kind is list and value and type(value[0]) is not str):
                collect(value)

    collect(shown_parts)
    return [
        {
            "id": name,
            "title": source["title"],
            "kind": source["kind"],
            "standing": source.get("standing"),
            "effective": source.get("effective"),
            "confidence": source["confidence"],
            "reported": source["confidence"] != "V",
            "cites": sorted(
                cited[name], key=lambda cite: [int(number) for number in re.findall(r"\d+", cite.partition(" ")[2])]
            ),
            "note": source.get("note"),
        }
        for name, source in policy.sources.items()
        if name in cited
    ]
