"""The readings at the ends of the article's assumptions, at which every report on a case looks for what its answer rests on.

They are drawn once for all reports of a batch, and apart from the process that holds them: scipy, which draws them, takes more memory
than all else together.
"""

from __future__ import annotations

import os
import pickle
from contextlib import suppress

from jiebei_lib.core import readings
from jiebei_lib.core.policy import BUILT_IN, load_policy
from jiebei_lib.core.scoring.sensitivity import movable

# What draws them, for a process that has to do it again and again, as the reports of another policy do
DRAWING = ("scipy.optimize", "scipy.spatial", "scipy.stats")


def draw_apart() -> None:
    """In the fork server, before it serves: a copy draws, hands over what it has drawn, and ends with all that it has imported. Where it
    fails, nothing is handed over, and each report draws for itself."""
    theirs, ours = os.pipe()
    if not (copy := os.fork()):
        with suppress(BaseException), open(ours, "wb") as pipe:
            pickle.dump(_drawn(), pipe)
        os._exit(0)
    os.close(ours)
    with suppress(EOFError, pickle.UnpicklingError), open(theirs, "rb") as pipe:
        readings.drawn |= pickle.load(pipe)
    os.waitpid(copy, 0)


def _drawn() -> dict[str, readings.Readings]:
    for name in BUILT_IN:  # on a new machine they are drawn here too, and kept on disk
        _ = load_policy(name).readings
    policies = [one for each in movable(load_policy()) for one in each.policies]
    return {readings.relevant(one.data): one.readings for one in policies}
