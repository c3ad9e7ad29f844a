"""Files are written whole or not at all, and a user's YAML is read as YAML 1.2 says or refused by name."""

import os
import stat
import threading

import pytest

from jiebei_lib.core.knowledge.problems import CaseError, UserError
from jiebei_lib.core.knowledge.user_files import write_whole, written_whole


def test_a_file_is_there_when_the_block_ends_and_no_part_is_left(tmp_path):
    path = tmp_path / "new" / "a.txt"
    with written_whole(path, encoding="utf-8", folders=True) as file:
        file.write("一行\n")
        assert not path.exists()
    assert path.read_bytes() == "一行\n".encode()
    assert os.listdir(path.parent) == ["a.txt"]


@pytest.mark.parametrize("end", [RuntimeError("no"), KeyboardInterrupt()])
def test_what_was_there_stays_when_the_block_fails(tmp_path, end):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(type(end)), written_whole(path) as file:
        file.write(b"half")
        raise end
    assert path.read_text() == "old" and os.listdir(tmp_path) == ["a.txt"]


def test_content_is_on_the_disk_before_it_has_its_name(tmp_path, monkeypatch):
    done = []
    monkeypatch.setattr(os, "fsync", lambda handle: done.append(os.fstat(handle)))
    monkeypatch.setattr("pathlib.Path.replace", lambda part, target: done.append(part.read_bytes()))
    write_whole(tmp_path / "a", b"all of it")
    assert stat.S_ISREG(done[0].st_mode) and done[0].st_size == 9
    assert done[1] == b"all of it"
    assert stat.S_ISDIR(done[2].st_mode)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device that is full")
def test_a_full_disk_is_one_sentence():
    with pytest.raises(CaseError, match=r"/dev/full: cannot be written \(No space left on device\)"):
        write_whole("/dev/full", b"x", CaseError)


def test_a_folder_is_no_file_to_write(tmp_path):
    with pytest.raises(UserError, match=r"cannot be written"):
        write_whole(tmp_path, b"x")


def test_another_files_failure_is_not_said_of_this_one(tmp_path):
    with pytest.raises(FileNotFoundError), written_whole(tmp_path / "a"):
        (tmp_path / "missing").read_bytes()
    assert os.listdir(tmp_path) == []


def test_a_link_keeps_pointing_and_the_mode_is_kept(tmp_path):
    path, link = tmp_path / "a.txt", tmp_path / "link"
    path.write_text("old")
    path.chmod(0o640)
    link.symlink_to(path)
    write_whole(link, "new")
    assert link.is_symlink() and path.read_text() == "new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_pipe_takes_what_is_written(tmp_path):
    pipe, heard = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: heard.append(pipe.read_bytes()), daemon=True)
    reader.start()
    write_whole(pipe, b"through")
    reader.join(5)
    assert heard == [b"through"] and stat.S_ISFIFO(pipe.stat().st_mode)


def test_the_longest_name_a_system_takes_can_be_written(tmp_path):
    path = tmp_path / ("n" * 255)
    write_whole(path, b"x")
    assert path.read_bytes() == b"x"
