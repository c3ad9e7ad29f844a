"""What each reader has of their own: a kernel serves one, a class's pages many, each in a context in which ``own`` was set anew."""

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

own: ContextVar[dict[Any, Any]] = ContextVar("own", default={})  # noqa: B039 (the one of a kernel's only reader)


class Own:
    """Stands for an object that is made for each reader when first asked for."""

    def __init__(self, make: Callable[[], Any]):
        self.__dict__["its"] = lambda: own.get().get(self) or own.get().setdefault(self, make())

    def __getattr__(self, name: str) -> Any:
        return getattr(self.its(), name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self.its(), name, value)
