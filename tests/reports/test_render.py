"""The report: what is run, what is written, what a reader gets; each measured trap of the tools that touches it."""

from __future__ import annotations

import html
import re
import unicodedata
from pathlib import Path

import nbformat
import pytest

from jiebei_lib.core.case import Case
from jiebei_lib.core.knowledge.problems import CaseError, ReportError
from jiebei_lib.core.knowledge.yaml_files import beside
from jiebei_lib.reports import examples as kept_reports
from jiebei_lib.reports import render as reports
from jiebei_lib.reports.check import reproduces
from jiebei_lib.reports.kinds import case_report
from jiebei_lib.reports.outputs import file_stem
from tests.conftest import browser_path

ROOT = Path(__file__).resolve().parents[2]
FIGURES = ("readings", "days", "factors", "claims", "witnesses")
AXE_ALLOWED = {"minor", "moderate"}
HOSTILE = '''x"""); import os; os._exit(7)  # <script>alert(1)</script>'''


def example(name: str) -> Case:
    return Case.read(beside("cases") / f"{name}.yaml")


@pytest.fixture(scope="session")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> dict[str, reports.Rendered]:
    """One report in each language, with its print and its Word document."""
    out, to = tmp_path_factory.mktemp("reports"), ("html", "pdf", "docx") if browser_path() else ("html",)
    return {
        "zh": case_report(example("silent"), "zh", as_of="2026-11-23", to=to, out=out),
        "en": case_report(example("much_unknown"), "en", as_of="2026-11-23", to=to, out=out),
    }


@pytest.fixture(params=["zh", "en"])
def made(request: pytest.FixtureRequest, rendered: dict[str, reports.Rendered]) -> reports.Rendered:
    return rendered[request.param]


def test_the_sections_come_in_the_order_that_a_reader_needs(made: reports.Rendered) -> None:
    sections = re.findall(r'<section id="([\w-]+)">', made.html.read_text("utf-8"))
    assert sections == [
        *("answer", "contents", "may-they", "changes", "readings", "cost", "timeline", "consequences", "today"),
        *("caller", "next-question", "factors", "claims", "sources", "limits"),
    ]


def test_the_word_document_has_the_sections_and_every_chart_with_its_words(made: reports.Rendered) -> None:
    if made.docx is None:
        pytest.skip("needs Chromium")
    docx = pytest.importorskip("docx")
    document, page = docx.Document(made.docx), made.html.read_text("utf-8")
    told = [html.unescape(each) for each in re.findall(r'<p class="alt" id="[^"]+">(.*?)</p>', page, re.S)]
    assert [each._inline.docPr.get("descr") for each in document.inline_shapes] == [
        " ".join(each.split()) for each in told
    ]
    assert document.inline_shapes and all(each.width.cm > 16 for each in document.inline_shapes)
    heads = [html.unescape(re.sub(r"<[^>]+>", "", each)) for each in re.findall(r"<h2>(.*?)</h2>", page, re.S)]
    assert [each.text for each in document.paragraphs if each.style.name == "Heading 2"] == heads


def test_what_each_further_day_costs_stands_in_every_report(rendered: dict[str, reports.Rendered]) -> None:
    """At 0.015% to 0.06% a day times 1.5 each thousand yuan costs 6.75 to 27 yuan in thirty days."""
    for lang, cells in (
        ("zh", ("202.50–810.00", "30,202.50–30,810.00")),
        ("en", ("54.00–216.00", "8,054.00–8,216.00")),
    ):
        page = rendered[lang].html.read_text("utf-8")
        section = page[page.index('<section id="cost">') :]
        assert all(f">{cell}<" in section[: section.index("</section>")] for cell in cells)


def test_with_the_loan_the_report_counts_to_the_cent(tmp_path: Path) -> None:
    from jiebei_lib.money.loan import Loan

    loan = Loan(principal=10_000, daily_rate="0.0005", months=1, method="bullet", drawn="2026-01-15")
    made = case_report(example("silent"), "en", as_of="2026-11-23", out=tmp_path, loan=loan)
    page = made.html.read_text("utf-8")
    assert "7.50 yuan more" in page and ">10,432.50<" in page


def test_no_code_is_visible_and_no_figure_is_missing(made: reports.Rendered) -> None:
    page = made.html.read_text("utf-8")
    assert "page.readings()" not in page and "import " not in re.sub(r"<script\b.*?</script>", "", page, flags=re.S)
    assert re.findall(r'<div class="chart" id="chart-(\w+)"', page) == list(FIGURES)


def test_every_figure_has_a_text_alternative_and_its_numbers_in_the_page(made: reports.Rendered) -> None:
    page = made.html.read_text("utf-8")
    notebook = nbformat.read(made.notebook, 4)
    shown = [
        part["figure"] for section in reports.collected(notebook)[1] for part in section["parts"] if "figure" in part
    ]
    assert len(shown) == len(FIGURES)
    for figure in shown:
        meta = figure["layout"]["meta"]
        assert len(meta["alt"]) > 30 and len(meta["caption"]) > 10 and meta["rows"]
        assert all(len(row) == len(meta["head"]) for row in meta["rows"])
        table = page[page.index(f'id="cap-{meta["name"]}"') :]
        assert all(
            f">{html.escape(cell)}<" in table[: table.index("</figure>")] for row in meta["rows"] for cell in row[1:3]
        )


def test_a_page_is_small_beside_the_chart_library_which_it_carries_once(made: reports.Rendered) -> None:
    """Traps 3 and 4 of the tools: five charts must not carry five libraries."""
    page, bundle = made.html.read_text("utf-8"), reports.plotly_bundle()
    assert len(page.encode()) - len(bundle.encode()) <= 400_000
    assert page.count("plotly.js v") == bundle.count("plotly.js v") == 1
    assert made.notebook.stat().st_size <= 300_000


def test_the_rendered_notebook_keeps_parameters_and_outputs_and_no_widget(made: reports.Rendered) -> None:
    notebook = nbformat.read(made.notebook, 4)
    nbformat.validate(notebook)
    (injected,) = [cell for cell in notebook.cells if "injected-parameters" in cell.metadata.get("tags", [])]
    given: dict = {}
    exec(injected.source, given)
    assert given["as_of"] == "2026-11-23" and given["case"]["days_overdue"] == 7
    assert "widgets" not in notebook.metadata
    assert all(cell.outputs for cell in notebook.cells[3:] if cell.cell_type == "code")
    assert str(made.notebook.parent) not in made.notebook.read_text("utf-8"), (
        "the notebook names a folder of this machine"
    )


@pytest.mark.browser
def test_offline_every_chart_is_drawn_and_no_request_leaves(made: reports.Rendered, browser_page) -> None:
    """Traps 2, 3 and 5: blank charts, CDN scripts, and an upload button."""
    tab, requests, errors = browser_page(made.html)
    drawn = tab.evaluate(
        "[...document.querySelectorAll('.chart')].map(each => each.querySelectorAll('.main-svg').length > 0)"
    )
    assert drawn == [True] * len(FIGURES)
    assert requests == [] and errors == []
    assert tab.locator(".modebar").count() == 0
    assert "cloud" not in tab.evaluate("document.body.innerText").lower()


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 400, 320])
def test_nothing_is_cut_off_and_nothing_scrolls_sideways(made: reports.Rendered, browser_page, width: int) -> None:
    tab, _, _ = browser_page(made.html, width)
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    outside = tab.evaluate(
        """() => [...document.querySelectorAll('.chart text')].filter(text => {
          const box = text.getBoundingClientRect(), chart = text.closest('.chart').getBoundingClientRect();
          return box.width && (box.left < chart.left - 2 || box.right > chart.right + 2 || box.top < chart.top - 2);
        }).map(text => text.textContent)"""
    )
    assert outside == []


@pytest.mark.browser
def test_axe_finds_nothing_serious(made: reports.Rendered, browser_page) -> None:
    """Traps 23 to 25: names, contrast, nested controls."""
    from axe_playwright_python.sync_playwright import Axe

    tab, _, _ = browser_page(made.html)
    found = Axe().run(tab).response["violations"]
    assert [(each["id"], each["nodes"][0]["html"][:200]) for each in found if each["impact"] not in AXE_ALLOWED] == []


@pytest.mark.browser
def test_the_print_is_a4_with_chinese_that_can_be_read_and_searched(rendered: dict[str, reports.Rendered]) -> None:
    from pypdf import PdfReader

    if rendered["zh"].pdf is None:
        pytest.skip("no Chromium on this machine")
    reader = PdfReader(rendered["zh"].pdf)
    width, height = (float(side) / 72 * 25.4 for side in reader.pages[0].mediabox[2:])
    assert (round(width), round(height)) == (210, 297)
    # Chromium writes some characters as the radicals that look the same (⼈ for 人): NFKC makes them equal.
    text = unicodedata.normalize("NFKC", re.sub(r"\s", "", "".join(page.extract_text() for page in reader.pages)))
    assert unicodedata.normalize("NFKC", "逾期7天、30,000元，会打联系人吗") in text and "依据是什么" in text
    assert "\ufffd" not in text


def test_language_and_glyphs_are_named_for_browsers(rendered: dict[str, reports.Rendered]) -> None:
    """Trap 20: without it Han characters are drawn in another country's shapes."""
    assert '<html lang="zh-CN">' in rendered["zh"].html.read_text("utf-8")
    assert '<html lang="en">' in rendered["en"].html.read_text("utf-8")
    assert not re.search(r"[\u4e00-\u9fff]", visible(rendered["en"].html)), "Chinese left in an English report"


def visible(path: Path) -> str:
    page = re.sub(r"<(script|style)\b.*?</\1>", "", path.read_text("utf-8"), flags=re.S)
    return re.sub(r"<[^>]+>", " ", page)


def test_rendering_twice_gives_the_same_outputs(rendered: dict[str, reports.Rendered], tmp_path: Path) -> None:
    again = case_report(example("silent"), "zh", as_of="2026-11-23", out=tmp_path)
    first, second = (nbformat.read(made.notebook, 4) for made in (rendered["zh"], again))
    assert [cell.get("outputs") for cell in first.cells] == [cell.get("outputs") for cell in second.cells]
    assert rendered["zh"].html.read_bytes() == again.html.read_bytes()


def test_a_rendered_report_reproduces_and_a_changed_one_does_not(
    rendered: dict[str, reports.Rendered], tmp_path: Path
) -> None:
    reports.known_template.cache_clear()  # as tomorrow, in another process
    reproduces(rendered["en"].notebook)
    changed = tmp_path / "changed.ipynb"
    changed.write_text(rendered["en"].notebook.read_text("utf-8").replace("over 99%", "over 98%"), "utf-8")
    with pytest.raises(ReportError, match=r"changed\.ipynb: differs from the report made anew"):
        reproduces(changed)


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("name", kept_reports.EXAMPLES)
def test_the_examples_kept_with_the_project_are_current(name: str, lang: str) -> None:
    kept = (ROOT / "reports" / "examples" / f"{name}.{lang}.html").read_text("utf-8")
    digest = reports.content_digest(*kept_reports.example_content(name, lang))
    assert f'<meta name="jiebei-content" content="{digest}">' in kept, "run: make examples"
    assert "<script" not in kept and kept.count("<svg") >= len(FIGURES) and len(kept.encode()) <= 400_000


def test_what_a_user_writes_is_never_run_and_never_rendered(tmp_path: Path) -> None:
    case = Case(7, 8000, communication="silent", case_id=HOSTILE)
    made = case_report(case, "en", out=tmp_path)
    page = made.html.read_text("utf-8")
    assert "<script>alert(1)" not in page and "&lt;script&gt;alert(1)" in page
    assert made.html.parent == tmp_path


@pytest.mark.parametrize(
    "case_id", ["../../x", "a/b", "..", "/etc/passwd", "C:\\x", "con", ".hidden", "逾期", "a" * 64, " x "]
)
def test_no_case_id_leads_out_of_the_folder(case_id: str, tmp_path: Path) -> None:
    path = (tmp_path / f"{file_stem(case_id)}.zh.html").resolve()
    assert path.parent == tmp_path.resolve() and not path.name.startswith(".")


def test_two_case_ids_never_share_a_file() -> None:
    stems = [file_stem(case_id) for case_id in ("a/b", "a_b", "a b", "a?b", "../a/b")]
    assert len(set(stems)) == len(stems)


def test_parameter_names_that_the_template_lacks_are_refused(tmp_path: Path) -> None:
    """Trap 11: papermill only warns of them."""
    with pytest.raises(ReportError, match="no such parameter"):
        reports.render("case_report", {"lang": "zh", "os.system('x')": 1}, "x", out=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_is_wrong_is_said_before_anything_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "out"
    with pytest.raises(ReportError, match=r"--to: .*docx"):
        case_report(example("silent"), to=("odt",), out=out)
    with pytest.raises(ReportError, match="lang: 'fr'"):
        case_report(example("silent"), "fr", out=out)
    with pytest.raises(CaseError, match="as_of"):
        case_report(example("silent"), as_of="tomorrow", out=out)
    monkeypatch.setenv("JIEBEI_BROWSER", "no-such-browser")
    with pytest.raises(ReportError, match="apt install chromium"):
        case_report(example("silent"), to=("pdf",), out=out)
    assert not out.exists()


def test_a_folder_that_is_a_file_is_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(ReportError, match="cannot be written"):
        case_report(example("silent"), out=tmp_path / "file")


def test_an_overlay_travels_into_the_report_and_is_named(tmp_path: Path) -> None:
    from jiebei_lib.core.policy import load_policy

    policy = load_policy().replace({"factors.amount.pressing": 60000})
    made = case_report(example("silent"), "en", policy, out=tmp_path)
    assert "The article (changed)" in made.html.read_text("utf-8")


def test_parameters_are_written_as_they_are_read(tmp_path: Path) -> None:
    """Trap 11: papermill writes \\uXXXX for Chinese, and a date or a Decimal silently becomes text."""
    made = case_report(Case(7, 8000.5, case_id="逾期一周"), out=tmp_path)
    source = "\n".join(cell.source for cell in nbformat.read(made.notebook, 4).cells)
    assert "逾期一周" in source and "8000.5" in source
    with pytest.raises(TypeError):
        reports._readable_translator().translate({"amount": object()})
