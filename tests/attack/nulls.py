"""Every entry of a policy taken away by null, one after another: refused in one sentence, or everything still answers.

By hand: ``python -m tests.attack.nulls`` (all entries), or with ``--every 20``.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

from jiebei_lib.core.assessment import assess
from jiebei_lib.core.case import Case
from jiebei_lib.core.knowledge.problems import UserError
from jiebei_lib.core.knowledge.yaml_files import beside
from jiebei_lib.core.policy import load_policy
from jiebei_lib.money.loan import Loan
from jiebei_lib.money.summary import money
from jiebei_lib.reports.batch import sections
from jiebei_lib.show.case.page import CasePage

CASES = (
    Case(9, 8000.0, communication="silent", contacts="wrong"),
    Case(40, 1e6, 400, 9, "broken_promise", "close"),
    Case(3, 500.0, 700, 0, "repaying", "accurate"),
)


def entries(node: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The paths of all entries, words of one language apart."""
    if path:
        yield path
    if isinstance(node, dict):
        for key, value in node.items():
            if key not in ("zh", "en") and len(path) < 5:
                yield from entries(value, (*path, key))


def without(path: tuple[str, ...], pages: bool) -> list[str]:
    """What fails, other than by a sentence, once an entry is gone."""
    overlay: Any = None
    for key in reversed(path):
        overlay = {key: overlay}
    loan, failed = Loan.read(beside("cases") / "loan.yaml"), []

    def tried(what: str, work: Any) -> Any:
        try:
            return work()
        except UserError:
            return None
        except Exception as failure:
            failed.append(f"{'.'.join(path)}: {what}: {type(failure).__name__}: {failure}"[:200])
        return None

    policy = tried("load", lambda: load_policy({"base": "article", **overlay}))
    if policy is None:
        return failed
    for case in CASES:
        tried("assess", lambda case=case: assess(case, policy, "2026-11-25").to_dict("en"))
    tried("money", lambda: money(loan, "2026-11-25", None, policy))
    if pages:
        page = tried("page", lambda: CasePage(CASES[0], "en", policy, "2026-11-25", loan))
        for name in ["head", *sections()] if page else []:
            tried(name, lambda name=name: [str(part) for part in getattr(page, name)()])
    return failed


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--every", type=int, default=1)
    paths = list(entries(load_policy("article").data))[:: asked.parse_args().every]
    failed = [each for path in paths for each in without(path, pages=True)]
    print(f"{len(paths)} entries taken away, {len(failed)} failures")
    print("\n".join(failed))


if __name__ == "__main__":
    main()
