"""The least changes that DiCE finds for cases, on our own score: communication and amount may change, as for us. Arguments: cases as
JSON, where to put what it finds. Needs this library on the path (numpy only)."""

import json
import sys
import time
import warnings
from pathlib import Path

import dice_ml
import numpy as np
import pandas as pd

from jiebei_lib.core.case import FIELDS
from jiebei_lib.core.policy import load_policy
from jiebei_lib.core.rules.factors import coded, pressures
from jiebei_lib.core.scoring.score import evaluate

warnings.filterwarnings("ignore")
policy, levels = load_policy(), FIELDS["communication"]["levels"]


class Model:
    """Says "more likely than not" where most readings do, the rest of the case held."""

    def __init__(self, case):
        self.case = case

    def predict_proba(self, rows):
        facts = {name: [self.case.get(name)] * len(rows) for name in FIELDS}
        facts["communication"], facts["amount_overdue"] = (
            list(rows["communication"]),
            list(rows["amount_overdue"].astype(float)),
        )
        columns = coded(facts)
        share = evaluate(*pressures(columns, policy), columns["days_overdue"], policy).share
        return np.column_stack([1 - share, share])

    def predict(self, rows):
        return (self.predict_proba(rows)[:, 1] > 0.5).astype(int)


found, seconds = [], 0.0
for case in json.loads(Path(sys.argv[1]).read_text("utf-8")):
    amount = case["amount_overdue"]
    grid = pd.DataFrame(
        [(level, float(a)) for level in levels for a in np.linspace(1, amount, 40)],
        columns=["communication", "amount_overdue"],
    )
    model = Model(case)
    grid["called"] = model.predict(grid)
    start = time.perf_counter()
    data = dice_ml.Data(dataframe=grid, continuous_features=["amount_overdue"], outcome_name="called")
    dice = dice_ml.Dice(data, dice_ml.Model(model=model, backend="sklearn"), method="random")
    now = pd.DataFrame([{"communication": case["communication"], "amount_overdue": amount}])
    try:
        made = dice.generate_counterfactuals(
            now,
            total_CFs=4,
            desired_class=0,
            permitted_range={"amount_overdue": [1, amount]},
            random_seed=1,
            verbose=False,
        )
        frame = made.cf_examples_list[0].final_cfs_df
        found.append(
            []
            if frame is None
            else frame[["communication", "amount_overdue"]].astype({"amount_overdue": float}).values.tolist()
        )
    except Exception:  # it finds none
        found.append([])
    seconds += time.perf_counter() - start
with open(sys.argv[2], "w", encoding="utf-8") as file:
    json.dump(found, file)
memory = (
    int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) // 1024
)  # not its parent's, as ru_maxrss is
print(json.dumps({"seconds": seconds, "memory": memory}))
