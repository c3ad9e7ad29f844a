"""What the commands share: the language of a call, words for help, numbers typed as text, JSON and tables out."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from importlib.util import find_spec
from typing import Any
from unicodedata import category, east_asian_width

from typer.core import TyperCommand, TyperGroup, TyperOption

from jiebei_lib.cli.pipes import piped
from jiebei_lib.cli.settings import defaults, values
from jiebei_lib.cli.stream import seen
from jiebei_lib.core.knowledge.problems import Phrase, Problem, UserError, items, shown
from jiebei_lib.page.text import LANGUAGES, language_of, say


class Help:
    """Help in the language of the call. Typer cuts a Chinese sentence, which has no spaces, where its column ends; this breaks it."""

    def get_help_option(self, ctx: Any) -> Any:
        typers: Any = super()
        option = typers.get_help_option(ctx)
        if option is not None:
            option.help = t("main.help_option")
        return option

    def get_usage(self, ctx: Any) -> str:
        typers: Any = super()
        return str(typers.get_usage(ctx)).replace("Usage:", t("main.usage"), 1)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        from typer import rich_utils

        drawn: Any = rich_utils
        drawn.Columns = _Sentences
        rich_utils.ARGUMENTS_PANEL_TITLE, rich_utils.OPTIONS_PANEL_TITLE = t("main.arguments"), t("main.options")
        rich_utils.COMMANDS_PANEL_TITLE = t("main.commands")
        rich_utils.DEFAULT_STRING, rich_utils.REQUIRED_LONG_STRING = t("main.default"), t("main.required")
        typers: Any = super()
        typers.format_help(ctx, formatter)


class _Sentences:
    """What stands beside an option: its sentence, its default."""

    def __init__(self, parts: Iterable[Any]):
        self.parts = parts

    def __rich_console__(self, console: Any, options: Any) -> Iterable[Any]:
        from rich.text import Text

        plain = " ".join(part.plain if isinstance(part, Text) else str(part) for part in self.parts)
        yield Text(wrapped(plain, options.max_width))


class Now:
    """The command that is at work: its context for the words about a mistake, and whether it is to say what it made."""

    context: Any = None
    quiet = False


def _quiet(_ctx: Any, _param: Any, asked: bool) -> None:
    Now.quiet = asked


class Command(Help, TyperCommand):
    """A command. Every one has ``--quiet``, takes ``-`` for standard input and output, and has the user's own settings for defaults."""

    def __init__(self, *given: Any, **more: Any):
        super().__init__(*given, **more)
        quiet = TyperOption(
            param_decls=["-q", "--quiet"],
            is_flag=True,
            default=False,
            expose_value=False,
            callback=_quiet,
            help=t("main.quiet"),
        )
        self.params.append(quiet)

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        return super().make_context(info_name, args, parent, **{"default_map": defaults(), **extra})

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        Now.context = ctx
        return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        for name in ("policy", "other"):
            _say_if_same(ctx.params.get(name))
        with piped(self.params, ctx.params):
            return super().invoke(ctx)


def _say_if_same(policy: Any) -> None:
    """Says of a what-if, given as a file, that it changes nothing; what is wrong with it is said by the command."""
    if not isinstance(policy, str) or not policy.lower().endswith((".yaml", ".yml")) or Now.quiet:
        return
    from jiebei_lib.core.policy import BUILT_IN, load_policy

    with suppress(UserError):
        if (loaded := load_policy(policy)).label in BUILT_IN:
            print(t("policy.check.same", file=policy, base=loaded.data["name"][LANG]), file=sys.stderr)


class Group(Help, TyperGroup):
    """A group of commands that says in our words which ones there are."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args and not args[0].startswith("-") and args[0] not in self.list_commands(ctx):
            raise UserError(Problem("unknown_command", shown(args[0]), {"allowed": items(self.list_commands(ctx))}))
        return super().resolve_command(ctx, args)


def language(args: Sequence[str]) -> str:
    """The first language that ``--lang`` names, else that of ``JIEBEI_LANG``, else that of the user's settings, else Chinese."""
    asked = [after for option, after in zip(args, [*args[1:], ""], strict=False) if option == "--lang"]
    asked += [arg.removeprefix("--lang=") for arg in args if arg.startswith("--lang=")]
    for given in asked:
        if (first := given.split(",")[0]) in LANGUAGES:
            return first
    return language_of(os.environ.get("JIEBEI_LANG", "")) or _set_language() or LANGUAGES[0]


def _set_language() -> str | None:
    """The language of the user's settings; a file of settings that is wrong is told of by the command, not here."""
    try:
        return values().get("lang")
    except UserError:
        return None


LANG = language(sys.argv)


def t(key: str, **slots: Any) -> str:
    """Words of the command line itself (text/cli.yaml), in the language of this call."""
    return say(f"cli.{key}", LANG, **slots)


def checked_lang(lang: str) -> str:
    """A language that there is. Raises :class:`UserError`."""
    if lang not in LANGUAGES:
        levels = Phrase("levels", {"items": ", ".join(LANGUAGES)})
        raise UserError(Problem("invalid", "--lang", {"value": shown(lang), "allowed": levels}))
    return lang


def needs(*modules: str) -> None:
    """Raises what the import of the first module that is not installed would, before anything is begun."""
    for module in modules:
        if find_spec(module) is None:
            raise ModuleNotFoundError(f"No module named {module!r}", name=module)


def told(*lines: Any) -> None:
    """Says what was made, unless ``--quiet`` asked for silence. Answers and mistakes are printed, never told."""
    if not Now.quiet:
        print(*lines, sep="\n")
    sys.stdout.flush()  # what goes on for long has said so before it begins


def print_json(content: Any) -> None:
    print(json.dumps(content, ensure_ascii=False, indent=2, default=str))


def print_lines(rows: Iterable[Any]) -> None:
    """JSON lines: a row a line, each printed as it comes."""
    for row in rows:
        print(json.dumps(row, ensure_ascii=False, default=str))


READABLE = 22  # columns that a table's column may be squeezed to
CHINESE, CLOSING = ("\u2e80", "\uffef"), "，。；：！？、）”’》…"


def console() -> Any:
    """A Rich console on standard output: no markup in what is printed, and no control character of anybody's is obeyed."""
    from rich.console import Console
    from rich.segment import Segment

    class Visible(Console):
        def render(self, *given: Any, **more: Any) -> Iterable[Segment]:
            for part in super().render(*given, **more):
                yield part if part.control else Segment(seen(part.text), part.style)

        def on_broken_pipe(self) -> None:
            raise BrokenPipeError  # for run() to end in silence; rich would end with 1

    return Visible(highlight=False, markup=False, emoji=False, width=None if sys.stdout.isatty() else _width())


def _width() -> int:
    """Columns where the output goes elsewhere than to a terminal."""
    told = os.environ.get("COLUMNS", "")
    return int(told) if told.isascii() and told.isdigit() and int(told) >= 20 else 160


def printer(most: int) -> Callable[..., None]:
    """What prints text in lines of at most ``most`` columns: ``line(text, style, first, rest)``. Rich is asked only where it would show a
    style, since it takes a tenth of a cold start."""
    if sys.stdout.isatty() or "FORCE_COLOR" in os.environ or "TTY_COMPATIBLE" in os.environ:
        from rich.text import Text

        out = console()

        def styled(text: str = "", style: str = "", first: str = "", rest: str = "") -> None:
            out.print(Text(wrapped(text, min(out.width, most), first, rest), style=style), soft_wrap=True)

        return styled
    width = min(_width(), most)

    def plain(text: str = "", style: str = "", first: str = "", rest: str = "") -> None:
        print(seen(wrapped(text, width, first, rest)))

    return plain


def wrapped(text: str, width: int, first: str = "", rest: str = "") -> str:
    """Text in lines of at most ``width`` columns: broken at spaces and between Chinese characters, never before closing marks."""
    lines, line, used = [], first, columns(first)
    for word in words(text):
        if used + columns(word) > width and line.strip():
            lines.append(line)
            line, word = rest, word.lstrip(" ")
            used = columns(rest)
        line += word
        used += columns(word)
    return "\n".join([*lines, line])


def columns(text: str) -> int:
    """The columns of a terminal that a text takes. Rich is asked only about what is no letter, mark, sign, number or space."""
    if all(category(char)[0] in "LPSNZ" for char in text):
        return sum(1 + (east_asian_width(char) in "WF") for char in text)
    from rich.cells import cell_len

    return cell_len(text)


def words(text: str) -> list[str]:
    """The pieces that a line may be made of, each with the spaces before it and the closing marks behind it: words, and single Chinese
    characters. By hand, since a regular expression with as many characters takes longer to compile than all else to print."""
    words: list[str] = []
    chinese = False  # whether the piece so far is a Chinese character's
    for char in text.rstrip():
        wide = CHINESE[0] <= char <= CHINESE[1]
        if char.isspace() and char != " " and not wide:
            continue
        if not words or (not words[-1].isspace() and (char == " " or (char not in CLOSING and (wide or chinese)))):
            words.append("")
        words[-1] += char
        chinese = wide or (chinese and char in CLOSING)
    return words


def print_table(head: Iterable[str], rows: Iterable[Sequence[Any]]) -> None:
    """A plain table as wide as the terminal, or as wide as it needs to be when the output goes elsewhere; nothing is cut off, and where
    the columns would be squeezed each row stands as lines of its own."""
    from rich import box
    from rich.cells import cell_len
    from rich.table import Table

    head, rows, out = list(head), [[str(cell) for cell in row] for row in rows], console()
    widths = [max(cell_len(cell) for cell in column) for column in zip(head, *rows, strict=True)]
    squeezed = widths[0] + sum(min(width, READABLE) for width in widths[1:])  # the first is never broken
    if squeezed + 2 * (len(head) - 1) > out.width:
        for row in rows:
            out.print(wrapped(row[0], out.width), style="bold", soft_wrap=True)
            for name, cell in zip(head[1:], row[1:], strict=True):
                out.print(wrapped(f"{name}: {cell}", out.width, "  ", "    "), soft_wrap=True)
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, expand=False)
    for n, name in enumerate(head):
        table.add_column(name, overflow="fold", no_wrap=n == 0)
    for row in rows:
        table.add_row(*row)
    out.print(table)
