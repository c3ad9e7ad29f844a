"""The command line: `jiebei`. Each command lives in a module of this folder and is imported only when it is asked for.

These modules do without ``from __future__ import annotations``: Typer would compile every annotation, twice, at each start.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from typing import Any

import typer
import typer.exceptions

from jiebei_lib import __version__
from jiebei_lib.cli.output import Command, Group, Now, language, t
from jiebei_lib.cli.stream import OutputError, guarded, prepare, silence
from jiebei_lib.cli.usage import retold, strange_language, usage
from jiebei_lib.core.knowledge.problems import Problem, UserError, lacking, shown

# Each command and the place that defines it: a function, or a typer.Typer with commands of its own.
COMMANDS = {
    "assess": "case:assess",
    "ask": "situation:ask",
    "borrower": "situation:borrower",
    "letter": "situation:letter",
    "report": "reports:report",
    "page": "light:page",
    "learn": "evidence:learn",
    "score": "portfolio:score",
    "portfolio": "portfolio:portfolio",
    "sample": "portfolio:sample",
    "reports": "reports:reports",
    "cost": "money:cost",
    "calendar": "money:calendar",
    "record": "money:record",
    "audit": "calls:audit",
    "lab": "lab:lab",
    "app": "lab:app",
    "class": "lessons:open_class",
    "collect": "light:collect",
    "site": "site:site",
    "handout": "lessons:handout",
    "bank": "lessons:question_bank",
    "policy": "policy:app",
    "sources": "policy:sources",
    "schema": "schema:schema",
    "config": "config:app",
    "completion": "completion:completion",
}
# Those that need numpy whatever they are asked
COMPUTING = {
    *("assess", "ask", "borrower", "letter", "cost", "calendar", "record", "policy", "sources"),
    *("score", "portfolio", "sample", "audit", "learn"),
}


class Lazy(Group):
    """A group whose commands are imported when they are called or listed."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_help(self, ctx: Any) -> str:
        """The words that Typer writes by itself, in the language of the call."""
        text = super().get_help(ctx).replace("Usage:", t("main.usage"), 1)
        for key in ("options", "commands"):
            text = text.replace(f"\n{key.title()}:\n", f"\n{t('main.' + key)}{t('main.usage')[-1]}\n", 1)
        return text

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Every command with its sentence, whole, and without importing any."""
        from jiebei_lib.cli.output import wrapped

        indent = max(map(len, COMMANDS)) + 4
        formatter.write("\nCommands:\n")
        for name in COMMANDS:
            formatter.write(wrapped(t(f"{name}.help"), formatter.width, f"  {name}".ljust(indent), " " * indent) + "\n")

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        found = getattr(import_module(f"jiebei_lib.cli.{module}"), name)
        if not isinstance(found, typer.Typer):
            alone = typer.Typer(add_completion=False)
            alone.command(cmd_name, cls=Command, help=t(f"{cmd_name}.help"), epilog=t(f"{cmd_name}.example"))(found)
            found = alone
        command = typer.main.get_command(found)
        command.name = cmd_name
        return command


app = typer.Typer(
    cls=Lazy,
    add_completion=False,
    rich_markup_mode=None,
    no_args_is_help=True,
    help=t("main.help"),
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        print(f"jiebei {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help=t("main.version")),
) -> None:
    pass


def run(args: Sequence[str] | None = None) -> int:
    """Runs one command and gives its exit code: 0 fine, 1 as a command says, 2 a user's mistake (one line on standard error)."""
    args = sys.argv[1:] if args is None else list(args)
    lang = language(args)
    Now.context, Now.quiet = None, False
    with guarded():
        strange_language(args)
        try:
            code = app(args, prog_name="jiebei", standalone_mode=False)
            sys.stdout.flush()
            return code if isinstance(code, int) else 0
        except UserError as wrong:
            return _said(wrong, lang, args)
        except typer.exceptions.TyperException as wrong:
            return _said(usage(wrong, args), lang, args)
        except ModuleNotFoundError as absent:
            if (problem := lacking(absent.name)) is None:
                raise
            return _said(problem, lang, args)
        except (KeyboardInterrupt, typer.Abort):
            return 130
        except BrokenPipeError:  # the reader of our output has gone, as in `jiebei sources | head`
            silence()
            return 0
        except OutputError as failure:
            silence()
            return _said(Problem("no_output", "stdout", {"value": failure.strerror or failure}), lang)
        except OSError as failure:  # a path that no check had foreseen
            slots = {"value": failure.strerror or failure}
            return _said(Problem("cannot_use", shown(str(failure.filename or "jiebei")), slots), lang)


def _said(wrong: UserError | Problem, lang: str, args: Sequence[str] = ()) -> int:
    """The exit code of a user's mistake, once it has been said on standard error."""
    with suppress(OSError):  # nobody to say it to
        print(retold(wrong, lang, args), file=sys.stderr, flush=True)
    return 2


def main() -> None:
    """The entry point."""
    prepare()
    if set(sys.argv[1:2]) & COMPUTING and not {"-h", "--help"} & set(sys.argv):
        # It comes in any case, and here, near the bottom of the stack, in half the time: deep inside, CPython 3.11 takes and gives
        # back a piece of the stack at each call that crosses the border of two pieces, and numpy makes thousands.
        import numpy  # noqa: F401
    code = run()
    # Else Python's end looks through all that there is for circles, more than once: a tenth of a short command, for nothing
    gc.freeze()
    sys.exit(code)
