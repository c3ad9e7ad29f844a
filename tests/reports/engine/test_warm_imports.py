"""Which modules are imported beforehand: what the user names or notebooks begin with, and never one that would make a difference."""

from __future__ import annotations

import os
import sys

import pytest

pytest.importorskip("papermill")

from jiebei_lib.reports.engine import careful_import, fork_server, kernel_process, launch_state, warm_imports
from tests.reports.engine import same

pytestmark = pytest.mark.skipif(not fork_server.WORKS, reason="forks: Linux only")


@pytest.mark.parametrize(
    ("code", "modules"),
    [
        ("import pandas as pd\nimport numpy, plotly.express as px\npd.DataFrame()\nimport scipy", ("pandas", "numpy", "plotly.express")),
        ("'doc'\nfrom plotly import graph_objects as go\nx = 1\nfrom scipy import linalg", ("plotly>graph_objects", "scipy>linalg")),
        ("%matplotlib inline\n%load_ext autoreload\nimport pandas", ("pandas",)),
        ("def f(): pass\nlang: str = 'zh'\ncase = {'a': [1, -2.5]}\nimport pandas", ("pandas",)),
        ("import os\nos.environ['A'] = '1'\nimport pandas", ()),
        ("%env A=1\nimport pandas", ()),
        ("!pip list\nimport pandas", ()),
        ("if True:\n    import pandas", ()),
        ("import warnings\nwarnings.simplefilter('error')\nimport pandas", ()),
        ("x = f()\nimport pandas", ()),
        ("a.b = 1\nimport pandas", ()),
        ("from . import pandas\nfrom pandas import *\nimport json, not_installed_anywhere, pandas.io", ("pandas.io",)),
        ("from __future__ import annotations\nimport pandas", ("pandas",)),
        ("import (", ()),
        ("", ()),
    ],
)  # fmt: skip
def test_a_notebook_begins_with_its_first_imports_and_no_further(code, modules):
    assert warm_imports.learned(code) == modules


def test_the_user_names_modules_or_a_file_of_them(monkeypatch, tmp_path):
    monkeypatch.delenv("JIEBEI_WARM", raising=False)
    assert warm_imports.chosen() is None
    monkeypatch.setenv("JIEBEI_WARM", "")
    assert warm_imports.chosen() == ()
    monkeypatch.setenv("JIEBEI_WARM", "pandas, plotly.express,pandas")
    assert warm_imports.chosen() == ("pandas", "plotly.express")
    (tmp_path / "modules.txt").write_text("pandas\n# plots\nplotly.express  # slow\n\n", "utf-8")
    monkeypatch.setenv("JIEBEI_WARM", str(tmp_path / "modules.txt"))
    assert warm_imports.chosen() == ("pandas", "plotly.express")


def test_a_set_of_imports_is_warm_from_the_second_notebook_with_it_on(monkeypatch):
    monkeypatch.delenv("JIEBEI_WARM", raising=False)
    monkeypatch.setattr(warm_imports, "_seen", type(warm_imports._seen)())
    one, both = same.notebook(["import numpy"]), same.notebook(["import numpy, pandas"])
    assert [warm_imports.for_notebook(each) for each in (one, both, one, both)] == [
        (),
        (),
        ("numpy",),
        ("numpy", "pandas"),
    ]
    assert warm_imports.for_notebook(same.notebook(["import numpy, scipy"])) == ("numpy",)


UNFIT = {
    "threads": "import threading, time\nthreading.Thread(target=time.sleep, args=(99,), daemon=True).start()",
    "prints": "print('hello')",
    "prints past Python": "import os\nos.write(1, b'hello')",
    "warns": "import warnings\nwarnings.warn('careful')",
    "warns the importer": "import warnings\nwarnings.warn('old', DeprecationWarning, stacklevel=2)",
    "kernel": "from IPython import get_ipython\nget_ipython().events.register('post_execute', print)",
    "comms": "import comm\ncomm.get_comm_manager().register_target('x', print)",
    "keeps": "import sys\nout = sys.stdout",
    "changes the environment": "import os\nos.environ['NEW'] = '1'",
    "changes the path": "import sys\nsys.path.append('/new')",
    "changes a hook": "import sys\nsys.excepthook = print",
    "changes built-ins": "import builtins\nbuiltins.new = 1",
    "folder": "import os\nhere = os.path.abspath('data')",
    "fails": "1 / 0",
}
FIT = {
    "asks for a shell": "from IPython import get_ipython\nshell = bool(get_ipython()), type(get_ipython()).__name__",
    "logs": "import logging\nlogging.getLogger('own').addHandler(logging.StreamHandler())\nlogging.getLogger('own').propagate = False",
    "warns of nothing shown": "import warnings\nwarnings.simplefilter('ignore')\nwarnings.warn('x')",
    "plain": "import json\nx = 1",
}


@pytest.mark.parametrize("kind", [*UNFIT, *FIT])
def test_a_module_that_does_more_than_define_stays_cold(kind, tmp_path, monkeypatch):
    (tmp_path / "planted.py").write_text((UNFIT | FIT)[kind] + "\n", "utf-8")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])}
    server = fork_server.Server(fork_server.Start(kernel_process.IMPORTS, (), ("planted",)), environment)
    try:
        cold = server.told["cold"]
    finally:
        server.close()
    assert cold == ({} if kind in FIT else {"planted": kind.split()[0].replace("comms", "kernel")})


def test_what_stays_cold_is_said_once_and_the_notebook_is_the_same(printed, tmp_path, monkeypatch):
    folder = tmp_path / "modules"
    folder.mkdir()
    for name, text in {"loud": UNFIT["prints"], "logged": FIT["logs"]}.items():
        (folder / f"{name}.py").write_text(text + "\n", "utf-8")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.setenv("JIEBEI_WARM", "loud,logged")
    monkeypatch.setattr(warm_imports, "_said", set())
    cells = ["import loud, logged, logging", "logging.getLogger('own').warning('through its own handler')"]
    with pytest.warns(UserWarning, match="loud"):
        told = printed(*cells)
    assert told == (["hello", "through its own handler"], None) == printed(*cells, engine=None)


def test_a_reason_has_words_in_both_languages():
    for lang in ("zh", "en"):
        said = warm_imports.words(lang)
        assert {kind.split()[0].replace("comms", "kernel") for kind in UNFIT} == set(said["why"])
        assert "{module}" in said["cold"] and "{why}" in said["cold"]


@pytest.mark.parametrize("root", ["plotly", "pandas"])
def test_what_is_imported_along_depends_on_nothing_that_a_notebook_can_set(root, monkeypatch):
    pytest.importorskip(root)
    server = fork_server.server(kernel_process.IMPORTS)
    assert server.call(companions_read, root) == []


def companions_read(root: str) -> list[str]:
    """In a copy: the variables read by what is imported along with a module, and what of it is not fit."""
    __import__(root)
    with launch_state.watched():
        launch_state._read.clear()
        said = [careful_import.unfit(name) for name in warm_imports.with_companions([root])[1:]]
    return [*launch_state._read, *filter(None, said)]


@pytest.mark.parametrize(
    ("name", "called"), [("~planted:Kept.read(a,b)", ["a", "b"]), ("planted:Kept.read(a,b)", None)]
)
def test_what_a_module_reads_at_its_first_use_is_read_beforehand_and_only_if_we_say_so(name, called, tmp_path):
    (tmp_path / "planted.py").write_text(
        "class Kept:\n    @staticmethod\n    def read(*words):\n        Kept.words = [*words]\n", "utf-8"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])}
    server = fork_server.Server(fork_server.Start(kernel_process.IMPORTS, (), (name,)), environment)
    try:
        assert server.call(kept_words) == called
    finally:
        server.close()


def kept_words() -> list[str] | None:
    """In a copy: with what words the planted module was called."""
    return getattr(getattr(sys.modules.get("planted"), "Kept", None), "words", None)
