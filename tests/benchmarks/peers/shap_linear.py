"""Shapley values of a linear model by shap, timed. Arguments: a file with x (n, k) and weights (k,), where to put the values, repeats."""

import json
import sys
import time
from pathlib import Path

import numpy as np
import shap

given = np.load(sys.argv[1])
x, weights = given["x"], given["weights"]
explainer = shap.LinearExplainer((weights, 0.0), np.zeros((1, len(weights))))
seconds = []
for _ in range(int(sys.argv[3])):
    start = time.perf_counter()
    values = explainer.shap_values(x)
    seconds.append(time.perf_counter() - start)
np.save(sys.argv[2], values)
memory = (
    int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) // 1024
)  # not its parent's, as ru_maxrss is
print(json.dumps({"seconds": min(seconds), "memory": memory}))
