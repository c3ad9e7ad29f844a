"""What published pages claim about the first day on which contacts are called (data/claims.csv). Claims, not facts."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass
from functools import cache

from jiebei_lib.yamls import HERE

ARTICLE_PAGE = "p001"  # the page that carries the article itself


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


@cache
def first_contact_days(product: str = "借呗", without_article: bool = False) -> Dispersion:
    """How pages on a product disagree. A page's day is the earliest one that it does not deny; near-copies were merged."""
    with (HERE / "data" / "claims.csv").open(encoding="utf-8", newline="") as file:
        rows = [
            row for row in csv.DictReader(file) if row["product"] == product and row["topic"] == "first_contact_day"
        ]
    pages: dict[str, list[float | None]] = {}
    article_day = 0
    for row in rows:
        day = float(row["value_low"]) if row["value_low"] else None
        if row["page_id"] == ARTICLE_PAGE:
            article_day = int(day or 0)
            if without_article:
                continue
        pages.setdefault(row["page_id"], [])
        if row["polarity"] != "deny":
            pages[row["page_id"]].append(day)
    earliest = {page: min((day for day in days if day is not None), default=None) for page, days in pages.items()}
    counted = Counter(int(day) for day in earliest.values() if day is not None)
    deny = sum(not days for days in pages.values())
    return Dispersion(dict(sorted(counted.items())), len(pages) - counted.total() - deny, deny, article_day)
