"""`jiebei class`, `jiebei handout`, `jiebei bank`: a class that a teacher opens, the sheets to print for it, the questions to take away."""

from pathlib import Path
from typing import Annotated

import typer

from jiebei_lib.cli.output import LANG, checked_lang, needs, t, told
from jiebei_lib.page.text import say


def _lessons() -> list[str]:
    from jiebei_lib.lessons.learner import LESSONS

    return list(LESSONS)


def _kinds() -> list[str]:
    from jiebei_lib.cli.question_sets import KINDS

    return [*KINDS, "h5p"]


def _topics() -> list[str]:
    from jiebei_lib.lessons.bank import TOPICS

    return list(TOPICS)


def open_class(
    lesson: Annotated[
        str, typer.Argument(help=t("class.lesson"), metavar="LESSON", autocompletion=_lessons)
    ] = "lesson_1",
    students: Annotated[int, typer.Option(help=t("class.students"))] = 40,
    host: Annotated[str, typer.Option(help=t("class.host"))] = "127.0.0.1",
    port: Annotated[int, typer.Option(help=t("class.port"))] = 8866,
    file: Annotated[Path | None, typer.Option(help=t("class.file"), metavar="FILE")] = None,
    self_paced: Annotated[bool, typer.Option("--self-paced", help=t("class.self_paced"))] = False,
    kernels: Annotated[bool, typer.Option("--kernels", help=t("class.kernels"))] = False,
    lang: Annotated[str, typer.Option(help=t("main.lang"))] = LANG,
) -> None:
    needs("voila", "psutil", "segno")
    from jiebei_lib.lessons import classroom
    from jiebei_lib.lessons.store import Store
    from jiebei_lib.show.lessons import lead

    lang, lesson = checked_lang(lang), checked_lesson(lesson)
    classroom.check(lesson, host, port, students, projector=True)
    carries = classroom.capacity(kernels)
    told(say(f"cli.class.{'carries' if kernels else 'carries_pages'}", lang, carries=carries))
    if carries < students:
        told(say("cli.class.too_many", lang, students=students, carries=carries))
    told(say("cli.class.warming", lang, students=min(students, carries)))
    file = file or classroom.default_file()
    if self_paced or not Store(file).kept(lead.KEY):  # the same file again goes on as it was led
        lead.steer(Store(file), led=not self_paced)
    with classroom.opened(lesson, host, port, students, file, min(students, carries), True, kernels) as now:
        for link in now.links:
            print(say("cli.class.open", lang, link=link))
        print(_qr(now.link))
        print(say("cli.class.board", lang, link=now.board))
        print(say("cli.class.screen", lang, link=now.screen))
        print(say(f"cli.class.{'led' if lead.lead(Store(file)).led else 'paced'}", lang))
        if each := now.kernels() if kernels else []:
            told(say("cli.class.measured", lang, each=round(sum(each) / len(each))))
        print(say("cli.class.file_is", lang, path=now.file))
        if host == classroom.HOME:
            print(say("cli.class.here_only", lang))
        told(say("cli.class.end", lang))
        now.last(
            lambda: print(say("cli.class.again", lang), flush=True),
            lambda fault: print(fault.say(lang) if fault else say("cli.class.kept_again", lang), flush=True),
        )


def handout(
    lesson: Annotated[str, typer.Argument(help=t("handout.lesson"), metavar="LESSON", autocompletion=_lessons)],
    lang: Annotated[str, typer.Option(help=t("main.lang"))] = LANG,
    to: Annotated[str, typer.Option(help=t("report.to"))] = "html",
    sheet: Annotated[str, typer.Option(help=t("handout.sheet"))] = "all",
    seed: Annotated[int | None, typer.Option(help=t("handout.seed"))] = None,
    out: Annotated[Path, typer.Option("-o", "--out", help=t("main.out"), metavar="DIR")] = Path("reports"),
    brand: Annotated[Path | None, typer.Option(help=t("report.brand"), metavar="BRAND.yaml")] = None,
    force: Annotated[bool, typer.Option("--force", help=t("main.force"))] = False,
) -> None:
    needs("papermill")
    from jiebei_lib.reports.kinds import handouts

    made = handouts(checked_lesson(lesson), checked_lang(lang), to.split(","), out, sheet, seed, brand, force)
    for each in made:
        told(*each.files)


def question_bank(
    to: Annotated[str, typer.Option(help=t("bank.to"), autocompletion=_kinds)] = "moodle",
    topic: Annotated[list[str] | None, typer.Option(help=t("bank.topic"), autocompletion=_topics)] = None,
    out: Annotated[Path | None, typer.Option("-o", "--out", help=t("bank.out"), metavar="FILE")] = None,
    lang: Annotated[str, typer.Option(help=t("main.lang"))] = LANG,
    force: Annotated[bool, typer.Option("--force", help=t("main.force_changed"))] = False,
) -> None:
    from jiebei_lib.cli import h5p
    from jiebei_lib.cli.question_sets import question_set
    from jiebei_lib.cli.saving import save
    from jiebei_lib.core.knowledge.problems import Problem, UserError, items, shown
    from jiebei_lib.lessons.bank import TOPICS, bank

    lang, topics = checked_lang(lang), tuple(topic or ())
    for name, given, known in (("--to", [to], _kinds()), ("--topic", topics, TOPICS)):
        for value in given:
            if value not in known:
                raise UserError(Problem("not_one_of", name, {"value": shown(value), "allowed": items(known)}))
    kind = {"moodle": "xml"}.get(to, to)
    out = out or Path(f"jiebei-bank.{kind}")
    save(out, h5p.package(lang, topics) if to == "h5p" else question_set(to, lang, topics), kind, force)
    number = sum(not topics or item["topic"] in topics for item in bank().values())
    told(say("cli.bank.made", lang, path=out, n=number))


def checked_lesson(lesson: str) -> str:
    """A lesson's name; its number alone will do."""
    from jiebei_lib.core.knowledge.problems import Problem, UserError, items, shown
    from jiebei_lib.lessons.learner import LESSONS

    name = f"lesson_{lesson}" if lesson.isdecimal() else lesson
    name = next((known for known in LESSONS if name == known or name.startswith(f"{known}_")), name)
    if name not in LESSONS:
        raise UserError(Problem("not_one_of", "LESSON", {"value": shown(lesson), "allowed": items(LESSONS)}))
    return name


def _qr(link: str) -> str:
    """The link as a QR code of block characters."""
    import io

    import segno

    out = io.StringIO()
    segno.make(link, micro=False).terminal(out, compact=True, border=2)
    return out.getvalue()
