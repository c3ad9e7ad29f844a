"""The site: a folder with a page a notebook and the runtime that they share, or one HTML file that holds all of it and opens from disk."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup

from jiebei_lib import __version__
from jiebei_lib.core.knowledge.problems import Problem, UserError
from jiebei_lib.core.knowledge.user_files import write_whole
from jiebei_lib.core.knowledge.yaml_files import HERE
from jiebei_lib.page.html import environment, plotly_bundle
from jiebei_lib.page.text import LANGUAGES, say
from jiebei_lib.reports.light.page import content_policy
from jiebei_lib.reports.site.library import library
from jiebei_lib.reports.site.runtime import ROOM, Runtime, known, runtime
from jiebei_lib.show.widget.static import switch_html

RECORD = "jiebei-site.json"  # in the folder: which files were put there, so that only those are taken away again
INDEX = "index"
# What a page of the folder may do: run what lies beside it and ask for nothing else. A panel's style is written when it appears.
POLICY = (
    "default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src data: blob:; base-uri 'none'; form-action 'none'"
)


@dataclass(frozen=True)
class Made:
    """What was written: its bytes, and whether Python's own compiled files went along (without, each start takes longer)."""

    size: int
    compiled: bool


def site(out: str | Path, single: bool = False, pyodide: str | Path | None = None, force: bool = False) -> Made:
    """Writes the folder ``out``, or the file ``out`` if ``single``. ``pyodide``: a folder with the runtime; without one it is fetched once
    and kept. Raises :class:`UserError`: no runtime to be had, or ``out`` is something else already (unless ``force``)."""
    out = Path(out)
    before = _ours_before(out, single, force)
    with tempfile.TemporaryDirectory(prefix="jiebei-site-") as made:
        engine = runtime(pyodide, known()["packages"])
        drawn = _drawn(Path(made))
        packed = library(Path(made, "compiled"))
    texts = _Texts(drawn, single)
    if single:
        content = _one_file(texts, engine, packed).encode()
        write_whole(out, content)
        return Made(len(content), b".pyc" in packed)
    files = _folder(texts, engine, packed)
    _replace(out, files, before)
    return Made(sum(map(len, files.values())), b".pyc" in packed)


def _drawn(folder: Path) -> dict[str, Any]:
    """The pages (states.py), made in a process of their own with an empty cache."""
    own = {
        name: value
        for name, value in os.environ.items()
        if name not in ("JIEBEI_CLASS", "JIEBEI_LESSON", "JIEBEI_LINK")
    }
    own |= {"JIEBEI_CACHE": str(folder / "cache"), "JIEBEI_LANG": LANGUAGES[0], "PYTHONPATH": os.pathsep.join(sys.path)}
    (folder / "cache").mkdir()  # nothing may come into it where a wheel brought all there is
    command = [sys.executable, "-m", f"jiebei_lib.{ROOM.replace('/', '.')}.states", str(folder / "compiled")]
    subprocess.run(command, env=own, check=True, stdout=subprocess.DEVNULL)
    drawn: dict[str, Any] = json.loads((folder / "compiled" / "pages.json").read_text("utf-8"))
    return drawn


class _Texts:
    """Pages, scripts and style as text. Each panel's script stands once, whatever the number of panels that use it."""

    def __init__(self, drawn: Mapping[str, Any], single: bool):
        self.single = single
        self.pages = list(drawn["pages"])
        scripts = list(
            dict.fromkeys(cell["script"] for page in self.pages for cell in page["cells"] if "script" in cell)
        )
        for page in self.pages:
            for cell in page["cells"]:
                if "script" in cell:
                    cell["widget"] = scripts.index(cell["script"])
        # A module's own names stay its own in a function of its own
        bodies = [f"(() => {{\n{script.replace('export default {', 'return {', 1)}\n}})()" for script in scripts]
        self.widgets = "const WIDGETS = [\n" + ",\n".join(bodies) + "\n];\n"
        self.style = "\n".join([*drawn["styles"], text("site.css")])

    def index(self) -> dict[str, Any]:
        said = {key: {lang: say(f"site.{key}", lang) for lang in LANGUAGES} for key in ("title", "lead")}
        return {"name": INDEX, **said}

    def body(self, page: Mapping[str, Any]) -> Markup:
        template = environment().get_template(f"{ROOM}/body.html.j2")
        return Markup(template.render(page=page, listed=self.pages, single=self.single, say=say, switch=switch_html()))

    def page(self, page: Mapping[str, Any], rest: Markup, policy: str, style: str | None) -> str:
        template = environment().get_template(f"{ROOM}/site.html.j2")
        return template.render(
            page=page,
            single=self.single,
            body="" if self.single else self.body(page),
            rest=rest,
            policy=policy,
            style=None if style is None else Markup(style),
            version=__version__,
            say=say,
        )

    def script(self, head: Mapping[str, str], tail: str) -> str:
        constants = {"PACKAGES": json.dumps(known()["packages"]), **head}
        lines = "".join(f"const {name} = {value};\n" for name, value in constants.items())
        return f'"use strict";\n{lines}{self.widgets}{text("live.js")}{tail}'


def text(name: str) -> str:
    """A file of this room."""
    return (HERE / ROOM / name).read_text("utf-8")


# ---- a folder ------------------------------------------------------------------------------------------------------


def _folder(texts: _Texts, engine: Runtime, packed: bytes) -> dict[str, bytes]:
    """All files of the folder by name."""
    start = {
        "START": 'async () => new Worker("worker.js")',
        "CHARTS": 'async () => "plotly.min.js"',
        "KEEP": '"service.js"',
    }
    rest = Markup('<script src="live.js"></script>')
    files = {
        f"{page['name']}.html": texts.page(page, rest, POLICY, None).encode() for page in (texts.index(), *texts.pages)
    }
    files |= {
        "live.js": texts.script(start, 'first_switch();\nmark("words");\nlive();\n').encode(),
        "worker.js": text("folder.js").encode(),
        "python.js": text("worker.js").encode(),
        "site.css": texts.style.encode(),
        "plotly.min.js": plotly_bundle().encode(),
        "library.zip": packed,
    }
    files |= {f"pyodide/{name}": content for name, content in engine.files.items()}
    files[f"pyodide/{known()['lock']}"] = json.dumps(engine.lock).encode()
    return files | {"service.js": _service(files).encode()}


def _service(files: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256(b"".join(hashlib.sha256(files[name]).digest() for name in sorted(files))).hexdigest()[:16]
    return f"const VERSION = {json.dumps(digest)}, FILES = {json.dumps(sorted(files))};\n{text('service.js')}"


def _ours_before(out: Path, single: bool, force: bool = False) -> list[str]:
    """The files that an earlier site left in ``out``. Raises :class:`UserError` where it is anything else but nothing,
    unless ``force``."""
    if single:
        if out.is_dir() or (out.exists() and not force and b'content="jiebei ' not in out.read_bytes()[:2000]):
            raise UserError(Problem("not_our_site", str(out)))
        return []
    if not out.exists():
        return []
    try:
        record = json.loads((out / RECORD).read_text("utf-8"))["files"]
    except (OSError, ValueError, KeyError, TypeError):
        if out.is_dir() and (force or not any(out.iterdir())):
            return []
        raise UserError(Problem("not_our_site", str(out))) from None
    # A record may be anybody's: only plain names within the folder count
    return [
        name for name in record if isinstance(name, str) and ".." not in name.split("/") and not name.startswith("/")
    ]


def _replace(out: Path, files: Mapping[str, bytes], before: list[str]) -> None:
    """Puts the files in place of an earlier site's; what else lies there stays."""
    try:
        (out / "pyodide").mkdir(parents=True, exist_ok=True)
    except OSError as failure:
        raise UserError(Problem("cannot_write", str(out), {"value": failure.strerror or failure})) from None
    for name, content in files.items():
        write_whole(out / name, content)
    write_whole(out / RECORD, json.dumps({"jiebei": __version__, "files": sorted(files)}))
    for name in set(before) - set(files):
        (out / name).unlink(missing_ok=True)


# ---- one file ------------------------------------------------------------------------------------------------------


def _one_file(texts: _Texts, engine: Runtime, packed: bytes) -> str:
    """All of it as one page. Its policy lets its own scripts run, and nothing be asked for; Python's own needs to make functions."""
    carried = dict(engine.files) | {known()["lock"]: json.dumps(engine.lock).encode(), "library.zip": packed}
    parts = [_carried(name, content, True) for name, content in carried.items()]
    parts.append(_carried("plotly.min.js", plotly_bundle().encode(), False))
    python = text("worker.js") + text("single.js")
    script = texts.script({}, text("carried.js") + text("pages.js"))
    assert "</script" not in python + script  # it would end the element that it stands in
    pages = [
        Markup('<template id="page-{}">{}</template>').format(page["name"], texts.body(page))
        for page in (texts.index(), *texts.pages)
    ]
    run = Markup('<script type="text/plain" id="python">{}</script>\n<script>{}</script>').format(
        Markup(python), Markup(script)
    )
    rest = Markup("\n").join([*pages, *parts, run])
    policy = (
        content_policy([script], [])
        .replace("style-src ", "style-src 'unsafe-inline'")
        .replace("script-src ", "script-src blob: 'unsafe-eval' 'wasm-unsafe-eval' ")
    )
    return texts.page(texts.index(), rest, policy + "; worker-src blob:; img-src data: blob:", texts.style)


def _carried(name: str, content: bytes, for_python: bool) -> Markup:
    """A file as an element of the page: compressed, unless it is so already."""
    packed = not name.endswith((".zip", ".whl"))
    held = base64.b64encode(gzip.compress(content, 9, mtime=0) if packed else content).decode()
    file = Markup(' data-file="{}"').format(name) if for_python else ""
    kind = Markup(' data-packed="gzip"') if packed else ""
    return Markup('<script type="application/octet-stream" id="file-{}"{}{}>{}</script>').format(name, file, kind, held)
