"""Files from users: whatever stands in them, one clear line."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from jiebei_lib.core.case import Case
from jiebei_lib.core.knowledge.problems import CaseError, PolicyError
from jiebei_lib.core.knowledge.yaml_files import HERE, Refused, dumped, parse
from jiebei_lib.core.policy import load_policy

HOSTILE = {
    "nothing": "",
    "a number": "3",
    "a list": "- days_overdue: 7",
    "odd types": "{factors: 3, product: [], name: null}",
    "an alias": "a: &x [1]\nb: *x",
    "laughs": "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]",
    "itself": "&a [*a]",
    "code": "a: !!python/object/apply:os.system [echo]",
    "bytes": "factors: !!binary aGVsbG8=",
    "a set": "factors: !!set {a, b}",
    "a date by tag": "factors: !!timestamp 2020-01-01",
    "pairs": "factors: !!pairs [a: 1]",
    "a merge": "<<: {days_overdue: 7}",
    "keys that are no text": "1: 2\nnull: 3\n2.5: 4",
    "a list as key": "? [a, b]\n: 1",
    "a mapping as key": "? {a: b}\n: 1",
    "a key twice": "days_overdue: 7\ndays_overdue: 8",
    "two documents": "a: 1\n---\nb: 2",
    "a colon too many": "a: b: c",
    "a tab": "a:\n\tb: 1",
    "a control character": "a: \x01",
    "a number without end": "days_overdue: 1" + "0" * 5000,
    "no number": "{days_overdue: .nan, amount_overdue: .inf}",
    "brackets": "[" * 200_000,
    "braces": "{a: " * 100_000,
    "a staircase": "\n".join(f"{' ' * n}a:" for n in range(400)),
    "many keys": "\n".join(f"key_{n}: 1" for n in range(3000)),
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize(("load", "error"), [(Case.read, CaseError), (load_policy, PolicyError)])
def test_a_hostile_file_gives_clear_lines(tmp_path: Path, name: str, load, error: type) -> None:
    path = tmp_path / "given.yaml"
    path.write_text(HOSTILE[name], "utf-8")
    with pytest.raises(error) as told:
        load(path)
    for lang in ("zh", "en"):
        lines = told.value.say(lang).splitlines()
        assert 1 <= len(lines) <= 21 and all(0 < len(line) < 400 for line in lines)
    assert "given.yaml" in lines[0] and "Traceback" not in str(told.value)


@pytest.mark.parametrize("content", [b"a: \xe9\xff", b"\xff\xfe\x00", b"\x80"])
def test_a_file_that_is_no_text_gives_a_clear_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "given.yaml").write_bytes(content)
    with pytest.raises(CaseError, match=r"given\.yaml: the text's encoding is none that is known"):
        Case.read(tmp_path / "given.yaml")


@pytest.mark.parametrize("path", ["", ".", "no/such/file.yaml", "a\0b.yaml", "x" * 5000 + ".yaml"])
def test_a_path_that_leads_nowhere_gives_a_clear_line(path: str) -> None:
    with pytest.raises(CaseError, match="cannot be read") as told:
        Case.read(path)
    assert len(str(told.value)) < 200


@settings(max_examples=200)
@given(st.text(st.sampled_from("ab:-[]{}&*!?|>'\"#%@, \n\t0123.~"), max_size=30))
def test_any_text_is_read_or_told(text: str) -> None:
    try:
        parse(text)
    except (yaml.YAMLError, Refused, ValueError):
        return


@pytest.mark.parametrize("text", ["010", "1:30", "0b1", "1_000", "0o17", "0x1f", "2026-11-23"])
def test_what_only_looks_like_a_number_or_a_date_stays_text(text: str) -> None:
    """In YAML 1.1 these would be 8, 90, 1, 1000, 15, 31 and a date."""
    assert parse(f"a: {text}") == {"a": text}


def test_plain_numbers_are_numbers() -> None:
    assert parse("[0, -7, +8, 30000, 0.5, -1.5e+3, true, null]") == [0, -7, 8, 30000, 0.5, -1500, True, None]
    assert parse("[1e3, 1E-2, .5, 7., 1.e2, ~, True, FALSE, NULL]") == [
        1000,
        0.01,
        0.5,
        7,
        100,
        None,
        True,
        False,
        None,
    ]


WORDS = [
    "on",
    "off",
    "yes",
    "no",
    "y",
    "n",
    "On",
    "OFF",
    "Yes",
    "NO",
    "=",
    "<<",
    "1_000.5",
    "1:30.5",
    "012",
    "1.2.3",
    "2026-11-23T08:00:00Z",
    "-",
    "e3",
]


@pytest.mark.parametrize("word", [word for word in WORDS if word != "-"])
def test_what_is_a_word_in_yaml_1_2_is_a_word_as_key_and_as_value(word: str) -> None:
    """In YAML 1.1 on and off are truths, << merges, = is a value of its own, and 1:30.5 a number to the base of sixty."""
    assert parse(f"{word}: {word}") == {word: word}


@pytest.mark.parametrize("text", ["a: !!str 7", "a: !x 7", "!!map {a: 7}", "a: ! 7", "- !!python/name:os.system x"])
def test_tags_are_refused_by_name(text: str) -> None:
    with pytest.raises(Refused) as told:
        parse(text)
    assert told.value.kind == "yaml_tag" and told.value.slots["line"] == 1


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False)
        | st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=5)
        | st.sampled_from([*WORDS, "1e3", "1E3", ".5", "7.", "~", "null", "2026-11-23", "0x1f", "010"]),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(WORDS) | st.text("ab1e.~", max_size=3), inner, max_size=3)
        ),
    )
)
def test_what_is_written_is_read_back_the_same(content: object) -> None:
    assert parse(dumped(content)) == content


def test_a_file_of_gb18030_or_utf_16_is_read(tmp_path: Path) -> None:
    for encoding in ("gb18030", "utf-16", "utf-8-sig"):
        (tmp_path / "a.yaml").write_text("case_id: 甲\ndays_overdue: 7\namount_overdue: 1e3\n", encoding)
        assert Case.read(tmp_path / "a.yaml") == Case(7, 1000, case_id="甲")


@pytest.mark.parametrize("path", sorted(HERE.rglob("*.yaml")), ids=lambda path: str(path.relative_to(HERE)))
def test_our_files_read_the_same_with_and_without_the_c_library(path: Path) -> None:
    """PyYAML's own reader refuses a plain ``?}`` that libyaml takes; some systems have only the first."""
    fast = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    text = path.read_text("utf-8")
    assert yaml.load(text, Loader=yaml.SafeLoader) == yaml.load(text, Loader=fast)
