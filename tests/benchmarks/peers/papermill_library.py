"""Seconds a report by papermill's function and one nbconvert exporter for all, the first (and its imports) not counted. Arguments: the
template, a JSON list of parameters, a folder to write to. Runs with this library's own Python."""

import json
import sys
import time
from pathlib import Path

import papermill
from nbconvert import HTMLExporter

template, folder = sys.argv[1], Path(sys.argv[3])
exporter, seconds = HTMLExporter(), []
for n, parameters in enumerate(json.loads(Path(sys.argv[2]).read_text("utf-8"))):
    start = time.perf_counter()
    out = folder / f"library-{n}.ipynb"
    node = papermill.execute_notebook(template, str(out), parameters, progress_bar=False)
    out.with_suffix(".html").write_text(exporter.from_notebook_node(node)[0], "utf-8")
    seconds.append(time.perf_counter() - start)
print(json.dumps({"seconds": sum(seconds[1:]) / (len(seconds) - 1)}))
