"""Runs a notebook by an engine, and takes from what comes out all that differs between two runs of one engine."""

from __future__ import annotations

import json
import re
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client.asynchronous import AsyncKernelClient
from jupyter_client.manager import AsyncKernelManager
from traitlets import Type, Unicode

from jiebei_lib.reports.engine.kernel_process import HearingChannel


class HearingClient(AsyncKernelClient):
    """The standard engine's, but for a fault of jupyter_client's that lets it wait for ever where a widget captures output."""

    shell_channel_class = Type(HearingChannel)


class Standard(AsyncKernelManager):
    """The standard engine's, with that client."""

    client_class = Unicode(f"{__name__}.HearingClient")
    client_factory = Type(HearingClient)


TAGS = re.compile(r"#\[([\w-]+)\] ?\n")
HEX = re.compile(r"(?<![0-9a-f])(?:[0-9a-f]{32}|[0-9a-f]{8}-[0-9a-f-]{27})(?![0-9a-f])")


def notebook(cells: list[str], kernel: str = "python3", markdown: str | None = None) -> nbformat.NotebookNode:
    made = []
    for number, source in enumerate(cells):
        tag = TAGS.match(source)
        cell = nbformat.v4.new_code_cell(source[tag.end() :] if tag else source, id=f"cell-{number}")
        cell.metadata["tags"] = [tag[1]] if tag else []
        made.append(cell)
    if markdown:
        made.insert(0, nbformat.v4.new_markdown_cell(markdown, id="words"))
    spec = {"name": kernel, "display_name": kernel, "language": "python"}
    return nbformat.v4.new_notebook(cells=made, metadata={"kernelspec": spec})


def ran(source: nbformat.NotebookNode, folder: Path, engine: str | None, options: dict[str, Any]) -> dict[str, Any]:
    """What came of a run in a folder: the notebook, timeless, and the kind of exception that it ended in."""
    import papermill

    from jiebei_lib.reports.render import _private_sockets

    folder.mkdir(parents=True, exist_ok=True)
    nbformat.write(source, folder / "in.ipynb")
    ended = None
    options = {"progress_bar": False, "cwd": str(folder), **options}
    try:
        # A port that the standard engine has chosen may be somebody else's when its kernel comes to open it.
        with nullcontext() if engine else _private_sockets() as config:
            options |= {} if engine else {"config": config, "kernel_manager_class": Standard}
            papermill.execute_notebook(
                str(folder / "in.ipynb"), str(folder / "out.ipynb"), engine_name=engine, **options
            )
    except Exception as failure:
        ended = getattr(failure, "ename", type(failure).__name__)
    written = json.loads((folder / "out.ipynb").read_text("utf-8"))
    return {"ended": ended, "notebook": timeless(written, folder)}


def timeless(written: dict[str, Any], folder: Path) -> dict[str, Any]:
    """A notebook without times, ids, numbers of processes and addresses, and with what was written in two pieces in one."""
    widgets = written["metadata"].get("widgets", {}).get("application/vnd.jupyter.widget-state+json", {})
    if "state" in widgets:  # in the order of their random ids
        states = [json.dumps(each, sort_keys=True) for each in widgets["state"].values()]
        widgets["state"] = sorted(re.sub(HEX, "ID", each) for each in states)
    for cell in written["cells"]:
        cell["outputs"] = joined(cell.get("outputs", []))
    text = json.dumps(written, ensure_ascii=False).replace(str(folder), "FOLDER")
    text = re.sub(r'"\d{4}-\d\d-\d\dT[^"]*"', '"TIME"', text)
    text = re.sub(r'"duration": [\d.e-]+', '"duration": 0', text)
    text = re.sub(r"ipykernel_\d+", "ipykernel_N", text)
    text = re.sub(r"\(pid=\d+\)", "(pid=N)", text)  # newer Pythons' word on a fork
    text = re.sub(r"kernel-[0-9a-f-]{36}\.json|v3[0-9a-zA-Z]{8,}\.json|tmp\w{6,12}\.json", "kernel.json", text)
    text = re.sub(r"\b(0x[0-9a-f]{6,}|(?<!-)7[0-9a-f]{11})\b", "0xN", text)  # an id's last part is none
    text = re.sub(r"\b[\d.]+ (ns|μs|us|ms|s)\b", "N s", text)  # what %time says
    known: dict[str, str] = {}
    for found in re.findall(HEX, text):
        known.setdefault(found, f"ID{len(known)}")
    for found, name in known.items():
        text = text.replace(found, name)
    return json.loads(re.sub(r'"id": "[0-9a-f]{8}"', '"id": "NEW"', text))


def joined(outputs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Neighbouring pieces of one stream as one: where it is cut depends on the clock."""
    made: list[dict[str, Any]] = []
    for output in outputs:
        if output["output_type"] == "stream":
            output["text"] = "".join(output["text"])
            if made and made[-1].get("name") == output["name"]:
                made[-1]["text"] += output["text"]
                continue
        made.append(output)
    return made


def differences(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """What differs, cell by cell."""
    said = [f"ended in {one['ended']}, {other['ended']}"] if one["ended"] != other["ended"] else []
    first, second = one["notebook"], other["notebook"]
    for number, (left, right) in enumerate(zip(first["cells"], second["cells"], strict=False)):
        if left != right:
            said.append(f"cell {number}: {left}\n   and: {right}")
    rest = [{key: value for key, value in each.items() if key != "cells"} for each in (first, second)]
    if rest[0] != rest[1] or len(first["cells"]) != len(second["cells"]):
        said.append(f"metadata: {rest[0]}\n   and: {rest[1]}")
    return said
