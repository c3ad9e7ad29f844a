"""How Sphinx makes the pages of one language; `docs/build.py` puts their sources together and calls it."""

from __future__ import annotations

import os
from pathlib import Path

from docutils import nodes
from docutils.utils.math import latex2mathml

from jiebei_lib import __version__ as release

LANG = os.environ.get("JIEBEI_LANG", "zh")
project, author, copyright = "jiebei-lib", "jiebei-lib", "MIT"
version = release
language = {"zh": "zh_CN", "en": "en"}[LANG]
extensions = ["myst_nb", "sphinx.ext.autodoc"]
myst_enable_extensions = ["dollarmath", "colon_fence"]
myst_heading_anchors = 3
nb_execution_mode = "off"  # notebooks appear as they are kept
nb_ipywidgets_js = {}  # nothing is fetched from anywhere
nb_mime_priority_overrides = [("html", "application/vnd.jupyter.widget-view+json", None)]
# A notebook's narrative is written for Jupyter: its headings begin where it likes, its pages are in two languages
suppress_warnings = ["myst.header", "mystnb.unknown_mime_type", "misc.highlighting_failure"]
smartquotes = False  # an option keeps its two hyphens
autodoc_typehints = "description"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
add_module_names = False  # they are imported from jiebei_lib
html_theme = "furo"
html_title = f"jiebei-lib {release}"
html_static_path = [str(Path(__file__).parent / "theme")]
html_css_files = ["jiebei.css"]
html_show_copyright = False
html_show_sphinx = False
html_copy_source = False
html_show_sourcelink = False
html_math_renderer = "mathml"
html_theme_options = {"footer_icons": []}
templates_path = [str(Path(__file__).parent / "templates")]
html_context = {"other": {"zh": ("en", "English"), "en": ("zh", "中文")}[LANG]}
html_sidebars = {
    "**": [
        "sidebar/brand.html",
        "other_language.html",
        "sidebar/search.html",
        "sidebar/scroll-start.html",
        "sidebar/navigation.html",
        "sidebar/scroll-end.html",
    ]
}


def _inline(writer, node):
    writer.body.append(_mathml(node.astext(), block=False))
    raise nodes.SkipNode


def _block(writer, node):
    writer.body.append(f'<div class="math">{_mathml(node.astext(), block=True)}</div>')
    raise nodes.SkipNode


def _mathml(text: str, block: bool) -> str:
    """A formula as MathML, which browsers show by themselves: no script, nothing to fetch."""
    shown = latex2mathml.tex2mathml(text, as_block=block)
    return shown.replace("<math ", '<math display="block" ', 1) if block and "display=" not in shown else shown


def setup(app):
    app.add_html_math_renderer("mathml", inline_renderers=(_inline, None), block_renderers=(_block, None))
