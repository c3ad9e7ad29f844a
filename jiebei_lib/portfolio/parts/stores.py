"""Files and folders by name: on this machine, or at an address that fsspec reaches (s3://, gs://, abfs://, sftp://, file:// …).

fsspec is imported only for an address. What is written appears when all of it is there: on this machine by a rename; at an address it is
made here first and then put there in one go, which storage of objects does whole or not at all. Where it does not, what is half there
has not the mark that is kept of it, and is made again.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from jiebei_lib.core.knowledge.problems import Problem, shown
from jiebei_lib.core.knowledge.user_files import write_whole
from jiebei_lib.core.tables.delimited import Source, TableError, Upload
from jiebei_lib.core.tables.files import arrow, files_of, kind
from jiebei_lib.core.tables.outputs import is_run

SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):/+(?=[^/])")
HEADING = 1 << 20  # bytes of a text from which its columns' names are known
SMALLEST = {"csv": 8, "json": 24}  # bytes that a row takes at least, for a guess at how many there may be
PACKED = 2  # of any other kind


def address(name: str | Path) -> str | None:
    """The address that a name is, or None for a file of this machine. Of an address a ``Path`` has taken one of two strokes away."""
    text = name.as_posix() if isinstance(name, Path) else str(name)
    told = SCHEME.match(text)
    if not told or Path(name).exists():
        return None
    return f"{told[1]}://{'/' if told[1] == 'file' else ''}{text[told.end() :]}"


@contextmanager
def _said(where: str, kind_of: str) -> Iterator[None]:
    """What goes wrong far away in one sentence, whatever its kind: each storage has errors of its own."""
    try:
        yield
    except TableError:
        raise
    except Exception as failure:
        said = shown(str(failure) or type(failure).__name__, 120)
        raise TableError(Problem(kind_of, where, {"value": said})) from None


def _far(where: str) -> tuple[Any, str]:
    """The file system that has an address, and the path there. Raises :class:`TableError`."""
    try:
        from fsspec.core import url_to_fs
    except ImportError:
        raise TableError(Problem("no_extra", where, {"allowed": "fsspec"})) from None
    with _said(where, "no_file"):
        found: tuple[Any, str] = url_to_fs(where)
        return found


# ---- what is read --------------------------------------------------------------------------------------------------


def found_files(given: Any) -> list[Source | str]:
    """The files that names, globs and addresses stand for, in order: an address as text, any other as
    :func:`jiebei_lib.core.tables.files.files_of` has it. Raises :class:`TableError`."""
    found: list[Source | str] = []
    for name in [given] if isinstance(given, str | Path) or not hasattr(given, "__iter__") else given:
        where = address(name) if isinstance(name, str | Path) else None
        if where is None:
            found += files_of(name)
            continue
        fs, path = _far(where)
        with _said(where, "no_file"):
            paths = sorted(fs.glob(path)) if re.search(r"[*?\[]", path) else [path]
            files = [fs.unstrip_protocol(each) for each in paths if fs.isfile(each)]
        if not files:
            raise TableError(Problem("no_file", where, {"value": "no such file"}))
        for file in files:
            kind(Path(file))
        found += files
    return found


def opened(file: str) -> Any:
    """A file as Arrow reads it, from any place in it. Not a map: a file that is cut short by somebody else would end the program."""
    pa = arrow()
    if (where := address(file)) is None:
        return pa.OSFile(file)
    fs, path = _far(where)
    with _said(where, "no_file"):
        return pa.PythonFile(fs.open(path, "rb"), mode="r")


@contextmanager
def fetched(file: str) -> Iterator[Path]:
    """A file on this machine: itself, or for as long as it is needed a copy of one that is far away."""
    if (where := address(file)) is None:
        yield Path(file)
        return
    fs, path = _far(where)
    with TemporaryDirectory(prefix="jiebei-") as folder:
        copy = Path(folder, Path(path).name)
        with _said(where, "no_file"):
            fs.get_file(path, str(copy))
        yield copy


def stand_in(file: Source | str) -> Source:
    """Something small that has a file's columns: of one that is far away only its footer or its first lines are read."""
    if not isinstance(file, str):
        return file
    pa, (fs, path), name = arrow(), _far(file), Path(file).name
    with _said(file, "no_file"):
        if kind(Path(name)) == "parquet":
            out = pa.BufferOutputStream()
            pa.parquet.write_table(pa.parquet.read_schema(opened(file)).empty_table(), out)
            return Upload(name, out.getvalue().to_pybytes())
        whole = fs.size(path) <= HEADING or kind(Path(name)) != "csv"
        content = fs.cat_file(path) if whole else fs.cat_file(path, 0, HEADING).rpartition(b"\n")[0]
    return Upload(name, content)


def state(file: str) -> list[Any]:
    """What changes when a file does."""
    if (where := address(file)) is None:
        told = Path(file).stat()
        return [told.st_size, told.st_mtime_ns]
    fs, path = _far(where)
    with _said(where, "no_file"):
        return [fs.ukey(path)]


def rows_at_most(file: str) -> int:
    """How many rows a file that does not say so may have."""
    where = address(file)
    if where is None:
        size = Path(file).stat().st_size
    else:
        fs, path = _far(where)
        with _said(where, "no_file"):
            size = fs.size(path)
    return int(size // SMALLEST.get(kind(Path(file)), PACKED)) + 1


# ---- what is written -----------------------------------------------------------------------------------------------


class Here:
    """A folder of this machine."""

    def __init__(self, folder: str):
        self.folder, self.name = Path(folder), folder

    @contextmanager
    def place(self, name: str) -> Iterator[Path]:
        """Where to write a file, whole."""
        yield self.folder / name

    def write(self, name: str, content: str) -> None:
        (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
        write_whole(self.folder / name, content, TableError)

    def open(self, name: str) -> Any:
        return arrow().OSFile(str(self.folder / name))

    def read(self, name: str) -> str:
        """Raises :class:`OSError`."""
        return (self.folder / name).read_text("utf-8")

    def exists(self, name: str) -> bool:
        return (self.folder / name).exists()

    def names(self, under: str = "") -> list[str]:
        """What lies in the folder, or in one below it."""
        folder = self.folder / under
        return sorted(each.name for each in folder.iterdir()) if folder.is_dir() else []

    def is_run(self, manifest: str, work: str) -> bool:
        """Whether what lies here is of an earlier run."""
        return is_run(self.folder, manifest, work)

    def is_file(self) -> bool:
        return self.folder.exists() and not self.folder.is_dir()

    def remove(self, name: str) -> None:
        (self.folder / name).unlink(missing_ok=True)

    def clear(self, under: str) -> None:
        """A folder and all in it: its name at one stroke, so that whoever is killed here leaves no half of it that looks like all."""
        path = self.folder / under
        if path.parent != self.folder and path.name != "over" and path.exists():
            path = path.rename(path.with_name("over"))
        shutil.rmtree(path, ignore_errors=True)

    def mark(self, name: str) -> str:
        """What a file is known by again. Raises :class:`OSError`."""
        with (self.folder / name).open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest()


class Far(Here):
    """A folder at an address."""

    def __init__(self, folder: str):
        self.folder, self.name = Path(folder), folder
        self.fs, self.path = _far(folder)

    def _at(self, name: str) -> str:
        return f"{self.path}/{name}" if name else self.path

    @contextmanager
    def place(self, name: str) -> Iterator[Path]:
        with TemporaryDirectory(prefix="jiebei-") as folder:
            made = Path(folder, Path(name).name)
            yield made
            if made.exists():
                with _said(f"{self.name}/{name}", "cannot_write"):
                    self.fs.makedirs(self.fs._parent(self._at(name)), exist_ok=True)
                    self.fs.put_file(str(made), self._at(name))
                    self.fs.invalidate_cache()

    def write(self, name: str, content: str) -> None:
        with self.place(name) as path:
            path.write_text(content, "utf-8")

    def open(self, name: str) -> Any:
        return opened(f"{self.name}/{name}")

    def read(self, name: str) -> str:
        return str(self.fs.cat_file(self._at(name)).decode("utf-8"))

    def exists(self, name: str) -> bool:
        return bool(self.fs.exists(self._at(name)))

    def names(self, under: str = "") -> list[str]:
        self.fs.invalidate_cache()
        with _said(self.name, "no_file"):
            there = self.fs.ls(self._at(under), detail=False) if self.fs.isdir(self._at(under)) else []
            return sorted(Path(each).name for each in there)

    def is_run(self, manifest: str, work: str) -> bool:
        if work in self.names():
            return True
        with TemporaryDirectory(prefix="jiebei-") as folder, suppress(OSError, ValueError):
            Path(folder, manifest).write_text(self.read(manifest), "utf-8")
            return is_run(Path(folder), manifest, work)
        return False

    def is_file(self) -> bool:
        return bool(self.fs.isfile(self.path))

    def remove(self, name: str) -> None:
        with suppress(FileNotFoundError):
            self.fs.rm_file(self._at(name))

    def clear(self, under: str) -> None:
        if self.exists(under):
            # First what says that something is done, so that no half of it looks like all
            for name in [each for each in self.fs.find(self._at(under)) if each.endswith(".done")]:
                self.fs.rm_file(name)
            self.fs.rm(self._at(under), recursive=True)

    def mark(self, name: str) -> str:
        return str(self.fs.ukey(self._at(name)))


def store(folder: str | Path) -> Here:
    """The folder that a name or an address stands for."""
    where = address(folder)
    return Here(str(Path(folder).resolve())) if where is None else Far(where.rstrip("/"))
