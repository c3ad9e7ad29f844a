"""`jiebei config`: the user's own defaults, shown, set and taken back."""

from typing import Annotated

import typer

from jiebei_lib.cli import settings
from jiebei_lib.cli.output import LANG, Command, Group, checked_lang, print_json, print_table, t, told
from jiebei_lib.page.text import heads, say

app = typer.Typer(cls=Group, add_completion=False, no_args_is_help=True, help=t("config.help"))

Name = Annotated[
    str, typer.Argument(help=t("config.name"), metavar="NAME", autocompletion=lambda: list(settings.known()))
]
Lang = Annotated[str, typer.Option(help=t("main.lang"))]


@app.command(cls=Command, help=t("config.show.help"), epilog=t("config.show.example"))
def show(lang: Lang = LANG, json: Annotated[bool, typer.Option("--json", help=t("main.json"))] = False) -> None:
    lang, chosen = checked_lang(lang), settings.values()
    if json:
        print_json({"file": str(settings.path()), "settings": {name: chosen.get(name) for name in settings.known()}})
        return
    rows = [[name, chosen.get(name, "–"), words[lang]] for name, words in settings.known().items()]
    print_table(heads("cli.config.show.head", lang), rows)
    print(say("cli.config.show.file", lang, path=settings.path()))


@app.command("set", cls=Command, help=t("config.set.help"), epilog=t("config.set.example"))
def set_(
    name: Name,
    value: Annotated[str, typer.Argument(help=t("config.value"), metavar="VALUE")],
    lang: Lang = LANG,
) -> None:
    lang, kept = checked_lang(lang), settings.checked(name, value)
    path = settings.write({**settings.values(), name: kept})
    told(say("cli.config.set.done", lang, name=name, value=kept, path=path))


@app.command(cls=Command, help=t("config.unset.help"), epilog=t("config.unset.example"))
def unset(name: Name, lang: Lang = LANG) -> None:
    from jiebei_lib.core.knowledge.problems import Problem, UserError, items, shown

    lang, chosen = checked_lang(lang), settings.values()
    if name not in settings.known():
        raise UserError(Problem("unknown_setting", shown(name), {"allowed": items(settings.known())}))
    if name in chosen:
        settings.write({key: value for key, value in chosen.items() if key != name})
    told(say("cli.config.unset.done", lang, name=name))
