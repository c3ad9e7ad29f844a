"""The controls of a panel, as plain data. Every text is ``{"zh": …, "en": …}``; ``None`` as a value means unknown.

A field is a dict; panel.js draws it with a real label, so that keyboard and screen reader work without more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from jiebei_lib.core.knowledge.problems import Phrase, Problem
from jiebei_lib.page.text import LANGUAGES, say

Text = Mapping[str, str]
Field = dict[str, Any]


def both(key: str, **slots: Any) -> dict[str, str]:
    """The sentence at a key of the text files in both languages."""
    return {lang: say(key, lang, **slots) for lang in LANGUAGES}


def number(
    name: str,
    label: Text,
    value: float | None,
    low: float,
    high: float,
    *,
    step: float | None = None,
    whole: bool = True,
    above: bool = False,
    slider: tuple[float, float] | None = None,
    log: bool = False,
    unit: Text | None = None,
    optional: bool = False,
    blank: bool = False,
    start: float | None = None,
    **more: Any,
) -> Field:
    """A number from ``low`` to ``high`` (``above``: more than ``low``), with a slider over the part that matters if given.

    ``log``: the slider moves in equal ratios. ``optional``: may be unknown, by a box to tick; ``start`` is what it becomes when
    it is known again. ``blank``: may be left empty, which says the same with no box.
    """
    phrase = Phrase(
        "integer" if whole else "number_above" if above else "number", {"low": _short(low), "high": _short(high)}
    )
    first = value if value is not None else start if start is not None else low
    return _field(
        "number",
        name,
        label,
        value,
        low=low,
        high=high,
        above=above,
        whole=whole,
        step=step or (1 if whole else "any"),
        slider=list(slider) if slider else None,
        log=log,
        unit=unit,
        optional=optional,
        blank=blank,
        start=first,
        wrong=_wrong(label, phrase),
        **more,
    )


def described(name: str, spec: Mapping[str, Any], value: float | None, **more: Any) -> Field:
    """A number that a field of case.yaml or loan.yaml describes: its name, its limits, whether it is whole."""
    low, high = spec.get("minimum", spec.get("exclusive_minimum")), spec["maximum"]
    kind = {"whole": spec["type"] == "integer", "above": "exclusive_minimum" in spec}
    return number(name, spec["name"], value, low, high, **kind, **more)


def choice(
    name: str,
    label: Text,
    options: Mapping[str, Text],
    value: str | None = None,
    *,
    look: str = "radio",
    optional: bool = False,
    **more: Any,
) -> Field:
    """One of several; ``look`` is ``radio`` (all to be seen) or ``select``. ``optional`` adds "unknown" as a choice of its own."""
    listed: list[dict[str, Any]] = [{"value": option, "label": dict(words)} for option, words in options.items()]
    if optional:
        listed.append({"value": None, "label": both("facts.unknown")})
    elif value is None:
        value = next(iter(options))
    return _field("choice", name, label, value, options=listed, look=look, optional=optional, **more)


def many(name: str, label: Text, options: Mapping[str, Text], value: Sequence[str] = (), **more: Any) -> Field:
    """Any of several, as check boxes; the value is a list."""
    listed = [{"value": option, "label": dict(words)} for option, words in options.items()]
    return _field("many", name, label, list(value), options=listed, **more)


def check(name: str, label: Text, value: bool = False, **more: Any) -> Field:
    """Yes or no."""
    return _field("check", name, label, value, **more)


def text(name: str, label: Text, value: str = "", *, lines: int = 1, longest: int = 200, **more: Any) -> Field:
    """Words; sent when the field is left or Enter is pressed. Never trusted: escape it, never run it, never open it as a path."""
    return _field(
        "text",
        name,
        label,
        value,
        lines=lines,
        longest=longest,
        wrong=_wrong(label, Phrase("text", {"high": longest})),
        **more,
    )


def day(name: str, label: Text, value: str | None = None, *, optional: bool = False, **more: Any) -> Field:
    """A date as ISO text."""
    return _field("day", name, label, value, optional=optional, wrong=_wrong(label, Phrase("date")), **more)


def file(
    name: str,
    label: Text,
    *,
    accept: str = ".yaml,.yml,.csv",
    largest: int = 1_000_000,
    also: Mapping[str, Any] | None = None,
    **more: Any,
) -> Field:
    """A file from the reader's own machine: the value is ``{"name": …, "text": …}`` (from UTF-8, UTF-16 or GB 18030), or None.
    ``largest`` in bytes; ``also``: what other fields become when a file is chosen."""
    return _field(
        "file",
        name,
        label,
        None,
        accept=accept,
        largest=largest,
        also=also or {},
        wrong=_wrong(label, Phrase("bytes", {"high": largest})),
        **more,
    )


def table(
    name: str,
    label: Text,
    columns: Sequence[Field],
    value: Sequence[Mapping[str, Any]] = (),
    *,
    most: int = 50,
    **more: Any,
) -> Field:
    """Rows that can be edited, added and taken away; ``columns`` are number, choice, text or day fields. The value is a list of dicts."""
    rows = [dict(row) for row in value]
    return _field(
        "table",
        name,
        label,
        rows,
        columns=list(columns),
        most=most,
        add=both("widget.add"),
        remove=both("widget.remove"),
        **more,
    )


def button(name: str, label: Text, *, main: bool = False, **more: Any) -> Field:
    """Something to do: answered by the panel's ``presses[name]``. ``note``: what it means, after its name."""
    return {"kind": "button", "name": name, "label": dict(label), "main": main, **_plain(more)}


def heading(label: Text) -> Field:
    """A line above the fields that follow."""
    return {"kind": "heading", "label": dict(label)}


def presets(label: Text, options: Mapping[str, tuple[Text, Mapping[str, Any]]]) -> Field:
    """Buttons that set many values at once; the one whose values now hold is shown as pressed."""
    listed = [{"name": name, "label": dict(words), "values": dict(values)} for name, (words, values) in options.items()]
    return {"kind": "presets", "label": dict(label), "options": listed}


def group(label: Text, fields: Sequence[Field], *, open: bool = True, note: Text | None = None) -> Field:
    """Fields that belong together under a heading that folds."""
    return {
        "kind": "group",
        "label": dict(label),
        "fields": list(fields),
        "open": open,
        "note": dict(note) if note else None,
    }


def first_values(fields: Sequence[Field]) -> dict[str, Any]:
    """The values that fields start with."""
    out: dict[str, Any] = {}
    for field in flat(fields):
        if "value" in field:
            out[field["name"]] = field["value"]
    return out


def flat(fields: Sequence[Field]) -> list[Field]:
    """All fields, those in groups too."""
    return [inner for field in fields for inner in (flat(field["fields"]) if field["kind"] == "group" else [field])]


def _field(
    kind: str, name: str, label: Text, value: Any, *, note: Text | None = None, badge: str | None = None, **more: Any
) -> Field:
    """``note``: a small line under the control; ``badge``: a basis (documented, regulation, reported, assumption) beside the label."""
    badge_text = {"kind": badge, "label": both(f"basis.{badge}")} if badge else None
    return {
        "kind": kind,
        "name": name,
        "label": dict(label),
        "value": value,
        "note": dict(note) if note else None,
        "badge": badge_text,
        **_plain(more),
    }


def _plain(more: Mapping[str, Any]) -> dict[str, Any]:
    return {key: dict(value) if isinstance(value, Mapping) else value for key, value in more.items()}


def _wrong(label: Text, allowed: Phrase) -> dict[str, str]:
    """The line that a field shows when a value cannot be; ``{value}`` is filled in by the browser."""
    return {
        lang: Problem("invalid", label[lang], {"value": "{value}", "allowed": allowed}).say(lang) for lang in LANGUAGES
    }


def _short(value: float) -> str:
    return f"{value:,.10g}"
