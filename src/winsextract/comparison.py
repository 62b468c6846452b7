"""Two reports, or two runs, side by side: what changed, which countries are new, who is there again."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from winsextract import codebook, dataset
from winsextract.errors import DatasetError
from winsextract.names import contains, similar, words_of

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Count:
    """How often something is there on either side; `code` is an outcome class, alpha-3, M49 or EU."""

    code: str
    name: str
    a: int
    b: int


@dataclass(frozen=True, slots=True)
class Side:
    """One side: what it is called, its reports' ids, and its totals. People and countries count once each."""

    name: str
    reports: tuple[str, ...]
    wins: int
    countries: int
    people: int
    needs_review: int


@dataclass(frozen=True, slots=True)
class SamePerson:
    """Somebody on both sides, under these names and in these wins.

    `how` says what the names share: the same name, part of the name (one is the other with
    words left out), or another spelling, of somebody in the same country.
    """

    name_a: str
    name_b: str
    wins_a: tuple[str, ...]
    wins_b: tuple[str, ...]
    how: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """What `winsextract compare` tells. New is on side B only, gone on side A only."""

    a: Side
    b: Side
    outcomes: tuple[Count, ...]
    countries: tuple[Count, ...]
    regions: tuple[Count, ...]
    new_countries: tuple[str, ...]
    repeated_countries: tuple[str, ...]
    gone_countries: tuple[str, ...]
    new_people: tuple[str, ...]
    repeated_people: tuple[SamePerson, ...]


@dataclass(frozen=True, slots=True)
class _Person:
    name: str
    forms: tuple[tuple[str, ...], ...]
    countries: frozenset[str]
    wins: tuple[str, ...]


def side(what: str, *, output: str | os.PathLike[str]) -> list[Record]:
    """The reports that an argument names: a record's JSON file, a dataset's folder, or a report of `output` by its id.

    Raises DatasetError where it names none.
    """
    path = Path(what)
    if path.is_dir():
        return list(dataset.read_reports(path))
    if path.suffix == ".json":
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise DatasetError(f"{path} cannot be read: {error}.") from error
        if not isinstance(record, dict) or not {"report", "wins"} <= set(record):
            raise DatasetError(f"{path} is no report's record: those are in a dataset's json/ folder.")
        return [record]
    ids = dataset.report_ids(output)
    if what not in ids:
        known = f"it has {', '.join(ids)}" if ids else "it has none"
        raise DatasetError(f"{what!r} is no folder, no JSON file and no report of {output}: {known}.")
    return [record for record in dataset.read_reports(output) if record["report"]["report_id"] == what]


def compare(a: Sequence[Record], b: Sequence[Record]) -> Comparison:
    """Compare the wins of two sides, each one or several reports' nested records."""
    wins_a, wins_b = ([win for record in records for win in record["wins"]] for records in (a, b))
    people_a, people_b = _people(wins_a), _people(wins_b)
    same = tuple(_same_people(people_a, people_b))
    countries = tuple(_counts(wins_a, wins_b, "countries", "alpha_3"))
    return Comparison(
        a=_side(a, wins_a, people_a),
        b=_side(b, wins_b, people_b),
        outcomes=tuple(_outcomes(wins_a, wins_b)),
        countries=countries,
        regions=tuple(_counts(wins_a, wins_b, "regions", "code")),
        new_countries=tuple(c.name for c in countries if not c.a),
        repeated_countries=tuple(c.name for c in countries if c.a and c.b),
        gone_countries=tuple(c.name for c in countries if not c.b),
        new_people=tuple(p.name for p in people_b if not any(p.wins == s.wins_b and p.name == s.name_b for s in same)),
        repeated_people=same,
    )


def _side(records: Sequence[Record], wins: Sequence[Record], people: Sequence[_Person]) -> Side:
    reports = [record["report"] for record in records]
    years = sorted({report["year"] for report in reports if report["year"] is not None})
    title = reports[0]["title"] or reports[0]["report_id"] if len(reports) == 1 else f"{len(reports)} reports"
    if len(reports) > 1 and years:
        title += f", {years[0]}–{years[-1]}" if len(years) > 1 else f", {years[0]}"
    return Side(
        name=title,
        reports=tuple(report["report_id"] for report in reports),
        wins=len(wins),
        countries=len({country["alpha_3"] for win in wins for country in win["countries"]}),
        people=len(people),
        needs_review=sum(win["review"]["needed"] for win in wins),
    )


def _outcomes(a: Iterable[Record], b: Iterable[Record]) -> Iterator[Count]:
    counts = [Counter(win["outcome"] for win in wins) for wins in (a, b)]
    for name in codebook.outcome_names():
        if any(count[name] for count in counts):
            yield Count(name, name.replace("_", " "), counts[0][name], counts[1][name])


def _counts(a: Iterable[Record], b: Iterable[Record], field: str, code: str) -> Iterator[Count]:
    """Wins by place, those with the most first."""
    names: dict[str, str] = {}
    counts = []
    for wins in (a, b):
        places = [place for win in wins for place in win[field]]
        names.update((place[code], place["name"]) for place in places)
        counts.append(Counter(place[code] for place in places))
    for each in sorted(names, key=lambda each: (-counts[0][each] - counts[1][each], names[each])):
        yield Count(each, names[each], counts[0][each], counts[1][each])


# People


def _people(wins: Iterable[Record]) -> list[_Person]:
    """Everybody named on a side, once: whoever is in two wins under one name is one person.

    A name of one word says who it is in its country only.
    """
    found: dict[tuple[object, ...], _Person] = {}
    for win in wins:
        countries = frozenset(country["alpha_3"] for country in win["countries"])
        for person in win["people"]:
            words = words_of(person["name"])
            forms = (words, *(form for alias in person["aliases"] if len(form := words_of(alias)) > 1))
            key = (tuple(sorted(words)), countries if len(words) == 1 else None)
            known = found.get(key)
            if known is not None:
                forms = tuple(dict.fromkeys((*known.forms, *forms)))
                countries_, wins_ = known.countries | countries, (*known.wins, win["win_id"])
                found[key] = _Person(known.name, forms, countries_, wins_)
            else:
                found[key] = _Person(person["name"], forms, countries, (win["win_id"],))
    return list(found.values())


def _same_people(a: Sequence[_Person], b: Sequence[_Person]) -> Iterator[SamePerson]:
    """Those on both sides, each with whoever fits best on the other."""
    by_word: dict[str, list[_Person]] = {}
    by_country: dict[str, list[_Person]] = {}
    for person in a:
        for word in {word for form in person.forms for word in form}:
            by_word.setdefault(word, []).append(person)
        for country in person.countries:
            by_country.setdefault(country, []).append(person)
    taken: set[int] = set()
    matches: list[tuple[int, int, _Person, _Person, str]] = []
    for n, person in enumerate(b):
        words = {word for form in person.forms for word in form}
        candidates = [c for word in words for c in by_word.get(word, ())]
        candidates += [c for country in person.countries for c in by_country.get(country, ())]
        matches.extend(
            (HOW.index(how), n, candidate, person, how)
            for candidate in {id(c): c for c in candidates}.values()
            if (how := _how(candidate, person)) is not None
        )
    done: set[int] = set()
    for _, n, candidate, person, how in sorted(matches, key=lambda match: match[:2]):
        if id(candidate) not in taken and n not in done:
            taken.add(id(candidate))
            done.add(n)
            yield SamePerson(candidate.name, person.name, candidate.wins, person.wins, how)


HOW = ("same name", "part of the name", "another spelling")


def _how(a: _Person, b: _Person) -> str | None:
    """What makes two entries one person, None where nothing does."""
    pairs = [(x, y) for x in a.forms for y in b.forms]
    together = bool(a.countries & b.countries)
    if any(sorted(x) == sorted(y) and (len(x) > 1 or together) for x, y in pairs):
        return HOW[0]
    if not together:
        return None
    if any(_is_part(x, y) or _is_part(y, x) for x, y in pairs):
        return HOW[1]
    if any(len(x) == len(y) > 1 and all(map(similar, x, y)) for x, y in pairs):
        return HOW[2]
    return None


def _is_part(shorter: Sequence[str], longer: Sequence[str]) -> bool:
    """Whether a name of two words and more is another with words left out, the first or the last being kept."""
    if not 1 < len(shorter) < len(longer):
        return False
    rest = iter(longer)
    return contains(longer, shorter) or (shorter[0] == longer[0] and all(word in rest for word in shorter))
