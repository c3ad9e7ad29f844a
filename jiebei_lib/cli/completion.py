"""`jiebei completion`: a script for a shell that knows every command, option and level by itself. No Python runs at a press of Tab."""

from collections.abc import Callable
from typing import Annotated

import typer

from jiebei_lib.cli.output import LANG, t
from jiebei_lib.cli.tree import Given, Node, tree


def completion(
    shell: Annotated[
        str, typer.Argument(help=t("completion.shell"), metavar="SHELL", autocompletion=lambda: list(SCRIPTS))
    ] = "bash",
) -> None:
    from jiebei_lib.core.knowledge.problems import Problem, UserError, items, shown

    if shell not in SCRIPTS:
        raise UserError(Problem("not_one_of", "SHELL", {"value": shown(shell), "allowed": items(SCRIPTS)}))
    print(script(shell, LANG), end="")


def script(shell: str, lang: str) -> str:
    """The script, made once for each state of the command line's code and words."""
    from jiebei_lib.core.knowledge.yaml_files import HERE, remembered

    code = sorted([*(HERE / "cli").glob("*.py"), *(HERE / "page" / "text").glob("*.yaml"), *HERE.glob("*/*.yaml")])
    texts = b"".join(file.read_bytes() for file in code)
    return remembered(f"completion-{shell}-{lang}", texts, lambda: SCRIPTS[shell](_root()))


def _root() -> Node:
    import sys

    # The program itself: its module is there, since it is what asked
    return tree(typer.main.get_command(sys.modules["jiebei_lib.cli"].app))


def _quoted(text: str) -> str:
    """A word for any of the shells: in single quotes, which no sentence of ours may end."""
    return "'" + text.replace("'", "’") + "'"


def _options(node: Node) -> list[Given]:
    return [each for each in node.given if each.option]


def _with_value(node: Node) -> list[Given]:
    return [each for each in _options(node) if each.takes]


BASH = """\
# bash completion for jiebei; written by: jiebei completion bash
_jiebei() {{
  local cur="${{COMP_WORDS[COMP_CWORD]}}" prev="${{COMP_WORDS[COMP_CWORD-1]}}" at="" i words=""
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$at ${{COMP_WORDS[i]}}" in
      {commands}) at="$at ${{COMP_WORDS[i]}}";;
    esac
  done
  COMPREPLY=()
  case "$at $prev" in
{values}
  esac
  case "$at" in
{words}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}}
complete -o default -F _jiebei jiebei
"""


def _bash(root: Node) -> str:
    nodes = list(root.walk())
    paths = [_place(node) for node in nodes if node.path]
    values, words = [], []
    for node in nodes:
        for each in _with_value(node):
            names = "|".join(_quoted(f"{_place(node)} {name}") for name in each.names)
            # Nothing to offer: bash offers files
            then = (
                f'COMPREPLY=($(compgen -W {_quoted(" ".join(each.values))} -- "$cur")); return'
                if each.values
                else "return"
            )
            values.append(f"    {names}) {then};;")
        offered = [below.path[-1] for below in node.below] + [name for each in _options(node) for name in each.names]
        offered += [value for each in node.given if not each.option for value in each.values]
        words.append(f"    {_quoted(_place(node))}) words={_quoted(' '.join([*offered, '--help']))};;")
    return BASH.format(commands="|".join(map(_quoted, paths)), values="\n".join(values), words="\n".join(words))


def _place(node: Node) -> str:
    return "".join(f" {name}" for name in node.path)


ZSH = """\
#compdef jiebei
# zsh completion for jiebei; written by: jiebei completion zsh
_jiebei() {{
  local at="" i files=1
  local -a offered options
  for ((i = 2; i < CURRENT; i++)); do
    case "$at ${{words[i]}}" in
      {commands}) at="$at ${{words[i]}}";;
    esac
  done
  case "$at ${{words[CURRENT-1]}}" in
{values}
  esac
  case "$at" in
{words}
  esac
  if [[ "${{words[CURRENT]}}" == -* ]]; then _describe -o jiebei options; return; fi
  if (( ${{#offered}} )); then _describe jiebei offered; fi
  if (( files )); then _files; fi
}}
if [[ "$funcstack[1]" == _jiebei ]]; then _jiebei "$@"; else compdef _jiebei jiebei; fi
"""


def _zsh(root: Node) -> str:
    nodes = list(root.walk())
    values, words = [], []
    for node in nodes:
        for each in _with_value(node):
            names = "|".join(_quoted(f"{_place(node)} {name}") for name in each.names)
            then = f"compadd -- {' '.join(map(_quoted, each.values))}" if each.values else "_files"
            values.append(f"    {names}) {then}; return;;")
        offered = [(below.path[-1], below.help) for below in node.below]
        offered += [(value, each.help) for each in node.given if not each.option for value in each.values]
        options = [(name, each.help) for each in _options(node) for name in each.names if name.startswith("--")]
        listed = [" ".join(_quoted(f"{name}:{_plain(told)}") for name, told in some) for some in (offered, options)]
        # A command with others below it takes no file, and where there are words to choose from they are all
        none = "files=0 " if offered else ""
        words.append(f"    {_quoted(_place(node))}) {none}offered=({listed[0]}) options=({listed[1]});;")
    paths = "|".join(_quoted(_place(node)) for node in nodes if node.path)
    return ZSH.format(commands=paths, values="\n".join(values), words="\n".join(words))


def _plain(text: str) -> str:
    return " ".join(text.split()).replace("\\", "")


def _fish(root: Node) -> str:
    lines = ["# fish completion for jiebei; written by: jiebei completion fish", "complete -c jiebei -f"]
    for node in root.walk():
        met = " ".join(f"__fish_seen_subcommand_from {name};" + " and" for name in node.path).removesuffix(" and")
        names = [below.path[-1] for below in node.below]
        none = f"not __fish_seen_subcommand_from {' '.join(names)}" if names else ""
        when = "; and ".join(filter(None, [met.removesuffix(";"), none]))
        if not node.path:
            when = none
        for below in node.below:
            lines.append(f"complete -c jiebei -n {_quoted(when)} -a {below.path[-1]} -d {_quoted(_plain(below.help))}")
        for each in node.given:
            lines += _fish_given(each, when)
    return "\n".join(lines) + "\n"


def _fish_given(each: Given, when: str) -> list[str]:
    told = f" -d {_quoted(_plain(each.help))}"
    if not each.option:
        offered = f"-a {_quoted(' '.join(each.values))}" if each.values else "-F"
        return [f"complete -c jiebei -n {_quoted(when)} {offered}"]
    names = " ".join(f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in each.names)
    takes = "" if not each.takes else f" -x -a {_quoted(' '.join(each.values))}" if each.values else " -r -F"
    return [f"complete -c jiebei -n {_quoted(when)} {names}{takes}{told}"]


SCRIPTS: dict[str, Callable[[Node], str]] = {"bash": _bash, "zsh": _zsh, "fish": _fish}
