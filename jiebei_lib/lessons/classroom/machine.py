"""How many students this machine carries."""

from __future__ import annotations

import os

MOST = 200  # students; more is a typing error
KERNEL_MB = 150  # memory that one student takes: 94 when it comes, more after the game's debrief
PER_CORE = 20  # students; measured: forty on two cores answer at the same moment
SPARE_MB = 1024  # left for the machine itself
FILES_EACH, SPARE_FILES = 16, 96  # open files of the students' server: for each student (measured: 11), and its own
MOST_FILES = 16_384  # open files that a server asks for; a system's "unlimited" can make programs slow


def capacity(kernels: bool = True) -> int:
    """How many students this machine carries: by its free memory, its processors, and the files that a program may open; without
    ``kernels`` by these files, and no more than a class may have."""
    import psutil

    by_files = (allowed_files() - SPARE_FILES) / FILES_EACH
    if not kernels:
        return max(0, min(int(by_files), MOST))
    by_memory = (psutil.virtual_memory().available / 2**20 - SPARE_MB) / KERNEL_MB
    return max(0, min(int(by_memory), int(by_files), PER_CORE * (os.cpu_count() or 1)))


def allowed_files(ask: bool = False) -> int:
    """How many files this process may open at once, after it has asked for as many as it may have; with ``ask``, asks."""
    try:
        import resource
    except ImportError:  # no such limit on this system
        return MOST_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft == resource.RLIM_INFINITY:
        return MOST_FILES
    if ask and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    return max(soft, most)
