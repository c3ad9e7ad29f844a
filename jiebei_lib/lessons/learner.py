"""The learner of a running notebook: one class file (or memory), one code, once they have joined. Panels observe it."""

from __future__ import annotations

import os

import traitlets

from jiebei_lib.core.knowledge.problems import Problem
from jiebei_lib.core.knowledge.readers import Own, own
from jiebei_lib.lessons.forms import Asked, forms
from jiebei_lib.lessons.store import ClassError, Store

FILE = "JIEBEI_CLASS"  # the environment variable that names the class file; without it answers stay in memory
LINK = "JIEBEI_LINK"  # the one that names the students' link, for the projector
OPEN = "JIEBEI_LESSON"  # the one that names the lesson of the class
LESSONS = ("lesson_1", "lesson_2", "lesson_3")
SHEETS = ("worksheet", "answers", "page", "questions", "guide")
SEED = 7  # of a class that has none yet: forms and the world of the game


class Learner(traitlets.HasTraits):
    """``code`` is empty until the learner joins or comes back."""

    code = traitlets.Unicode("")

    def enter(self) -> str:
        """The learner's code; joins without a nickname if they have not joined yet. Raises :class:`ClassError`, and forgets the code,
        if the teacher has emptied the class since."""
        if self.code and not class_file().there(self.code):
            self.code = ""
            raise ClassError(Problem("class_emptied", ""))
        if not self.code:
            self.code = class_file().join()
        return self.code

    def form(self, lesson: str, phase: str) -> list[Asked]:
        """The form of a phase. Every other learner has the two forms the other way round, so that a harder one tips no scale."""
        both = forms(seed() + LESSONS.index(lesson))
        turned = class_file().number(self.enter()) % 2 == 0
        return both[(phase == "after") != turned]


def _opened() -> Store:
    path = os.environ.get(FILE) or None
    return Store(path, paced=path is not None)


_file = Own(_opened)


def class_file() -> Store:
    """The class's file, opened once a learner: how fast one may write is counted for each."""
    return _file.its()


vars(class_file)["cache_clear"] = lambda: own.get().pop(_file, None)


def open_lesson() -> str:
    """The lesson that the class has open; the first if none is named."""
    named = os.environ.get(OPEN, "")
    return named if named in LESSONS else LESSONS[0]


def seed() -> int:
    """The class's seed: everyone has the same forms and the same world."""
    return int(class_file().setting("seed", str(SEED)))


learner = Own(Learner)
