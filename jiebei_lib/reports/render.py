"""Reports: a template notebook run by papermill with checked parameters, its outputs put on one page (HTML), printed (PDF).

The rendered notebook is kept as evidence, with its parameters and outputs. What a cell shows is either words (HTML that the
library made and escaped) or a plotly figure that carries its text alternative and its numbers.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jiebei_lib import __version__
from jiebei_lib.core.knowledge.problems import Phrase, Problem, ReportError, items, shown
from jiebei_lib.core.knowledge.user_files import write_whole
from jiebei_lib.core.knowledge.yaml_files import beside
from jiebei_lib.page.html import HEAD, chart_words, plotly_bundle, stylesheet
from jiebei_lib.page.text import LANGUAGES, say
from jiebei_lib.reports.engine import fork_server as warm
from jiebei_lib.reports.outputs import name_for
from jiebei_lib.reports.pdf import find_browser, pictures, printed

if TYPE_CHECKING:
    from jiebei_lib.page.brand import Brand

FORMATS = ("html", "pdf", "docx")
NEEDED = ("papermill", "nbclient", "ipykernel", "plotly")
REPORTS = Path("reports")  # where renders go if nothing else is said
STYLE = "report.css"  # the style's name where it stands beside many reports
FIGURE = "application/vnd.plotly.v1+json"


@dataclass(frozen=True)
class Rendered:
    """One report: its executed notebook, its page, print and Word document (None where not asked for), and its answer in one sentence."""

    notebook: Path
    html: Path | None
    pdf: Path | None
    headline: str
    docx: Path | None = None

    @property
    def files(self) -> list[Path]:
        """What was written, what is read first."""
        return [path for path in (self.html, self.pdf, self.docx, self.notebook) if path]


def render(
    template: str,
    parameters: Mapping[str, Any],
    stem: str,
    to: Iterable[str] = ("html",),
    out: Path | str = REPORTS,
    progress: Callable[[float], None] | None = None,
    engine: str | None = None,
    bundle: str | None = None,
    data: Iterable[Path] = (),
    brand: Brand | None = None,
    force: bool = False,
) -> Rendered:
    """Any report template of ``notebooks/templates``, run with ``parameters`` (which hold ``lang``) and written to ``out``.

    Every file appears whole or not at all. ``progress`` is called with numbers from 0 to 1. ``engine`` is papermill's; ``bundle`` as
    in :func:`page`; ``data`` are files that the notebook reads by their bare names. Under what name: :func:`name_for`.
    """
    formats, tell = checked_formats(to), progress or (lambda done: None)
    if (lang := parameters.get("lang")) not in LANGUAGES:
        levels = Phrase("levels", {"items": ", ".join(LANGUAGES)})
        raise ReportError(Problem("invalid", "lang", {"value": shown(lang), "allowed": levels}))
    name = name_for(folder := writable(Path(out)), stem, parameters, force)
    with private_folder(data) as run_in:
        files, headline = rendered(template, parameters, name, formats, run_in, tell, engine, bundle, brand)
    paths = {suffix: write(folder / f"{name}{suffix}", content) for suffix, content in files.items()}
    tell(1.0)
    return Rendered(paths[".ipynb"], paths.get(".html"), paths.get(".pdf"), headline, paths.get(".docx"))


def rendered(
    template: str | Path,
    parameters: Mapping[str, Any],
    name: str,
    formats: Iterable[str],
    folder: Path,
    tell: Callable[[float], None],
    engine: str | None = None,
    bundle: str | None = None,
    brand: Brand | None = None,
) -> tuple[dict[str, str | bytes], str]:
    """The files of :func:`render` by suffix, written nowhere, and the headline. The notebook runs in ``folder``."""
    tell(0.05)
    notebook = template if isinstance(template, Path) else beside("templates") / f"{template}.ipynb"
    executed = execute(notebook, parameters, folder / f"{name}.ipynb", engine)
    tell(0.7)
    head, sections = collected(executed)
    if not head:  # a template of somebody's own need not know of it
        told = re.search(r"^# (.+)$", "\n".join(c.source for c in executed.cells if c.cell_type == "markdown"), re.M)
        head = {"lang": parameters["lang"], "title": told[1] if told else name, "headline": told[1] if told else name}
    kind = "" if isinstance(template, Path) else template.removesuffix("_report")
    files: dict[str, str | bytes] = {".ipynb": _written(executed, compact=bundle is not None)}
    if "html" in formats:
        files[".html"] = page(head, sections, charts="live", bundle=bundle, brand=brand, kind=kind)
    if {"pdf", "docx"} & set(formats):
        whole, browser = page(head, sections, charts="live", opened=True, brand=brand, kind=kind), find_browser()
        if "pdf" in formats:
            files[".pdf"] = printed(whole, browser)
        if "docx" in formats:
            from jiebei_lib.page.word import as_docx

            colour = brand.colour if brand else ""
            files[".docx"] = as_docx(whole, head["lang"], head["title"], pictures(whole, browser), colour)
    return files, head["headline"]


def branded(path: str | Path | None) -> Brand | None:
    """The brand of a file, if one is named, with sections that our reports have. Raises :class:`ReportError`."""
    if path is None:
        return None
    from jiebei_lib.page.brand import KINDS, read_brand

    known = {}
    for kind in KINDS:
        file = beside("templates") / (f"{kind}.ipynb" if kind == "handout" else f"{kind}_report.ipynb")
        cells = [cell for cell in json.loads(file.read_text("utf-8"))["cells"] if cell["cell_type"] == "code"]
        known[kind] = [cell["id"] for cell in cells if cell["id"] not in ("parameters", "head")]
    return read_brand(path, known)


def checked_formats(to: Iterable[str]) -> list[str]:
    """The formats asked for, checked, and that what makes them is installed: before a folder is made for them. Raises
    :class:`ReportError`."""
    if missing := next((name for name in NEEDED if find_spec(name) is None), None):
        raise ReportError(Problem("no_extra", missing, {"allowed": "jiebei-lib[reports]"}))
    formats = [name.strip() for name in to]
    for name in formats:
        if name not in FORMATS:
            raise ReportError(Problem("not_one_of", "--to", {"value": shown(name), "allowed": items(FORMATS)}))
    if "docx" in formats and find_spec("docx") is None:
        raise ReportError(Problem("no_extra", "docx", {"allowed": "jiebei-lib[office]"}))
    if {"pdf", "docx"} & set(formats):
        find_browser()
    return formats


def writable(folder: Path) -> Path:
    """The folder, made if need be. Raises :class:`ReportError`."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK):
            raise PermissionError(13, os.strerror(13))
    except OSError as failure:
        raise ReportError(Problem("cannot_write", str(folder), {"value": failure.strerror or failure})) from None
    return folder


@contextmanager
def private_folder(data: Iterable[Path] = ()) -> Iterator[Path]:
    """A new folder for a notebook to run in, with copies of what it reads: a kernel takes modules from where it runs, and whoever
    can write into the reader's folders could have put a ``jinja2.py`` there. Raises :class:`ReportError`."""
    import shutil
    import tempfile

    with tempfile.TemporaryDirectory(prefix="jiebei-run-") as name:
        for file in data:
            try:
                if not file.is_file():
                    raise FileNotFoundError(2, os.strerror(2))
                shutil.copyfile(file, Path(name, file.name))
            except OSError as failure:
                raise ReportError(Problem("no_file", str(file), {"value": failure.strerror or failure})) from None
        yield Path(name).resolve()


def write(path: Path, content: str | bytes) -> Path:
    """A file, whole or not at all."""
    write_whole(path, content, ReportError)
    return path


def execute(template: Path, parameters: Mapping[str, Any], notebook: Path, engine: str | None = None) -> Any:
    """Runs a template by papermill, as ``notebook`` would be run where it is to lie; parameter names that the template does not have
    are refused. Gives the notebook node."""
    try:
        from papermill.exceptions import PapermillExecutionError
    except ImportError:
        raise ReportError(Problem("no_extra", "jiebei report", {"allowed": "jiebei-lib[reports]"})) from None

    known = known_template(template, engine)
    problems = [
        Problem("unknown_parameter", shown(name), {"allowed": items(known.parameters)})
        for name in parameters
        if name not in known.parameters
    ]
    if problems:
        raise ReportError(problems)
    try:
        with nullcontext() if warm.in_copy else _private_sockets() as config:
            return _run(known, dict(parameters), notebook, engine, config)
    except PapermillExecutionError as failure:
        reason = " ".join(f"{failure.ename}: {failure.evalue}".split())
        raise ReportError(Problem("run_failed", notebook.name, {"value": shown(reason, 200)})) from None


@dataclass(frozen=True)
class Template:
    """A template's parameter names, kernel and language, and its notebook as JSON with the cell that papermill has put in."""

    parameters: tuple[str, ...]
    kernel: str
    language: str
    notebook: str


@cache
def known_template(path: Path, engine: str | None = None) -> Template:
    """A template, read and prepared by papermill once: for each report only the content of the injected cell is new."""
    import papermill
    from papermill.engines import papermill_engines
    from papermill.execute import prepare_notebook_metadata
    from papermill.iorw import load_notebook_node
    from papermill.parameterize import parameterize_notebook

    papermill.translators.papermill_translators.register("python", _readable_translator())
    node = parameterize_notebook(load_notebook_node(str(path)), {}, engine_name=engine)
    # papermill gives the cell a name by chance, another in each process: a report made today could not be held against one of tomorrow
    node.cells[papermill.utils.find_first_tagged_cell_index(node, "injected-parameters")].id = "injected-parameters"
    # Names, not paths, are noted: where it was made and from where is nobody's business and differs between machines.
    node = prepare_notebook_metadata(node, path.name, "")
    kernel = papermill_engines.nb_kernel_name(engine, node)
    language = papermill_engines.nb_language(engine, node)
    return Template(tuple(papermill.inspect_notebook(path)), kernel, language, json.dumps(node))


def _run(known: Template, parameters: dict[str, Any], notebook: Path, engine: str | None, config: Any) -> Any:
    """``papermill.execute_notebook`` in its own steps, without the copies that it writes on the way."""
    import nbformat
    from papermill.engines import papermill_engines
    from papermill.execute import raise_for_execution_errors
    from papermill.translators import translate_parameters
    from papermill.utils import chdir, find_first_tagged_cell_index

    node = nbformat.from_dict(json.loads(known.notebook))
    injected = node.cells[find_first_tagged_cell_index(node, "injected-parameters")]
    injected.source = translate_parameters(known.kernel, known.language, parameters, "Parameters")
    node.metadata.papermill |= {"parameters": nbformat.from_dict(parameters), "output_path": notebook.name}
    # Ended at once: a kernel that is asked to end is interrupted first, and now and then says so on standard error.
    quiet = {"progress_bar": False, "log_output": False, "start_timeout": 60, "shutdown_kernel": "immediate"}
    if config:
        quiet["config"] = config
    with chdir(str(notebook.parent)):
        node = papermill_engines.execute_notebook_with_engine(engine, node, known.kernel, **quiet)
    raise_for_execution_errors(node, None)
    return node


def _written(node: Any, compact: bool) -> str:
    """A notebook as JSON; ``compact``: without line breaks, half as large, and faster."""
    import nbformat
    from nbformat.v4.rwbase import strip_transient

    if not compact:
        return nbformat.writes(node)
    return json.dumps(strip_transient(node), ensure_ascii=False, separators=(",", ":"))


@contextmanager
def _private_sockets() -> Iterator[Any]:
    """Settings that let a kernel talk through files of ours instead of open ports (which it warns of, and which can clash)."""
    import tempfile

    from traitlets.config import Config

    if os.name != "posix":
        yield Config()
        return
    with tempfile.TemporaryDirectory(prefix="jiebei") as folder:
        transport = {"transport": "ipc", "ip": os.path.join(folder, "k")}
        yield Config({"KernelManager": transport, "AsyncKernelManager": transport})


@cache
def _readable_translator() -> type:
    """Writes parameters as Python literals, Chinese as it is; papermill's own writes \\uXXXX and turns a date into text unasked."""
    from papermill.translators import PythonTranslator

    class Readable(PythonTranslator):
        @classmethod
        def translate(cls, val: Any) -> str:
            plain = json.loads(json.dumps(val, ensure_ascii=False, allow_nan=False))  # refuses what is not plain data
            return repr(plain)

        @classmethod
        def codify(cls, parameters: Mapping[str, Any], comment: str = "Parameters") -> str:
            return super(PythonTranslator, cls).codify(
                parameters, comment
            )  # the same whether black is installed or not

    return Readable


def collected(executed: Any) -> tuple[dict[str, str], list[dict[str, Any]]]:
    """What an executed report shows: its head, and section by section (a cell each, named by its id) words and figures."""
    head: dict[str, str] = {}
    sections = []
    for cell in executed.cells:
        parts = []
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if HEAD in data:
                head = dict(data[HEAD])
            elif FIGURE in data:
                parts.append({"figure": data[FIGURE]})
            elif "text/html" in data:
                parts.append({"html": data["text/html"]})
        if parts:
            folded = "folded" in cell["metadata"].get("tags", [])
            sections.append({"id": cell["id"], "parts": parts, "folded": folded})
    return head, sections


def content_digest(head: Mapping[str, str], sections: list[dict[str, Any]]) -> str:
    """Equal for reports that show the same, whatever they were rendered with."""
    plain = json.dumps([dict(head), sections], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(plain.encode()).hexdigest()


def _folded(section: Mapping[str, Any], parts: list[dict[str, Any]]) -> dict[str, Any]:
    """A section that opens at a press: its first heading is what one presses. In print it stands open."""
    from markupsafe import Markup

    heading, _, rest = str(parts[0]["html"]).partition("</h2>")
    return {"id": section["id"], "heading": Markup(f"{heading}</h2>"), "parts": [{"html": Markup(rest)}, *parts[1:]]}


def page(
    head: Mapping[str, str],
    sections: list[dict[str, Any]],
    charts: str = "live",
    bundle: str | None = None,
    opened: bool = False,
    brand: Brand | None = None,
    kind: str = "",
) -> str:
    """One HTML page that needs nothing from anywhere. ``charts``: ``live`` draws with the chart library, carried once in the page
    or, with ``bundle``, beside it under that relative address (and the style as :data:`STYLE`); ``none`` leaves the places empty for
    pictures. ``opened``: sections that open at a press stand open, for print. ``brand``: whose dress it has, by the ``kind`` of report."""
    from markupsafe import Markup

    from jiebei_lib.page.figure import untitled
    from jiebei_lib.page.html import environment

    lang, number, prepared = head["lang"], 0, []
    parts: list[dict[str, Any]]
    for section in brand.chosen(kind, sections) if brand else sections:
        parts = []
        for part in section["parts"]:
            if "html" in part:
                parts.append({"html": Markup(part["html"])})
                continue
            number += 1
            figure = untitled(part["figure"])
            plain = json.dumps({key: figure[key] for key in ("data", "layout", "config")}, ensure_ascii=False)
            meta, label = figure["layout"]["meta"], say("page.figure", lang, n=number)
            safe = Markup(plain.replace("<", "\\u003c"))  # nothing in a figure can end the script element
            parts.append({**meta, "label": label, "json": safe, "height": figure["layout"].get("height", 360)})
        prepared.append(_folded(section, parts) if section.get("folded") else {"id": section["id"], "parts": parts})
    whole = charts == "live" and bundle is None and number
    script = Markup(plotly_bundle().replace("</script", "<\\/script")) if whole else ""
    return (
        environment()
        .get_template("reports/report.html.j2")
        .render(
            lang=lang,
            title=head["title"],
            sections=prepared,
            css=None if bundle else Markup(stylesheet()),
            style=STYLE,
            live=charts == "live",
            script=script,
            words=Markup(chart_words()),
            bundle=bundle,
            opened=opened,
            brand=brand,
            numbers=say("page.numbers", lang),
            skip=say("page.skip", lang),
            made=say("page.made", lang, version=__version__),
            version=__version__,
            digest=content_digest(head, sections),
        )
    )
