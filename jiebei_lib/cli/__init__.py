"""The command line: `jiebei`. Each command lives in a module of this folder and is imported only when it is asked for."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from typing import Any

import typer
import typer.exceptions

from jiebei_lib import __version__
from jiebei_lib.cli.output import Command, Group, language, t
from jiebei_lib.cli.stream import OutputError, guarded, prepare, silence
from jiebei_lib.core.knowledge.problems import Problem, UserError, items, shown

# Each command and the place that defines it: a function, or a typer.Typer with commands of its own.
COMMANDS = {
    "assess": "case:assess",
    "borrower": "situation:borrower",
    "report": "reports:report",
    "learn": "evidence:learn",
    "score": "portfolio:score",
    "portfolio": "portfolio:portfolio",
    "sample": "portfolio:sample",
    "reports": "reports:reports",
    "cost": "money:cost",
    "calendar": "money:calendar",
    "record": "money:record",
    "audit": "calls:audit",
    "class": "lessons:open_class",
    "handout": "lessons:handout",
    "bank": "lessons:question_bank",
    "policy": "policy:app",
    "sources": "policy:sources",
    "schema": "schema:schema",
}


class Lazy(Group):
    """A group whose commands are imported when they are called or listed."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

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


app = typer.Typer(cls=Lazy, add_completion=False, rich_markup_mode=None, no_args_is_help=True, help=t("main.help"))


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
    with guarded():
        try:
            code = app(args, prog_name="jiebei", standalone_mode=False)
            sys.stdout.flush()
            return code if isinstance(code, int) else 0
        except UserError as wrong:
            return _said(wrong, lang)
        except typer.exceptions.TyperException as wrong:
            return _said(_usage(wrong), lang)
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


def _said(wrong: UserError | Problem, lang: str) -> int:
    """The exit code of a user's mistake, once it has been said on standard error."""
    with suppress(OSError):  # nobody to say it to
        print(wrong.say(lang), file=sys.stderr, flush=True)
    return 2


def _usage(wrong: Any) -> Problem:
    """Typer's complaint about options and arguments in our words."""
    kind, param = type(wrong).__name__, getattr(wrong, "param", None)
    if kind == "NoArgsIsHelpError":
        wrong.show()
        raise SystemExit(2)
    if kind == "NoSuchOption":
        known = [name for each in wrong.ctx.command.params for name in each.opts if name.startswith("--")]
        return Problem("unknown_option", wrong.option_name, {"allowed": items(known)})
    if kind == "MissingParameter" and param is not None:
        return Problem("missing_option", param.opts[-1] if param.opts[0].startswith("-") else param.name.upper())
    where = param.opts[-1] if param is not None and param.opts else "jiebei"
    return Problem("usage", where, {"value": " ".join(wrong.format_message().split())})


def main() -> None:
    """The entry point."""
    prepare()
    sys.exit(run())
