"""An invented portfolio, as like a real one as published figures allow (sample.yaml). The same seed gives the same rows."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from jiebei_lib.core.case import FIELDS
from jiebei_lib.core.knowledge.problems import Phrase, Problem, UserError
from jiebei_lib.core.knowledge.yaml_files import shipped

if TYPE_CHECKING:
    import pandas as pd

PART = 131_072  # rows made at a time, each part from a seed of its own
MOST = 1_000_000_000


def sample(rows: int, seed: int = 1) -> pd.DataFrame:
    """``rows`` invented cases, with a column ``funded_by`` to segment by."""
    import pandas as pd

    return pd.concat(map(_frame, _parts(rows, seed)), ignore_index=True)


def write_sample(
    path: str | Path, rows: int, seed: int = 1, progress: Callable[[int, int | None], None] | None = None
) -> Path:
    """The same as a file of any kind that can be scored, written part by part."""
    from jiebei_lib.core.tables.files import arrow, writing
    from jiebei_lib.portfolio import plain_files

    done, plain = 0, plain_files.is_plain(Path(path))
    pa = None if plain else arrow()
    with plain_files.writing(Path(path)) if plain else writing(Path(path)) as put:
        for part in _parts(rows, seed):
            if pa is None:
                put({name: column.tolist() for name, column in part.items()})
            else:
                put(pa.Table.from_pandas(_frame(part), preserve_index=False).replace_schema_metadata(None))
            done += len(part["case_id"])
            if progress:
                progress(done, rows)
    return Path(path)


def _frame(columns: dict[str, np.ma.MaskedArray]) -> pd.DataFrame:
    """Columns as a data frame; what is masked is unknown, and whole numbers stay such."""
    import pandas as pd

    table = pd.DataFrame({name: column.data for name, column in columns.items()})
    for name, column in columns.items():
        if (unknown := np.ma.getmask(column)) is not np.ma.nomask:
            known = table[name].astype("Int64") if column.dtype.kind == "i" else table[name]
            table[name] = known.mask(unknown)
    return table


def _parts(rows: int, seed: int) -> Iterator[dict[str, np.ma.MaskedArray]]:
    for name, value, low, high in (("--rows", rows, 1, MOST), ("--seed", seed, 0, 2**32 - 1)):
        if not low <= value <= high:
            allowed = Phrase("integer", {"low": low, "high": high})
            raise UserError(Problem("invalid", name, {"value": value, "allowed": allowed}))
    starts = range(0, rows, PART)
    # Parts are made whole and cut, so that fewer rows are the beginning of more.
    for start, its_seed in zip(starts, np.random.SeedSequence(seed).spawn(len(starts)), strict=True):
        ids = np.arange(start + 1, min(start + PART, rows) + 1).astype(str)
        whole = _cases(PART, np.random.default_rng(its_seed))
        named = {"case_id": np.ma.array(np.char.add("S", np.char.zfill(ids, 9)))}
        yield named | {name: column[: rows - start] for name, column in whole.items()}


def _cases(number: int, rng: np.random.Generator) -> dict[str, np.ma.MaskedArray]:
    """Invented columns; what is unknown is masked."""
    spec = shipped("portfolio/sample.yaml")
    days = _days(spec["days_overdue"]["unpaid"], number, rng)
    amount, score = (
        {key: entry["value"] for key, entry in spec[name].items() if key != "text"}
        for name in ("amount_overdue", "zhima_score")
    )
    again = spec["past_overdue"]["again"]["value"]
    facts: dict[str, np.ndarray] = {
        "days_overdue": days,
        "amount_overdue": np.round(
            np.clip(
                amount["median"] * np.exp(amount["spread"] * rng.standard_normal(number)),
                amount["lowest"],
                amount["highest"],
            ),
            2,
        ),
        "zhima_score": np.rint(
            np.clip(score["mean"] + score["spread"] * rng.standard_normal(number), score["lowest"], score["highest"])
        ).astype(int),
        "past_overdue": np.minimum(rng.geometric(1 - again, number) - 1, FIELDS["past_overdue"]["maximum"]),
        "communication": _communication(spec["communication"], days, rng),
        "contacts": rng.choice(list(spec["contacts"]["shares"]), number, p=list(spec["contacts"]["shares"].values())),
    }
    unknown = {name: rng.random(number) < share for name, share in spec["unknown"].items()}
    funded = spec["funded_by"]["shares"]
    facts["funded_by"] = rng.choice(list(funded), number, p=list(funded.values()))
    return {name: np.ma.array(column, mask=unknown.get(name, np.ma.nomask)) for name, column in facts.items()}


def _days(unpaid: list[dict[str, Any]], number: int, rng: np.random.Generator) -> np.ndarray:
    known, shares = ([entry[key] for entry in unpaid] for key in ("day", "share"))
    every = np.arange(known[0], known[-1] + 1)
    left = np.exp(np.interp(every, known, np.log(shares)))
    return rng.choice(every, number, p=left / left.sum())


def _communication(spec: dict[str, Any], days: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    levels = list(spec["start"])
    start, end = (np.array([spec[key][level] for level in levels]) for key in ("start", "end"))
    along = np.minimum(np.log1p(days) / math.log1p(90), 1)[:, None]
    reached = np.cumsum(start + (end - start) * along, axis=1)
    return np.array(levels)[np.minimum((rng.random(len(days))[:, None] > reached).sum(axis=1), len(levels) - 1)]
