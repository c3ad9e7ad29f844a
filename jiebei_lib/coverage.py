"""Which paragraph of the article is used where, so that one can see that none that says something was left out."""

from __future__ import annotations

from jiebei_lib.policy import Policy
from jiebei_lib.yamls import walk


def coverage(policy: Policy) -> dict[int, list[str]]:
    """For every paragraph of the article, in order, the key paths of the rules that cite it; an empty list if none does."""
    used: dict[int, list[str]] = {n: [] for n in range(1, policy.sources["article"]["locators"]["last"] + 1)}
    for path, node in walk(policy.data):
        for cite in node.get("cite", ()):
            source, _, place = cite.partition(" ¶")
            if source == "article":
                used[int(place)].append(".".join(path))
    return used
