"""One score a row by optbinning: a scorecard fitted on the first rows of the table, then timed on all. Arguments: table, repeats."""

import json
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from optbinning import BinningProcess, Scorecard
from sklearn.linear_model import LogisticRegression

table, repeats = pd.read_csv(sys.argv[1]), int(sys.argv[2])
features = ["days_overdue", "amount_overdue", "zhima_score", "past_overdue", "communication", "contacts"]
table = table[features]
rng = np.random.default_rng(1)
called = rng.random(len(table)) < 1 / (1 + np.exp(9 - np.log(table.amount_overdue) - (table.communication == "silent")))
card = Scorecard(
    binning_process=BinningProcess(features, categorical_variables=["communication", "contacts"]),
    estimator=LogisticRegression(max_iter=500),
    scaling_method="min_max",
    scaling_method_params={"min": 300, "max": 850},
)
fitted = min(len(table), 50_000)
card.fit(table.iloc[:fitted], called[:fitted].astype(int))
seconds = []
for _ in range(repeats):
    start = time.perf_counter()
    card.score(table)
    seconds.append(time.perf_counter() - start)
memory = (
    int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) // 1024
)  # not its parent's, as ru_maxrss is
print(json.dumps({"seconds": min(seconds), "memory": memory}))
