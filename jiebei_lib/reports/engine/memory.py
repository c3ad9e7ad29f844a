"""What a server does to its memory before it is copied: so that a copy writes to fewer of the pages that it shares.

A page that a copy writes to is copied first, which costs more than most of what is then done with it.
"""

from __future__ import annotations

import ctypes
from contextlib import suppress
from typing import Any

BIGGEST, SMALLEST = 100_000, 24  # bytes: of what lies in C's heap, and not in memory of its own
BY_STEPS = 2048  # bytes up to which each size there can be is tried


class _Heap(ctypes.Structure):
    """C's ``struct mallinfo2``."""

    _fields_ = [*((f"field{n}", ctypes.c_size_t) for n in range(9)), ("keepcost", ctypes.c_size_t)]


def fill_gaps() -> None:
    """Takes all that is free between what lies in C's heap, the large first, and keeps it: what a copy asks for then comes from fresh
    pages behind it."""
    c: Any = ctypes.CDLL(None)
    with suppress(AttributeError):  # a C library without this
        c.mallinfo2.restype, c.malloc.restype = _Heap, ctypes.c_void_p
        c.malloc.argtypes, c.free.argtypes = [ctypes.c_size_t], [ctypes.c_void_p]
        size = BIGGEST
        while size >= SMALLEST:
            end = c.mallinfo2().keepcost  # bytes free behind everything
            got = c.malloc(size)
            if c.mallinfo2().keepcost != end:  # no gap was as large
                c.free(got)
                size = size - 16 if size <= BY_STEPS else size * 3 // 4
