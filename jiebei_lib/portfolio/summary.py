"""What a manager asks of a whole portfolio: how many by which witness, whom to talk to first, what to find out first, which segments stand
above the others, what comes, and what another policy changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from jiebei_lib.core.case import FIELDS
from jiebei_lib.core.knowledge.problems import Problem, items, shown
from jiebei_lib.core.policy import BUILT_IN, Policy, load_policy
from jiebei_lib.core.readings import FACTORS
from jiebei_lib.core.rules.factors import pressures
from jiebei_lib.core.scoring.many import contributions, middle_pressures
from jiebei_lib.core.scoring.score import GRADES, MAJORITY, VERDICT_OF, VERDICTS, Scores, evaluate, evaluate_columns
from jiebei_lib.core.tables.delimited import TableError
from jiebei_lib.core.tables.table import check_table, score
from jiebei_lib.portfolio.books import Book as Book
from jiebei_lib.portfolio.books import read_book as read_book
from jiebei_lib.portfolio.ranks import RANKED, Ranks, necessarily_above, ranked, ranks

if TYPE_CHECKING:
    import pandas as pd

AHEAD = (0, 1, 2, 3, 5, 7, 10, 14, 21, 30)  # days from now that are looked at
SEGMENTS = 12  # segments that are told apart; the rest are taken together
RIBBON = 101  # points at which the ranges of all cases are drawn
FIRST = 20  # cases to talk to first that a report lists
PAIRED, OF_EACH = 400, 40  # cases whose pairs are compared: of the whole, of each segment
ASKED = 1000  # cases by which a question is judged
MOVES = 8  # changes of grade that are told apart; the rest are taken together
OPEN = GRADES.index("split")


def other_witness(policy: Policy | str, other: Policy | str | None = None) -> Policy:
    """The witness to stand beside a policy: ``other`` if one is named, else the pages, or the article beside the pages."""
    label = load_policy(policy).label
    return load_policy(other or next(name for name in reversed(BUILT_IN) if name != label))


def grade_counts(scores: Scores) -> dict[str, int]:
    """How many cases have which grade, whatever is unknown in them; from all readings for a call to none."""
    return {name: int((scores.grade == GRADES.index(name)).sum()) for name in reversed(GRADES)}


def verdict_counts(grades: np.ndarray) -> dict[str, int]:
    """How many have which verdict: ``likely`` where at least most readings are for a call, ``unlikely`` where at most few are."""
    return {name: int((VERDICT_OF[grades] == VERDICTS.index(name)).sum()) for name in reversed(VERDICTS)}


def agreements(one: Scores, other: Scores) -> dict[str, int]:
    """In how many cases two witnesses agree, as :func:`jiebei_lib.core.assessment.agreement` has it for one case."""
    apart = (one.share > MAJORITY) != (other.share > MAJORITY)
    same = ~apart & (VERDICT_OF[one.so_far] == VERDICT_OF[other.so_far])
    return {"agree": int(same.sum()), "differ": int((~apart & ~same).sum()), "disagree": int(apart.sum())}


def talk_first(
    table: pd.DataFrame,
    policy: Policy | str = "article",
    other: Policy | str | None = None,
    most: int | None = FIRST,
    places: Ranks | None = None,
) -> pd.DataFrame:
    """The cases that a call is likeliest for, by their mean rank over all readings of ``policy`` (``places``, if they are known): ids,
    ranks, the grade so far and the share of readings by both witnesses, and the next question. All of them if ``most`` is None."""
    import pandas as pd

    policy, places = load_policy(policy), places or ranked(table, policy)
    first = np.lexsort((places.best, places.worst, places.mean))[:most]
    if not len(first):
        return pd.DataFrame(columns=["case_id", *RANKED])
    some = table.iloc[first]
    ids = some["case_id"].astype(str) if "case_id" in some.columns else pd.Series(first + 1).astype(str)
    made = {"case_id": ids.to_numpy()} | {name: column[first] for name, column in places.columns().items()}
    for name, witness in (("", policy), ("other_", other_witness(policy, other))):
        scores = evaluate_columns(check_table(some, others=True), witness, with_bands=False)
        made[f"{name}grade"] = np.array(GRADES)[scores.so_far]
        made |= {f"{name}{key}": getattr(scores, key) for key in ("share", "share_low", "share_high")}
    asked = [None if pd.isna(each) else each for each in score(some, policy).next_question]
    return pd.DataFrame(made).assign(next_question=pd.Series(asked, dtype=object))


def ordered(table: pd.DataFrame, policy: Policy | str = "article") -> float:
    """The share of pairs of cases (of some hundreds, evenly taken) of which one stands above the other in every reading, or equal to it,
    whatever is unknown."""
    policy, columns = load_policy(policy), check_table(_evenly(table, PAIRED), others=True)
    above = necessarily_above(*pressures(columns, policy), columns["days_overdue"], policy)
    return float((above | above.T)[~np.eye(len(above), dtype=bool)].mean()) if len(above) > 1 else 1.0


def _evenly(rows: Any, most: int) -> Any:
    """At most so many of the rows of a table or an array, evenly taken."""
    at = np.unique(np.linspace(0, len(rows) - 1, min(most, len(rows))).round().astype(int))
    return rows[at] if isinstance(rows, np.ndarray) else rows.iloc[at]


def segments(
    table: pd.DataFrame, by: str, policy: Policy | str = "article", places: Ranks | None = None
) -> pd.DataFrame:
    """The portfolio by the values of any column (numbers in four groups of equal size), held against the rest of it: ``above`` and
    ``below``, in what share of pairs of a case of the segment with one of another the first stands so in every reading whatever is
    unknown (some cases of each, evenly taken); ``place``, the mean rank of its cases from 0 (first) to 1 (last); and how many
    ``cases`` there are, ``likely`` and ``unlikely``. The largest segments; the rest together under ``…``."""
    import pandas as pd

    policy, places = load_policy(policy), places or ranked(table, policy)
    columns, (named, order) = check_table(table, others=True), _named(table, by)
    members = [np.flatnonzero(named == name) for name in order]
    sizes = np.array([len(rows) for rows in members])
    some = [_evenly(rows, OF_EACH) for rows in members]
    at, which = np.concatenate(some), np.repeat(np.arange(len(some)), [len(rows) for rows in some])
    low, high = (end[at] for end in pressures(columns, policy))
    above = necessarily_above(low, high, columns["days_overdue"][at], policy)
    inside = (which == np.arange(len(some))[:, None]) / np.maximum(1, np.bincount(which))[:, None]
    share = inside @ (above & ~above.T) @ inside.T  # of pairs of one segment with another
    weight = np.where(np.eye(len(order), dtype=bool), 0, sizes)
    weight = weight / np.maximum(1, weight.sum(axis=1, keepdims=True))
    verdict, place = (
        VERDICT_OF[evaluate_columns(columns, policy, with_bands=False).grade],
        (places.mean - 1) / max(1, len(table) - 1),
    )
    return pd.DataFrame(
        {
            "cases": sizes,
            "above": (share * weight).sum(axis=1),
            "below": (share.T * weight).sum(axis=1),
            "place": [place[rows].mean() for rows in members],
            "likely": [int((verdict[rows] == VERDICTS.index("likely")).sum()) for rows in members],
            "unlikely": [int((verdict[rows] <= VERDICTS.index("unlikely")).sum()) for rows in members],
        },
        index=pd.Index(order, name=by),
    )


def _named(table: pd.DataFrame, by: str) -> tuple[np.ndarray, list[str]]:
    """The segment of each row, and those that have cases in the order in which they are shown."""
    import pandas as pd

    if by not in table.columns:
        raise TableError(Problem("no_column", "by", {"value": shown(by), "allowed": items(table.columns[:20])}))
    column = table[by]
    if pd.api.types.is_numeric_dtype(column) and column.nunique() > SEGMENTS:
        column = pd.qcut(column.astype("float64"), 4, duplicates="drop")
        column = column.cat.rename_categories([f"{part.left:g} – {part.right:g}" for part in column.cat.categories])
        order = list(dict.fromkeys(column.cat.categories))
    else:
        counts = column.astype("object").where(column.notna(), "–").value_counts()
        order = [*map(str, counts.index[:SEGMENTS]), *(["…"] if len(counts) > SEGMENTS else [])]
    named = column.astype("object").where(column.notna(), "–").map(str)
    named = named.where(named.isin(order), "…" if "…" in order else "–").to_numpy()
    return named, [name for name in dict.fromkeys([*order, "–"]) if (named == name).any()]


def days_ahead(table: pd.DataFrame, policy: Policy | str = "article", ahead: Sequence[int] = AHEAD) -> pd.DataFrame:
    """If nothing changes: how many cases have which verdict so many ``day`` s from now."""
    import pandas as pd

    policy, columns, number = load_policy(policy), check_table(table, others=True), len(ahead)
    later = {name: np.tile(column, number) for name, column in columns.items()}
    later["days_overdue"] = np.concatenate([columns["days_overdue"] + day for day in ahead])
    grades = evaluate_columns(later, policy, with_bands=False).grade.reshape(number, -1)
    return pd.DataFrame([{"day": day} | verdict_counts(row) for day, row in zip(ahead, grades, strict=True)])


def questions(table: pd.DataFrame, policy: Policy | str = "article") -> pd.DataFrame:
    """Which single unknown to find out for the whole book: for each ``field``, in how many cases it is ``unknown``, how many more of
    them then have a grade other than split (``settled``), and by how much the range of the likelihood narrows in a case
    (``narrowing``): means over what it may turn out to be. The best first; judged by some cases, evenly taken, if it is many."""
    import pandas as pd

    policy, columns = load_policy(policy), check_table(table, others=True)
    rows = []
    for name, question in policy.data["questions"].items():
        column = columns[name]
        unknown = np.flatnonzero(np.isnan(column) if column.dtype.kind == "f" else column < 0)
        come = unknown[columns["days_overdue"][unknown] >= policy.readings.days[0]]
        part = {key: each[_evenly(come, ASKED)] for key, each in columns.items()}
        settled = narrowing = 0.0
        now = _plainly(part, policy)
        for level in question["levels"] if len(come) else ():
            value = FIELDS[name]["levels"].index(level) if FIELDS[name]["type"] == "level" else level
            known = dict.fromkeys([name, *["amount_to"] * (name == "amount_overdue")], np.full_like(part[name], value))
            then = _plainly(part | known, policy)
            settled += ((then.grade != OPEN).mean() - (now.grade != OPEN).mean()) * len(come) / len(question["levels"])
            narrowing += (now.high - now.low - then.high + then.low).mean() / len(question["levels"])
        rows.append((name, len(unknown), float(settled), max(0.0, float(narrowing))))
    found = pd.DataFrame(rows, columns=["field", "unknown", "settled", "narrowing"])
    return found.sort_values(["settled", "narrowing"], ascending=False, kind="stable", ignore_index=True)


def _plainly(columns: dict[str, np.ndarray], policy: Policy) -> Scores:
    return evaluate(*pressures(columns, policy), columns["days_overdue"], policy, with_bands=False)


def what_if(table: pd.DataFrame, before: Policy | str = "article", after: Policy | str = "published") -> pd.DataFrame:
    """Case by case what another policy changes: grades and shares before and after, whether the grade ``changed``, and ``why``:
    ``first_day`` where it is mostly that a call is possible earlier or later, else the factor (or the ``base``) whose part moved most."""
    policies, columns = [load_policy(which) for which in (before, after)], check_table(table, others=True)
    scored, parts = [evaluate_columns(columns, policy, with_bands=False) for policy in policies], []
    for policy in policies:
        low, high = pressures(columns, policy)
        parts.append(contributions(middle_pressures(low, high, columns["days_overdue"], policy), policy))
    why = np.array(FACTORS)[np.abs(parts[1] - parts[0]).argmax(axis=1)]
    bases = [policy.readings.center[0] for policy in policies]
    why = np.where(np.abs(bases[1] - bases[0]) > np.abs(parts[1] - parts[0]).max(axis=1), "base", why)
    possible, share = [each.grade != 0 for each in scored], [each.share for each in scored]
    # How much of the change comes from the readings whose first day has come, and how much from their weights
    come = [_come(policy, columns["days_overdue"]) for policy in policies]
    by_day = np.abs(come[1] - come[0]) * np.maximum(*share)
    why = np.where((possible[0] != possible[1]) | (by_day > np.abs(share[1] - share[0]) / 2), "first_day", why)
    ids = {"case_id": table["case_id"]} if "case_id" in table.columns else {}
    grade = [np.array(GRADES)[each.grade] for each in scored]
    out = table.iloc[:, :0].assign(**ids, before=grade[0], after=grade[1])
    return out.assign(share_before=share[0], share_after=share[1], changed=grade[0] != grade[1], why=why)


def _come(policy: Policy, days: np.ndarray) -> np.ndarray:
    """The share of readings whose first possible day has come."""
    reached = np.concatenate([[0.0], np.cumsum(policy.readings.chances)])
    return reached[np.searchsorted(policy.readings.days, days, side="right")]


def summary(
    table: pd.DataFrame,
    policy: Policy | str = "article",
    by: str = "communication",
    other: Policy | str | None = None,
    wrong: int = 0,
    name: str = "",
    most: int = FIRST,
) -> Summary:
    """All of the above as plain data: what the panel, the notebook and the report show. Of single cases it holds the ids of those to
    talk to first, and what is said of them; none with ``most`` 0. ``by``: the column to segment by; ``other``: the witness beside
    the policy; ``wrong``: rows that were left out; ``name``: what the portfolio is called."""
    return Summary(Parts(table, policy, other, wrong, name, most).by(by))


class Parts:
    """The parts of a summary, each made when it is first asked for: a page shows its first before the last is there."""

    def __init__(
        self,
        table: pd.DataFrame,
        policy: Policy | str = "article",
        other: Policy | str | None = None,
        wrong: int = 0,
        name: str = "",
        most: int = FIRST,
    ):
        self.table, self.most, self.segments = table, most, cache(self._segments)
        self.policies = load_policy(policy), other_witness(policy, other)
        self.plain = {"name": name, "cases": len(table), "wrong": wrong}

    def by(self, by: str) -> Mapping[str, Any]:
        """All of them, segmented by a column."""
        makers = {name: partial(getattr, self, name) for name in MADE}
        first = {name: partial(self.plain.get, name) for name in self.plain}
        return _Made(first | makers | {"by": lambda: by, "segments": partial(self.segments, by)})

    @cached_property
    def columns(self) -> dict[str, np.ndarray]:
        return check_table(self.table, others=True)

    @cached_property
    def places(self) -> Ranks:
        low, high = pressures(self.columns, self.policies[0])
        return ranks((low + high) / 2, self.columns["days_overdue"], self.policies[0])

    @cached_property
    def scores(self) -> list[Scores]:
        return [evaluate_columns(self.columns, each, with_bands=False) for each in self.policies]

    @cached_property
    def moves(self) -> pd.DataFrame:
        changes = what_if(self.table, *self.policies)
        return changes[changes.changed]

    @cached_property
    def witnesses(self) -> list[dict[str, Any]]:
        return [
            _policy_names(each) | {"grades": grade_counts(scores), "verdicts": verdict_counts(scores.grade)}
            for each, scores in zip(self.policies, self.scores, strict=True)
        ]

    @cached_property
    def agreement(self) -> dict[str, int]:
        return agreements(*self.scores)

    @cached_property
    def readings(self) -> int:
        return self.places.readings

    @cached_property
    def ordered(self) -> float:
        return ordered(self.table, self.policies[0])

    @cached_property
    def first(self) -> list[dict[str, Any]]:
        return talk_first(self.table, *self.policies, self.most, self.places).to_dict("records")

    @cached_property
    def ribbon(self) -> dict[str, list[float]]:
        one = evaluate_columns(self.columns, self.policies[0])
        some = _evenly(np.lexsort((one.most_low, one.most_high, one.share))[::-1], RIBBON)
        return {
            end: [round(float(v), 4) for v in getattr(one, end)[some]] for end in ("most_low", "most_high", "share")
        }

    @cached_property
    def majority(self) -> int:
        return int((self.scores[0].share > MAJORITY).sum())

    @cached_property
    def days(self) -> list[dict[str, list[int]]]:
        return [days_ahead(self.table, each).to_dict("list") for each in self.policies]

    def _segments(self, by: str) -> list[dict[str, Any]]:
        return segments(self.table, by, self.policies[0], self.places).reset_index(names="segment").to_dict("records")

    @cached_property
    def questions(self) -> list[dict[str, Any]]:
        return questions(self.table, self.policies[0]).to_dict("records")

    @cached_property
    def changes(self) -> list[dict[str, Any]]:
        return _moves(self.moves)

    @cached_property
    def moved(self) -> dict[str, int]:
        return {why: int(n) for why, n in self.moves.why.value_counts().items()}


MADE = (
    *("witnesses", "agreement", "readings", "ordered", "first", "ribbon"),
    *("majority", "days", "questions", "changes", "moved"),
)


class _Made(Mapping[str, Any]):
    """A mapping whose values are made when they are asked for."""

    def __init__(self, makers: Mapping[str, Callable[[], Any]]):
        self.makers = makers

    def __getitem__(self, name: str) -> Any:
        return self.makers[name]()

    def __iter__(self) -> Iterator[str]:
        return iter(self.makers)

    def __len__(self) -> int:
        return len(self.makers)


class Summary(dict[str, Any]):
    """The summary of a portfolio: plain data (JSON as it is), which in a notebook shows itself."""


def _moves(changes: pd.DataFrame) -> list[dict[str, Any]]:
    """The changes of grade with the most cases, and what moved most in them; the rest together, without names."""
    groups = sorted(changes.groupby(["before", "after"]), key=lambda each: -len(each[1]))
    told = [
        {"before": before, "after": after, "cases": len(rows), "why": rows.why.value_counts().index[0]}
        for (before, after), rows in groups[:MOVES]
    ]
    rest = sum(len(rows) for _, rows in groups[MOVES:])
    return [*told, *([{"before": None, "after": None, "cases": rest, "why": None}] if rest else [])]


def _policy_names(policy: Policy) -> dict[str, Any]:
    return {"policy": policy.label, "name": dict(policy.data["name"])}
