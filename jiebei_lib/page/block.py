"""A block of words that stands alone, as HTML and as Markdown: what an object shows of itself in a notebook."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Block:
    """What an object's first screen is made of: a small line above, the answer, further lines, a table, small print."""

    kicker: str = ""
    answer: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def html(self) -> str:
        from jiebei_lib.page.html import environment

        macro = environment().get_template("page/block.html.j2").module.block
        return str(macro(self.kicker, self.answer, self.lines, self.heads, self.rows, self.notes)).strip()

    def markdown(self) -> str:
        parts = [self.kicker, *(f"**{_plain(line)}**" for line in self.answer), *map(_plain, self.lines)]
        if self.rows:
            rows = [self.heads, ["---"] * len(self.heads), *self.rows]
            parts.append("\n".join("| " + " | ".join(map(_plain, row)) + " |" for row in rows))
        return "\n\n".join(part for part in [*parts, *map(_plain, self.notes)] if part)


def _plain(text: str) -> str:
    """Text that Markdown shows as it stands."""
    return "".join(f"\\{letter}" if letter in "\\`*_[]<>|#" else letter for letter in text).replace("\n", " ")
