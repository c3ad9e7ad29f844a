"""Every check of the rules' YAML, and each mistake in one sentence. Imported only when rules are new or changed."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from jiebei_lib.core.case import FIELDS, checked
from jiebei_lib.core.knowledge.problems import Phrase, Problem, items, shown, slots
from jiebei_lib.core.knowledge.yaml_files import walk
from jiebei_lib.core.readings import NoReadings, Unbounded, build

if TYPE_CHECKING:
    from jiebei_lib.core.knowledge.schema_problems import Where

SAID = ("name", "description", "unit", "text", "short", "binds", "applies")  # what is said to people, and where
# The slots that code fills, by place (core/assessment.py, money/record.py); elsewhere those of a statement's own `parameters`.
FILLED = {("advice", "words"): {"days", "amount"}, ("record", "statements"): {"date", "years", "days", "amount"}}
# What the arithmetic asks of a parameter's range, wherever its author puts the borders: pressure lies in [-1, 1], odds multiples
# and amounts are positive, a likelihood is neither 0 nor 1. `*` stands for any key.
GRADES = ("almost_none", "few", "most", "nearly_all")  # their limits, which rise in this order
BOUNDS = {
    ("factors", "*", "levels", "*"): (-1, 1),
    ("factors", "amount", "*"): (0.01, FIELDS["amount_overdue"]["maximum"]),
    ("factors", "history", "score_*"): (FIELDS["zhima_score"]["minimum"], FIELDS["zhima_score"]["maximum"]),
    ("factors", "history", "record_*"): (0.01, FIELDS["past_overdue"]["maximum"]),
    ("factors", "days", "pressing"): (1, FIELDS["days_overdue"]["maximum"]),
    ("strengths", "*", "at_*"): (1e-6, 1e6),
    ("constraints", "*", "at_*"): (1e-6, 1 - 1e-6),
    ("sampling", "readings"): (2, 2**20),
    ("sampling", "over_multiples"): (0, 1),
    ("grades", "*"): (0, 1),
    ("sampling", "seed"): (0, 2**32 - 1),
}


def problems_of(document: Mapping[str, Any], sources: Mapping[str, Any], where: Where) -> list[Problem]:
    """Everything wrong with a policy, all at once. ``where`` turns a key path into "file: path"."""
    return list({problem.say("en"): problem for problem in _problems(document, sources, where)}.values())


def _problems(document: Mapping[str, Any], sources: Mapping[str, Any], where: Where) -> list[Problem]:
    found = list(cite_problems(document, sources, where))
    with suppress(ModuleNotFoundError):  # a page that runs itself has no pydantic, and only policies that were checked
        from jiebei_lib.core.knowledge.schema import Document, SourceEntry
        from jiebei_lib.core.knowledge.schema_problems import shape

        listed = shape(dict[str, SourceEntry], sources, lambda path: f"sources.yaml: {'.'.join(map(str, path))}")
        found = [*listed, *shape(Document, document, where), *found]
    if found:
        return found
    found = [
        *_ranges(document, where),
        *_stages(document, where),
        *_orders(document, where),
        *_references(document, where),
        *_sentences(document, where),
    ]
    return found or list(_readings(document, where))


def number_problems(document: Mapping[str, Any], topics: Iterable[str], where: Where) -> list[Problem]:
    """What numbers alone can have made wrong in a policy that was right before, under these topics: a fraction of the work."""
    found = [*_ranges({topic: document[topic] for topic in topics}, where), *_orders(document, where)]
    return found or list(_readings(document, where))


def cite_problems(document: Mapping[str, Any], sources: Mapping[str, Any], where: Where) -> Iterator[Problem]:
    """Cites that are not among the sources, or whose place cannot be, and statements that do not say how sure they are."""
    for path, node in walk(document):
        given = node.get("cite")
        for cite in given if isinstance(given, list) else []:
            name, _, locator = str(cite).partition(" ")
            source = sources.get(name)
            if not isinstance(source, Mapping):
                yield Problem("unknown_source", where((*path, "cite")), {"value": cite, "allowed": items(sources)})
                continue
            form = source.get("locators") or {}
            prefix, last = str(form.get("prefix", "")), form.get("last")
            # Articles may have insertions and paragraphs, art. 293-1(2) or 1006.14(b); the article's own ¶ are plain numbers.
            deeper = "" if prefix == "¶" else r"(\.\d+)*[A-Za-z]?(\(\w+\))*(-\d+)?(\(\d+\))*"
            number = re.fullmatch(rf"{re.escape(prefix)}([0-9]{{1,4}}){deeper}", locator)
            in_bounds = number is not None and 1 <= int(number[1]) <= (last or 10**6)
            if locator and (not prefix or not in_bounds):
                example = f"{name} {prefix}1" + (f" … {prefix}{last}" if last else "") if prefix else name
                yield Problem("unknown_locator", where((*path, "cite")), {"value": cite, "allowed": items([example])})
            if not locator and name == "article":
                yield Problem(
                    "unknown_locator", where((*path, "cite")), {"value": cite, "allowed": items(["article ¶1 … ¶22"])}
                )
        if node.get("basis") in ("regulation", "reported") and node.get("confidence") is None:
            yield Problem("missing", where((*path, "confidence")), {"allowed": Phrase("confidence")})


def _ranges(document: Mapping[str, Any], where: Where) -> Iterator[Problem]:
    for path, node in walk(document):
        if "range" not in node:
            continue
        low, high = node["range"]
        if not low <= high:
            yield Problem(
                "unordered", where((*path, "range")), {"value": shown(node["range"]), "allowed": Phrase("range_order")}
            )
            continue
        between = Phrase("between", {"low": low, "high": high})
        if "spread" in node:
            days = [entry["day"] for entry in node["spread"]]
            for day in days:
                if not low <= day <= high:
                    yield Problem("out_of_range", where((*path, "spread")), {"value": day, "allowed": between})
            for day in sorted({day for day in days if days.count(day) > 1}):
                yield Problem("day_twice", where((*path, "spread")), {"value": day})
            continue
        limits = next((found for form, found in BOUNDS.items() if _matches(path, form)), None)
        if limits and not limits[0] <= low <= high <= limits[1]:
            must = Phrase("between", {"low": limits[0], "high": limits[1]})
            yield Problem("out_of_range", where((*path, "range")), {"value": shown(node["range"]), "allowed": must})
        values = node.get("values", [])
        for number in [entry["value"] for entry in values] or [node["value"]]:
            if not low <= number <= high:
                yield Problem("out_of_range", where((*path, "value")), {"value": shown(number), "allowed": between})
        dates = [entry["from"] for entry in values]
        if dates != sorted(set(dates)):
            yield Problem(
                "unordered", where((*path, "values")), {"value": ", ".join(dates), "allowed": Phrase("dates_order")}
            )


def _matches(path: tuple[Any, ...], form: tuple[Any, ...]) -> bool:
    return len(path) == len(form) and all(
        key == part or (part.endswith("*") and key.startswith(part[:-1])) for key, part in zip(path, form, strict=True)
    )


def _stages(document: Mapping[str, Any], where: Where) -> Iterator[Problem]:
    stages, last = document["timeline"]["stages"], document["timeline"]["last_day"]
    expected, path = FIELDS["days_overdue"]["minimum"], ("timeline", "stages")
    for name, (first, end) in sorted(
        ((name, stage["days"]) for name, stage in stages.items()), key=lambda pair: pair[1]
    ):
        if first > end:
            yield Problem(
                "unordered",
                where((*path, name, "days")),
                {"value": f"[{first}, {end}]", "allowed": Phrase("bounded_days")},
            )
            return
        if first > expected:
            yield Problem("stages_gap", where((*path, name, "days")), {"value": expected, "last": last})
        if first < expected:
            yield Problem("stages_overlap", where((*path, name, "days")), {"value": first})
        expected = max(expected, end + 1)
    longest = FIELDS["days_overdue"]["maximum"]
    if last != longest:
        yield Problem("invalid", where(("timeline", "last_day")), {"value": last, "allowed": items([longest])})
    elif expected != last + 1:
        yield Problem("stages_gap", where(path), {"value": expected, "last": last})


def _orders(document: Mapping[str, Any], where: Where) -> Iterator[Problem]:
    """What must be less than what, so that more of a thing is never less pressure."""
    factors = document["factors"]
    pairs: list[tuple[tuple[str, ...], tuple[str, ...]]] = [
        (("factors", "amount", "protective"), ("factors", "amount", "pressing")),
        (("factors", "history", "score_pressing"), ("factors", "history", "score_protective")),
        (("factors", "history", "record_neutral"), ("factors", "history", "record_pressing")),
    ]
    for factor, names in (
        ("communication", FIELDS["communication"]["levels"]),
        ("contacts", FIELDS["contacts"]["levels"][::-1]),
    ):
        levels = factors[factor]["levels"]
        for name in [name for name in names if name not in levels]:
            yield Problem("missing", where(("factors", factor, "levels", name)), {"allowed": Phrase("mapping")})
        for name in [name for name in levels if name not in names]:
            yield Problem("unknown_key", where(("factors", factor, "levels", name)), {"allowed": items(names)})
        known = [("factors", factor, "levels", name) for name in names if name in levels]
        for less, more in itertools.pairwise(known):
            if levels[less[-1]]["value"] > levels[more[-1]]["value"]:
                other = Phrase("at_least_other", {"other": f"{less[-1]} ({levels[less[-1]]['value']})"})
                yield Problem("unordered", where(more), {"value": levels[more[-1]]["value"], "allowed": other})
    pairs += [
        (("cost", "daily_rate_low"), ("cost", "daily_rate_high")),
        (("cost", "burden_heavy"), ("cost", "burden_too_heavy")),
    ]
    pairs += [(("grades", less), ("grades", more)) for less, more in itertools.pairwise(GRADES)]
    pairs += [(("strengths", name, "at_least"), ("strengths", name, "at_most")) for name in document["strengths"]]
    for lesser, greater in pairs:
        low, high = _at(document, lesser)["value"], _at(document, greater)["value"]
        if low > high or (low == high and lesser[0] in ("factors", "grades")):
            yield Problem(
                "unordered",
                where(lesser),
                {"value": low, "allowed": Phrase("less_than", {"other": f"{greater[-1]} ({high})"})},
            )
    for name in ("readings", "seed"):
        number = document["sampling"][name]["value"]
        if number != int(number) or (name == "readings" and int(number) & (int(number) - 1)):
            allowed_ = Phrase("power_of_two" if name == "readings" else "number_whole")
            yield Problem("invalid", where(("sampling", name, "value")), {"value": number, "allowed": allowed_})
    longest = factors["days"]["pressing"]["value"]
    first = min(entry["day"] for entry in document["timeline"]["first_possible_day"]["spread"])
    if longest <= first:
        other = Phrase("less_than", {"other": f"factors.days.pressing ({longest})"})
        yield Problem(
            "unordered", where(("timeline", "first_possible_day", "spread")), {"value": first, "allowed": other}
        )


def _references(document: Mapping[str, Any], where: Where) -> Iterator[Problem]:
    for name, line in document["cost"]["lines"].items():
        if (line.get("value") is None) == (line.get("times_lpr") is None):
            yield Problem("missing", where(("cost", "lines", name, "value")), {"allowed": Phrase("value_or_times")})
    conduct, strengths = document["conduct"], document["strengths"]
    for name, constraint in document["constraints"].items():
        if constraint["kind"] == "strength" and constraint["strength"] not in strengths:
            slots = {"value": constraint["strength"], "allowed": items(strengths)}
            yield Problem("not_in_list", where(("constraints", name, "strength")), slots)
    for name, conflict in conduct["conflicts"].items():
        for key, given, known in (
            ("practice", [conflict["practice"]], conduct["practice"]),
            ("against", conflict["against"], conduct["third_persons"]),
        ):
            for value in given:
                if value not in known:
                    yield Problem(
                        "not_in_list",
                        where(("conduct", "conflicts", name, key)),
                        {"value": value, "allowed": items(known)},
                    )
    for name, constraint in document["constraints"].items():
        if constraint["kind"] == "level" and not {"at_least", "at_most"} & set(constraint):
            yield Problem("missing", where(("constraints", name, "at_most")), {"allowed": Phrase("mapping")})
        if constraint["kind"] == "order" and constraint["weaker"] == constraint["stronger"]:
            others = items(f for f in document["factors"] if f != constraint["weaker"])
            slots_ = {"value": constraint["stronger"], "allowed": others}
            yield Problem("invalid", where(("constraints", name, "stronger")), slots_)
    for name, question in document["questions"].items():
        if name not in FIELDS or FIELDS[name]["required"]:
            yield Problem(
                "unknown_key",
                where(("questions", name)),
                {"allowed": items(f for f in FIELDS if not FIELDS[f]["required"])},
            )
            continue
        for level in question["levels"]:
            problem = checked(name, level, where(("questions", name, "levels")))[1]
            if problem:
                yield problem
    for level in FIELDS["communication"]["levels"]:
        if level not in conduct["reachable"]["values"]:
            yield Problem("missing", where(("conduct", "reachable", "values", level)), {"allowed": Phrase("truth")})
    for path, node in walk(document):
        for field, values in (node.get("when") or {}).items() if isinstance(node.get("when"), Mapping) else []:
            levels = FIELDS.get(field, {}).get("levels")
            if levels is None:
                yield Problem(
                    "unknown_key",
                    where((*path, "when", field)),
                    {"allowed": items(f for f in FIELDS if "levels" in FIELDS[f])},
                )
                continue
            for value in values:
                if value is not None and value not in levels:
                    yield Problem(
                        "not_in_list", where((*path, "when", field)), {"value": value, "allowed": items(levels)}
                    )


def _sentences(document: Mapping[str, Any], where: Where) -> Iterator[Problem]:
    """Slots that nobody fills, parameters that do not exist, and days or dates that end before they begin."""
    for path, node in walk(document):
        filled = FILLED.get(path[:2], set())
        for parameter in node.get("parameters") or []:
            here = _at(document, tuple(parameter.split(".")))
            if not isinstance(here, Mapping) or "range" not in here:
                slots_ = {"value": parameter, "allowed": items(f"cost.{name}" for name in document["cost"])}
                yield Problem("not_in_list", where((*path, "parameters")), slots_)
            filled = filled | {parameter.rsplit(".", 1)[-1]}
        for key, said in node.items():
            for lang, sentence in said.items() if key in SAID and isinstance(said, Mapping) else []:
                unfilled = slots(sentence) - (filled if key == "text" else set())
                if unfilled:
                    known = {
                        "allowed": items(f"{{{name}}}" for name in sorted(filled)) if filled else Phrase("no_slots")
                    }
                    value = ", ".join(f"{{{name}}}" for name in sorted(unfilled))
                    yield Problem("invalid", where((*path, key, lang)), {"value": value, **known})
        for first, last in (("from_day", "to_day"), ("from", "until")):
            if node.get(first) is not None and node.get(last) is not None and node[first] > node[last]:
                other = Phrase("at_least_other", {"other": f"{first} ({node[first]})"})
                yield Problem("unordered", where((*path, last)), {"value": node[last], "allowed": other})


def _readings(document: Mapping[str, Any], where: Where) -> Iterator[Problem]:
    try:
        build(document)
    except NoReadings as none:
        yield Problem("no_readings", where(("constraints",)), {"value": ", ".join(none.constraints)})
    except Unbounded as open_:
        yield Problem("unbounded_readings", where(("constraints",)), {"value": open_.weight})


def _at(document: Any, path: tuple[Any, ...]) -> Any:
    """What stands at a key path; None where nothing does."""
    for key in path:
        document = document.get(key) if isinstance(document, Mapping) else None
    return document
