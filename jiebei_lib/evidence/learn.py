"""Learning from observed cases: who was called and who was not reweighs the readings. The prior always stands beside what was learned.

A reading gives a case that was called the likelihood p and one that was not 1 - p, so a reading's weight is the product over all
cases (summed as logarithms; Bayes' rule with every drawn reading alike beforehand). What is unknown of a case is averaged evenly over
everything that it could be. Nothing here is an observed rate: p is a model quantity, and the outcome only says which readings fit.

**Selection.** Cases that reached print did so because contacts were called. Let r1 be the chance that a case is reported if they were
called and r0 if they were not; given the facts x, by Bayes' rule,

    P(called | x, reported) = p r1 / (p r1 + (1 - p) r0) = s p / (s p + 1 - p),   s = r1 / r0,

whose log-odds are those of p plus ln s. So selection on the outcome moves the start and leaves what the factors do to the odds as it
is (the case-control argument: Prentice and Pyke 1979). While reporting is rare, s is also the odds ratio of being reported: the
*selection strength*. It cannot be learned from reported cases alone, because it moves with the start, so it is stated, with a range
(evidence.yaml), and the answer is shown for several. s = 1 is no selection. It is assumed that only the outcome, and not the facts
themselves, decided what was reported. A call before a reading's first possible day stays impossible under any s.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from typing import Any

import numpy as np

from jiebei_lib.core.case import FIELDS, Case
from jiebei_lib.core.knowledge.problems import CaseError, Phrase, Problem, shown
from jiebei_lib.core.knowledge.yaml_files import shipped
from jiebei_lib.core.policy import Policy, load_policy
from jiebei_lib.core.readings import WEIGHTS
from jiebei_lib.core.rules.factors import coded, days_pressure, pressures
from jiebei_lib.core.scoring.score import VERDICTS, likelihood
from jiebei_lib.evidence.outcomes import Outcomes

ASSUMED: dict[str, Any] = shipped("evidence/learn.yaml")
NODES, NODE_WEIGHTS = np.polynomial.legendre.leggauss(
    3
)  # on [-1, 1]: averages a likelihood over an interval to 1e-3 or better
CELLS = 2**20  # cases x nodes x readings at a time: float64 arrays of 8 MiB
PIECE = (
    2**15
)  # of them worked on at once: arrays of 256 KiB stay in the processor's cache, which makes 28 cases ten times as fast
KEPT = 2**21  # cases x readings whose chances are kept, so that a panel computes them once: 32 MiB
SELECTION_BOUNDS = (0.001, 1000)
HAIR = 1e-9  # of a log-likelihood, so that rounding does not split readings that fit alike


# Row numbers (b,) with the chance of a call and of none under every reading (b, m), block by block.
Blocks = list[tuple[np.ndarray, np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Drawn:
    """The readings that are weighed, m in all: first the N drawn evenly, then every vertex with every first day.

    The vertices carry no weight; they are there so that the range before learning is the exact one.
    """

    weights: np.ndarray
    first_day: np.ndarray
    number: int
    days: np.ndarray
    day_code: np.ndarray

    @classmethod
    def of(cls, policy: Policy) -> Drawn:
        readings = policy.readings
        corners, days = readings.vertices, np.array(readings.days)
        first = np.concatenate([readings.first_day, np.repeat(days, len(corners))])
        weights = np.vstack([readings.samples, np.tile(corners, (len(days), 1))])
        return cls(weights, first, len(readings.samples), days, np.searchsorted(days, first))

    @property
    def even(self) -> np.ndarray:
        """The weights (N,) before any evidence."""
        return np.full(self.number, 1 / self.number)

    def pressed(self, days_overdue: np.ndarray, longest: float) -> np.ndarray:
        """The pressure of days (n, m), from each reading's own first day; (n, 1) where they have but one."""
        by_day = np.column_stack([days_pressure(days_overdue, day, longest) for day in self.days])
        return by_day if len(self.days) == 1 else by_day[:, self.day_code]

    def came(self, days_overdue: np.ndarray) -> np.ndarray:
        """Whether the first possible day has come (n, m); (n, 1) where all have but one."""
        by_day = days_overdue[:, None] >= self.days
        return by_day if len(self.days) == 1 else by_day[:, self.day_code]

    @cached_property
    def columns(self) -> np.ndarray:
        """The weights (6, m), each in one piece of memory."""
        return np.ascontiguousarray(self.weights.T)


@dataclass(frozen=True)
class LearnedAnswer:
    """The answer for one case: the range of the likelihood and the share of readings that say "more likely than not"."""

    verdict: str
    low: float
    high: float
    share: float
    share_low: float
    share_high: float


@dataclass(frozen=True)
class Span:
    """A weight of the readings, in log-odds: its mean over the readings and its range."""

    low: float
    mean: float
    high: float


@dataclass(frozen=True)
class Predicted:
    """Each case's chance of a call by the readings as they were before any case (``prior``) and as all *other* cases leave them."""

    prior: np.ndarray
    others: np.ndarray
    called: np.ndarray

    def of_outcome(self, which: str = "others") -> np.ndarray:
        """The chance (n,) that was given to what happened."""
        chance: np.ndarray = getattr(self, which)
        return np.where(self.called, chance, 1 - chance)

    def log_score(self, which: str = "others") -> float:
        """Mean logarithm of the chance given to what happened: 0 is perfect, ln 0.5 = -0.69 is a coin."""
        with np.errstate(divide="ignore"):
            return float(np.log(self.of_outcome(which)).mean()) if len(self.called) else 0.0

    @property
    def surprises(self) -> np.ndarray:
        """The numbers of the cases whose outcome the others hardly allow."""
        return np.flatnonzero(self.of_outcome() < ASSUMED["surprise"]["value"])


@dataclass(frozen=True)
class Learned:
    """What n observed cases say of a policy's readings. ``fit`` (m,) is the log-likelihood of all cases under each reading; ``kept``
    the chances that each gives each case, where they are few enough to keep."""

    outcomes: Outcomes
    policy: Policy
    selection: float
    drawn: Drawn
    fit: np.ndarray
    kept: Blocks | None = None

    @cached_property
    def weights(self) -> np.ndarray:
        """The readings' weights (N,), summing to 1."""
        fit = self.fit[: self.drawn.number]
        relative = np.exp(fit - fit.max())
        return np.asarray(relative / relative.sum())

    @property
    def effective(self) -> float:
        """How many equally weighted readings would be as many (Kish): N with no evidence, 1 when one reading carries all."""
        return float(1 / (self.weights**2).sum())

    @property
    def few(self) -> bool:
        """Whether so few readings carry the weight that the answer is coarse."""
        return bool(self.effective < ASSUMED["warn_below"]["value"])

    def under(self, selection: float) -> Learned:
        """The same cases under another selection strength: the chances that are kept do not turn on it."""
        _check_selections([selection])
        return _enough(_weighed(self, [selection]))[0]

    @cached_property
    def region(self) -> np.ndarray:
        """The readings (m,) that fit best, as many as carry 95 % of the weight; where all fit alike, all of them."""
        return self.fit >= self.least_fit(ASSUMED["credible"]["value"])

    def least_fit(self, credible: float) -> float:
        """The log-likelihood down to which the best readings carry that much of the weight."""
        best_first = np.argsort(-self.fit[: self.drawn.number], kind="stable")
        carried = np.cumsum(self.weights[best_first])
        last = min(int(np.searchsorted(carried, credible)), len(best_first) - 1)
        return float(self.fit[best_first[last]]) - HAIR

    def prior(self, case: Case) -> LearnedAnswer:
        """The answer for a case before any evidence: the score itself."""
        return self._answer(case, np.ones(len(self.drawn.weights), bool), self.drawn.even)

    def posterior(self, case: Case) -> LearnedAnswer:
        """The answer after it: the range over the readings that carry 95 % of the weight, the share by weight."""
        return self._answer(case, self.region, self.weights)

    def _answer(self, case: Case, region: np.ndarray, weights: np.ndarray) -> LearnedAnswer:
        least, middle, most = _log_odds(case, self.drawn, self.policy)
        drawn = slice(self.drawn.number)
        low, high = least[region].min(), most[region].max()
        verdict = 0 if high == -np.inf else 3 if low > 0 else 1 if high <= 0 else 2
        share, share_low, share_high = (min(1.0, float(weights @ (z[drawn] > 0))) for z in (middle, least, most))
        least_likely, most_likely = (float(likelihood(z)) for z in (low, high))
        return LearnedAnswer(VERDICTS[verdict], least_likely, most_likely, share, share_low, share_high)

    def likelihoods(self, case: Case) -> np.ndarray:
        """The likelihood (N,) that each drawn reading gives a case, what is unknown taken in the middle."""
        return likelihood(_log_odds(case, self.drawn, self.policy)[1][: self.drawn.number])

    def span(self, name: str, learned: bool = True) -> Span:
        """A weight of the readings (one of ``WEIGHTS``) before or after the evidence."""
        values = self.drawn.weights[:, WEIGHTS.index(name)]
        inside = values[self.region] if learned else values
        weights = self.weights if learned else self.drawn.even
        return Span(float(inside.min()), float(weights @ values[: self.drawn.number]), float(inside.max()))

    def first_days(self) -> list[tuple[int, float, float]]:
        """Each first possible day with its share of the readings before and after the evidence."""
        first = self.drawn.first_day[: self.drawn.number]
        return [
            (int(day), float((first == day).mean()), float(self.weights @ (first == day))) for day in self.drawn.days
        ]

    @cached_property
    def predicted(self) -> Predicted:
        """Leave one out: each case predicted from all the others, exactly over the drawn readings."""
        number, called = self.drawn.number, self.outcomes.called
        prior, others = np.empty(len(called)), np.empty(len(called))
        # A reading may be ruled out by one case alone, so what is minus infinity is counted, not summed.
        whole, ruled_out = np.zeros(number), np.zeros(number, int)
        for *_, part in self._reported():
            out = np.isinf(part)
            whole += np.where(out, 0.0, part).sum(axis=0)
            ruled_out += out.sum(axis=0)
        for rows, call, part in self._reported():
            out = np.isinf(part)
            rest = whole - np.where(out, 0.0, part)
            rest[ruled_out - out > 0] = -np.inf
            relative = np.exp(rest - rest.max(axis=1, keepdims=True))
            prior[rows], others[rows] = call.mean(axis=1), (relative * call).sum(axis=1) / relative.sum(axis=1)
        return Predicted(prior, others, called)

    def _reported(self) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        number = self.drawn.number
        for rows, call, spared in self.kept or _chances(self.outcomes, self.drawn, self.policy):
            call, spared = reported(call[:, :number], spared[:, :number], self.selection)
            yield rows, call, _log_happened(self.outcomes, rows, call, spared)


def learn(outcomes: Outcomes, policy: Policy | str = "article", selection: float = 1.0) -> Learned:
    """Reweighs the readings of a policy by observed cases. ``selection`` is the selection strength s (1: none).

    Raises :class:`CaseError` for a call before any reading's first possible day, and where too few effective readings are left.
    """
    return learn_under(outcomes, policy, [selection])[0]


def learn_under(outcomes: Outcomes, policy: Policy | str, selections: Sequence[float]) -> list[Learned]:
    """:func:`learn` for several selection strengths at once."""
    _check_selections(selections)
    return _enough(_weighed(unweighed(outcomes, policy), selections))


def unweighed(outcomes: Outcomes, policy: Policy | str = "article") -> Learned:
    """What does not turn on the selection strength: the readings, still all alike, and the chances that each gives each case."""
    policy = load_policy(policy)
    _refuse_impossible(outcomes, policy)
    drawn = Drawn.of(policy)
    kept = list(_chances(outcomes, drawn, policy)) if len(outcomes) * len(drawn.weights) <= KEPT else None
    return Learned(outcomes, policy, np.nan, drawn, np.zeros(len(drawn.weights)), kept)


def _weighed(known: Learned, selections: Sequence[float]) -> list[Learned]:
    fits = np.zeros((len(selections), len(known.fit)))
    for rows, call, spared in known.kept or _chances(known.outcomes, known.drawn, known.policy):
        for fit, selection in zip(fits, selections, strict=True):
            fit += _log_happened(known.outcomes, rows, *reported(call, spared, selection)).sum(axis=0)
    return [replace(known, selection=float(s), fit=fit) for s, fit in zip(selections, fits, strict=True)]


def _enough(found: list[Learned]) -> list[Learned]:
    """Refuses what leaves too few effective readings."""
    needed = ASSUMED["refuse_below"]["value"]
    for learned in found:
        if learned.effective < needed:
            slots = {"value": f"{learned.effective:.1f}", "low": needed}
            raise CaseError(Problem("too_few_readings", "outcomes", slots))
    return found


def reported(call: np.ndarray, spared: np.ndarray, selection: float) -> tuple[np.ndarray, np.ndarray]:
    """The chances of a call and of none, given that the case was reported (see above)."""
    if selection == 1:
        return call, spared
    either = selection * call + spared
    return selection * call / either, spared / either


def impossible(outcomes: Outcomes, policy: Policy) -> np.ndarray:
    """The cases (n,) that were called before the first possible day of every reading."""
    return outcomes.called & (outcomes.days < policy.readings.days[0])


def _refuse_impossible(outcomes: Outcomes, policy: Policy) -> None:
    first, found = policy.readings.days[0], np.flatnonzero(impossible(outcomes, policy))
    if len(found):
        raise CaseError(
            Problem(
                "impossible_outcome",
                f"row {n + 1} ({shown(outcomes.case_id[n])})",
                {"day": int(outcomes.days[n]), "first": first, "policy": policy.label},
            )
            for n in found[:10]
        )


def _check_selections(selections: Sequence[Any]) -> None:
    low, high = SELECTION_BOUNDS
    for selection in selections:
        try:
            fine = not isinstance(selection, bool | str) and low <= float(selection) <= high
        except (TypeError, ValueError):
            fine = False
        if not fine:
            allowed = Phrase("number", {"low": low, "high": high})
            raise CaseError(Problem("invalid", "selection", {"value": shown(selection), "allowed": allowed}))


def _chances(outcomes: Outcomes, drawn: Drawn, policy: Policy) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Row numbers (b,) with the chance of a call and of none (b, m), block by block; what is unknown averaged over."""
    low, high = _pressures(outcomes, policy)
    longest, open_ = policy.value("factors.days.pressing"), low != high
    # Rows that know the same facts are averaged over the same nodes.
    for pattern in np.unique(open_, axis=0) if len(open_) else ():
        alike = np.flatnonzero((open_ == pattern).all(axis=1))
        nodes = np.array(list(product(*(NODES if free else [0.0] for free in pattern))))
        shares = np.array(list(product(*(NODE_WEIGHTS / 2 if free else [1.0] for free in pattern)))).prod(axis=1)
        block = max(1, CELLS // (len(nodes) * len(drawn.weights)))
        for start in range(0, len(alike), block):
            rows = alike[start : start + block]
            middle, half = (low[rows] + high[rows]) / 2, (high[rows] - low[rows]) / 2
            base = drawn.columns[0] + drawn.pressed(outcomes.days[rows], longest) * drawn.columns[-1]
            call, spared = _averaged(middle[:, None] + half[:, None] * nodes, shares, base, drawn.weights[:, 1:-1])
            if not (came := drawn.came(outcomes.days[rows])).all():
                np.copyto(call, 0.0, where=~came)
                np.copyto(spared, 1.0, where=~came)
            yield rows, call, spared


def _averaged(
    pressure: np.ndarray, shares: np.ndarray, base: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The chance of a call and of none (b, m) of cases with pressures (b, nodes, 4), averaged over the nodes by their ``shares``;
    ``base`` (b, m) and ``weights`` (m, 4) are the readings'."""
    call, spared = np.empty_like(base), np.empty_like(base)
    step = max(256, PIECE // (len(base) * len(shares)))
    for start in range(0, base.shape[1], step):
        part = slice(start, start + step)
        against = pressure @ weights[part].T
        against += base[:, None, part]
        np.exp(np.negative(against, out=against), out=against)
        each = 1 / (1 + against)
        against *= each
        call[:, part], spared[:, part] = shares @ each, shares @ against
    return call, spared


def _log_happened(outcomes: Outcomes, rows: np.ndarray, call: np.ndarray, spared: np.ndarray) -> np.ndarray:
    """The log-likelihood (b, m) of what happened, times the rows' weights."""
    with np.errstate(divide="ignore"):
        happened = np.log(np.where(outcomes.called[rows, None], call, spared))
    return outcomes.weight[rows, None] * happened


def _pressures(outcomes: Outcomes, policy: Policy) -> tuple[np.ndarray, np.ndarray]:
    """Least and greatest pressure (n, 4), like those of a case."""
    return pressures(outcomes.columns, policy)


def _log_odds(case: Case, drawn: Drawn, policy: Policy) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """z (m,) of one case under every reading: whatever is unknown at its best, in the middle, and at its worst."""
    columns = coded({name: [getattr(case, name)] for name in FIELDS})
    low, high = pressures(columns, policy)
    days = columns["days_overdue"]
    pressed = drawn.pressed(days, policy.value("factors.days.pressing"))[0]
    base, factors = drawn.weights[:, 0] + pressed * drawn.weights[:, -1], drawn.weights[:, 1:-1]
    rising, falling = np.maximum(factors, 0), np.minimum(factors, 0)
    came = drawn.came(days)[0]
    least = base + rising @ low[0] + falling @ high[0]
    middle = base + factors @ ((low + high) / 2)[0]
    most = base + rising @ high[0] + falling @ low[0]
    return np.where(came, least, -np.inf), np.where(came, middle, -np.inf), np.where(came, most, -np.inf)
