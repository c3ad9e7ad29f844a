"""A browser that is anybody's: it moves controls, and says nothing else to a panel. And the notebooks' app, under a foreign name."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest

from jiebei_lib.show.widget.fields import both, button, check, choice, group, heading, many, text
from jiebei_lib.show.widget.panel import Panel
from tests.attack.test_class import ask
from tests.lessons.test_class import free_port

ROOT = Path(__file__).resolve().parents[2]
OPTIONS = {"one": both("verdict.likely"), "two": both("verdict.unlikely")}
LABEL = both("verdict.likely")


@pytest.fixture
def panel():
    seen: list[dict] = []
    fields = [choice("pick", LABEL, OPTIONS), many("some", LABEL, OPTIONS), text("free", LABEL), button("go", LABEL)]
    made = Panel(
        fields,
        lambda values, lang: seen.append(dict(values)) or [],
        presses={"go": lambda values, _: seen.append(values)},
    )
    made.seen = seen
    return made


@pytest.mark.parametrize("junk", ["/etc/passwd.yaml", "../x.yaml", None, 7, ["one"], {"factors": {}}, True, "three"])
def test_a_choice_holds_one_of_its_options_whatever_a_browser_says(panel, junk):
    panel.set_state({"values": {**panel.values, "pick": junk, "some": [junk, "two"], "free": "as typed"}})
    panel._heard(panel, {"kind": "press", "name": "go"}, [])
    for values in panel.seen[-2:]:
        assert (values["pick"], values["some"], values["free"]) == ("one", ["two"], "as typed")
    panel.set_state({"values": {**panel.values, "pick": "two", "some": junk}})
    assert panel.seen[-1]["pick"] == "two" and panel.seen[-1]["some"] in ([], ["one"])


def test_what_a_panel_shows_is_not_a_browsers_to_say(panel):
    before = {name: getattr(panel, name) for name in ("fields", "page", "status", "_esm", "_css")}
    forged = choice("pick", LABEL, {"/etc/passwd.yaml": LABEL})
    panel.set_state(
        {"fields": [forged], "page": {"places": {}}, "status": {"text": {"en": "x"}}, "_esm": "alert(1)", "_css": "x"}
    )
    assert {name: getattr(panel, name) for name in before} == before


@pytest.mark.parametrize(
    "content",
    [
        None,
        7,
        "press",
        [],
        {},
        {"kind": None},
        {"kind": "press", "name": []},
        {"kind": "press", "name": {}},
        {"kind": "click", "figure": {}},
        {"kind": ["press"], "name": "go"},
        {"kind": "brush"},
        {"kind": "press", "name": "nosuch"},
    ],
)
def test_a_message_that_means_nothing_is_passed_over(panel, content):
    drawn = len(panel.seen)
    panel._heard(panel, content, [])
    assert len(panel.seen) == drawn


def test_no_file_of_the_machine_is_read_through_a_panel(tmp_path, monkeypatch):
    """A policy's name, in the panel of one case, is a name: not a path, nor an overlay's content."""
    from jiebei_lib.show.panels import one_case

    secret = tmp_path / "secret.yaml"
    secret.write_text("api_token: s3cr3t-value\n")
    made = one_case()
    first = made.page["places"]
    for forged in (str(secret), {"factors": {"amount": {"pressing": 60000}}}, "/etc/passwd"):
        made.set_state({"values": {**made.values, "policy": forged}})
        assert not made.page["problem"]
        assert "s3cr3t" not in str(made.page) and "api_token" not in str(made.page)
        assert str(made.page["places"]) == str(first)


def test_the_headings_and_groups_of_fields_are_no_hindrance():
    fields = [heading(LABEL), group(LABEL, [check("yes", LABEL), choice("in", LABEL, OPTIONS)])]
    made = Panel(fields, lambda values, lang: [])
    made.set_state({"values": {"yes": True, "in": "three"}})
    assert made.given() == {"yes": True, "in": "one"}


@pytest.mark.slow
def test_the_app_answers_to_this_machines_names_only(tmp_path):
    pytest.importorskip("voila")
    port, config = free_port(), ROOT / "notebooks" / ".jupyter"
    environment = {
        **os.environ,
        "JUPYTER_CONFIG_PATH": str(config),
        "JUPYTER_PATH": str(config),
        "PYTHONPATH": str(ROOT),
    }
    command = [
        sys.executable,
        "-m",
        "voila",
        str(ROOT / "notebooks"),
        "--no-browser",
        "--Voila.ip=127.0.0.1",
        f"--port={port}",
    ]
    with (tmp_path / "log").open("w") as log:
        app = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=log, stderr=log)
    try:
        link, end = f"http://127.0.0.1:{port}/", time.monotonic() + 60
        while time.monotonic() < end:
            try:
                if ask(link)[0] == 200:
                    break
            except OSError:
                time.sleep(0.3)
        assert ask(link, headers={"Host": f"localhost:{port}"})[0] == 200
        for path in ("/", "/voila/tree/", f"/api/kernels/{uuid.uuid4()}", f"/api/kernels/{uuid.uuid4()}/channels"):
            assert ask(link, path, {"Host": f"rebind.evil.example:{port}"})[0] in (400, 403), path
    finally:
        app.terminate()
        app.wait(20)
