"""What published pages claim about calls to contacts (data/claims.csv, data/published_escalation_ladders.csv). Claims, not facts.

Collected once for this project from 198 web pages, by one reader, from the beginnings of the pages, in own words; 186 of them are
loan or law-firm promotion, none is official, one host is 17 % of them. So pages are counted, not rows, and nothing here is a rate.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from jiebei_lib.core.knowledge.yaml_files import HERE, shipped

ARTICLE_PAGE = "p001"  # the page that carries the article itself
ARTICLE_LADDER = "article"
STANDINGS = ("yes", "maybe", "no")  # from most to least
DIRECTIONS = {"+": "raises", "-": "lowers", "?": "open"}
THIRD = "third"


@dataclass(frozen=True)
class Claim:
    """One statement of a page. ``low`` and ``high`` in ``unit`` (mostly days, None where it gives none); ``scopes``: whose contacts;
    ``factors``: the conditions it names, each ``raises``, ``lowers`` or ``open`` (no direction given); ``standing``: will contacts be
    called (yes, maybe, no)."""

    id: str
    page: str
    url: str
    title: str
    site: str
    product: str
    topic: str
    low: float | None
    high: float | None
    unit: str
    text: str
    factors: dict[str, str]
    standing: str | None
    scopes: tuple[str, ...]
    denied: bool


@dataclass(frozen=True)
class PublishedPage:
    """What one page says of the first contact: the earliest ``day`` that it does not deny, that it names none, or only denials
    (``kind``: ``day``, ``no_day``, ``deny``). ``claims`` are the statements that this rests on."""

    id: str
    url: str
    title: str
    site: str
    products: tuple[str, ...]
    kind: str
    day: int | None
    scopes: tuple[str, ...]
    standing: str
    claims: tuple[Claim, ...]


@dataclass(frozen=True)
class Dispersion:
    """Pages on one product, each counted once: by the earliest day that they name, naming no day, or only denying it."""

    days: dict[int, int]
    no_day: int
    deny: int
    article_day: int

    @property
    def named(self) -> int:
        return sum(self.days.values())

    @property
    def pages(self) -> int:
        return self.named + self.no_day + self.deny

    def by(self, day: int) -> int:
        """How many pages put it at this day or earlier."""
        return sum(n for first, n in self.days.items() if first <= day)


@dataclass(frozen=True)
class Condition:
    """A condition that pages name for calling contacts: in how many pages (and rows), by direction."""

    factor: str
    pages: dict[str, int]
    rows: dict[str, int]

    @property
    def named(self) -> int:
        """Pages; none gives one condition two directions (a test holds that)."""
        return sum(self.pages.values())


@dataclass(frozen=True)
class LadderStep:
    """A step of a published ladder, in days; ``last`` None is open. ``whom``: borrower, third (a third person) or outsider (the case
    goes to an outside collector)."""

    first: int
    last: int | None
    channels: tuple[str, ...]
    whom: tuple[str, ...]
    target: str


@dataclass(frozen=True)
class Ladder:
    """One published sequence of steps. ``third_from``: the first day on which it has a third person contacted, if any."""

    id: str
    source: str
    product: str
    steps: tuple[LadderStep, ...]

    @property
    def third_from(self) -> int | None:
        return min((step.first for step in self.steps if THIRD in step.whom), default=None)


@cache
def claims() -> tuple[Claim, ...]:
    """Every statement, in the order of the file."""
    return tuple(
        Claim(
            id=row["claim_id"],
            page=row["page_id"],
            url=row["source_url"],
            title=row["source_title"].removeprefix("[no title shown]").strip(),
            site=row["site_type"],
            product=row["product"],
            topic=row["topic"],
            low=_number(row["value_low"]),
            high=_number(row["value_high"]),
            unit=row["unit"],
            text=row["direction_or_condition"],
            factors={part[:-1]: DIRECTIONS[part[-1]] for part in row["factor_directions"].split(";") if part},
            standing=row["stance"] or None,
            scopes=tuple(part for part in row["contact_scope"].split(";") if part),
            denied=row["polarity"] == "deny",
        )
        for row in data_rows("claims.csv")
    )


def pages(product: str | None = None, scope: str | None = None, without_article: bool = False) -> list[PublishedPage]:
    """The pages that say something of the first contact on a product (all if None) and with some contacts (all if None)."""
    by_page: dict[str, list[Claim]] = {}
    for claim in claims():
        wanted = claim.topic == "first_contact_day" and product in (None, claim.product)
        if wanted and (scope is None or scope in claim.scopes) and not (without_article and claim.page == ARTICLE_PAGE):
            by_page.setdefault(claim.page, []).append(claim)
    return [_page(found) for found in by_page.values()]


def _page(found: list[Claim]) -> PublishedPage:
    said = [claim for claim in found if not claim.denied]
    day = min((int(claim.low) for claim in said if claim.low is not None), default=None)
    return PublishedPage(
        id=found[0].page,
        url=found[0].url,
        title=found[0].title,
        site=found[0].site,
        products=tuple(dict.fromkeys(claim.product for claim in found)),
        kind="deny" if not said else "no_day" if day is None else "day",
        day=day,
        scopes=tuple(dict.fromkeys(scope for claim in found for scope in claim.scopes)),
        standing=_strongest(found),
        claims=tuple(found),
    )


def _strongest(found: Iterable[Claim]) -> str:
    """What a page's statements come to: yes if any says yes, else maybe, else no."""
    return min((claim.standing for claim in found if claim.standing), key=STANDINGS.index)


@cache
def first_contact_days(
    product: str | None = "借呗", without_article: bool = False, scope: str | None = None
) -> Dispersion:
    """How pages on a product disagree. A page's day is the earliest one that it does not deny; near-copies were merged."""
    found = pages(product, scope, without_article)
    counted = Counter(page.day for page in found if page.kind == "day" and page.day is not None)
    kinds = Counter(page.kind for page in found)
    return Dispersion(dict(sorted(counted.items())), kinds["no_day"], kinds["deny"], article_day())


def article_day() -> int:
    """The day that the article itself names (¶6), as the file has it."""
    said = (claim.low for claim in claims() if claim.page == ARTICLE_PAGE and claim.topic == "first_contact_day")
    return next(int(day) for day in said if day is not None)


def whose(product: str | None = "借呗", without_article: bool = False) -> dict[str, Counter[str]]:
    """For each kind of contacts, in how many pages the answer is yes, maybe or no (the strongest thing that a page says of them)."""
    counted: dict[str, Counter[str]] = {}
    for page in pages(product, without_article=without_article):
        for scope in page.scopes:
            standing = _strongest(claim for claim in page.claims if scope in claim.scopes)
            counted.setdefault(scope, Counter())[standing] += 1
    return dict(sorted(counted.items(), key=lambda entry: (-entry[1].total(), entry[0])))


def conditions(product: str | None = None, without_article: bool = False) -> list[Condition]:
    """The conditions that pages name when they say whether contacts are called, the one named by most pages first."""
    rows: dict[str, Counter[str]] = {}
    by_page: dict[str, dict[str, set[str]]] = {}
    for claim in claims():
        if (
            claim.standing is None
            or product not in (None, claim.product)
            or (without_article and claim.page == ARTICLE_PAGE)
        ):
            continue
        for factor, direction in claim.factors.items():
            rows.setdefault(factor, Counter())[direction] += 1
            by_page.setdefault(factor, {}).setdefault(claim.page, set()).add(direction)
    found = []
    for factor, named in by_page.items():
        # A page that gives a direction in one place and none in another gives one.
        directions = Counter(min(said, key=list(DIRECTIONS.values()).index) for said in named.values())
        found.append(Condition(factor, dict(directions), dict(rows[factor])))
    return sorted(found, key=lambda condition: (-condition.named, condition.factor))


@cache
def ladders() -> tuple[Ladder, ...]:
    """The published ladders, the article's first, then by the day on which third persons come in."""
    targets = shipped("evidence/claims.yaml")["targets"]
    found: dict[str, list[dict[str, str]]] = {}
    for row in data_rows("published_escalation_ladders.csv"):
        found.setdefault(row["ladder_id"], []).append(row)
    made = [
        Ladder(name, rows[0]["source"], rows[0]["product"], tuple(_step(row, targets) for row in rows))
        for name, rows in found.items()
    ]
    last = 10**6
    return tuple(
        sorted(made, key=lambda one: (one.id != ARTICLE_LADDER, last if one.third_from is None else one.third_from))
    )


def _step(row: dict[str, str], targets: dict[str, dict[str, list[str]]]) -> LadderStep:
    last = int(row["day_to"]) if row["day_to"] else None
    channels = tuple(part for part in row["channel"].split(";") if part)
    return LadderStep(int(row["day_from"]), last, channels, tuple(targets[row["target"]]["whom"]), row["target"])


@cache
def data_rows(name: str) -> tuple[dict[str, str], ...]:
    """The rows of a file of data/, cells as text."""
    with (HERE / "evidence" / "data" / name).open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def _number(cell: str) -> float | None:
    return float(cell) if cell else None
