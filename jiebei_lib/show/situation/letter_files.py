"""A letter as a file: plain text, HTML, Word, PDF. What a user wrote stands in it as text, whatever it looks like."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

from jiebei_lib.core.knowledge.problems import CaseError, Problem, items, shown
from jiebei_lib.core.knowledge.user_files import write_whole
from jiebei_lib.core.parts import Said
from jiebei_lib.page.html import environment, stylesheet
from jiebei_lib.page.text import cited_all, own, say
from jiebei_lib.situation.letters import Letter


def save(letter: Letter, path: str | Path) -> None:
    """Writes a letter in the format that the file's ending names, whole or not at all. Raises :class:`UserError`."""
    write_whole(path, as_file(letter, path))


def as_file(letter: Letter, path: str | Path) -> str | bytes:
    """A letter in the format that a file's ending names. Raises :class:`UserError`."""
    path = Path(path)
    how: dict[str, Callable[[Letter], str | bytes]]
    how = {".txt": as_text, ".html": as_html, ".docx": as_docx, ".pdf": as_pdf}
    if (suffix := path.suffix.lower()) not in how:
        raise CaseError(Problem("not_one_of", "-o", {"value": shown(path.name), "allowed": items(how)}))
    return how[suffix](letter)


def as_text(letter: Letter) -> str:
    """Plain text: the letter, then what is for its writer alone."""
    lang = letter.lang
    parts = [
        letter.subject,
        letter.to,
        *letter.body,
        lead(letter),
        "\n".join(f"{n}. {each}" for n, each in enumerate(letter.demands, 1)),
        say("situation.letter.grounds", lang),
        "\n".join(f"{n}. {ground_words(each, lang)}" for n, each in enumerate(letter.grounds, 1)),
        say("situation.letter.enclosed", lang),
        "\n".join(f"{n}. {each}" for n, each in enumerate(letter.enclose, 1)),
        "\n".join(letter.signed),
        "――――――――",
        say("situation.letter.note_title", lang),
        *notes(letter),
    ]
    return "\n\n".join(parts) + "\n"


def lead(letter: Letter) -> str:
    """What the demands begin with."""
    return letter.lead or say("situation.letter.demands", letter.lang)


def ground_words(ground: Said, lang: str) -> str:
    """A ground with its sources, as the letter has it."""
    cites = ("；" if lang == "zh" else "; ").join(cited_all(ground["cite"], lang))
    text = own(ground["text"], lang)
    return f"{text}（{cites}）" if lang == "zh" else f"{text} ({cites})"


def notes(letter: Letter) -> list[str]:
    """What is for the writer and not for sending: what to fill, what to know, how sure each ground is."""
    out, lang = [say("situation.letter.note", letter.lang), letter.warn], letter.lang
    for key in ("read", "reported"):
        which = [str(n) for n, each in enumerate(letter.grounds, 1) if each["reported"] is (key == "reported")]
        if which:
            out.append(say(f"situation.letter.{key}", lang, which=("、" if lang == "zh" else ", ").join(which)))
    return out


def as_html(letter: Letter) -> str:
    """A page that stands alone and prints on A4."""
    grounds = [ground_words(each, letter.lang) for each in letter.grounds]
    template = environment().get_template("show/situation/letter.html.j2")
    return template.render(
        letter=letter,
        lead=lead(letter),
        grounds=grounds,
        notes=notes(letter),
        style=stylesheet(),
        say=lambda key: say(f"situation.letter.{key}", letter.lang),
    )


def as_pdf(letter: Letter) -> bytes:
    """The page, printed by the local browser. Raises :class:`ReportError` where there is none."""
    from jiebei_lib.reports.pdf import find_browser, printed

    return printed(as_html(letter), find_browser())


def as_docx(letter: Letter) -> bytes:
    """A Word document to be filled in and printed. Needs python-docx (the extra ``office``)."""
    from jiebei_lib.page.word import LETTER_FONTS
    from jiebei_lib.page.word import document as empty

    document, lang = empty(letter.lang, letter.name, LETTER_FONTS, 12, "000000"), letter.lang
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Cm

    document.add_heading(letter.subject, level=1)
    for text in (letter.to, *letter.body):
        document.add_paragraph(text)
    for title, lines in (
        (lead(letter), letter.demands),
        (say("situation.letter.grounds", lang), [ground_words(each, lang) for each in letter.grounds]),
        (say("situation.letter.enclosed", lang), letter.enclose),
    ):
        document.add_paragraph(title).paragraph_format.keep_with_next = True
        for n, text in enumerate(lines, 1):
            document.add_paragraph(f"{n}. {text}").paragraph_format.left_indent = Cm(0.7)
    document.add_paragraph("\n".join(letter.signed)).alignment = WD_ALIGN_PARAGRAPH.RIGHT
    document.add_page_break()  # what is for the writer is not sent
    document.add_heading(say("situation.letter.note_title", lang), level=2)
    for text in notes(letter):
        document.add_paragraph(text)
    content = io.BytesIO()
    document.save(content)
    return content.getvalue()
