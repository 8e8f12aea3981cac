"""The watchlist: people, topics, context and look-alikes, checked as a whole. Pure.

`parse_watchlist` takes the text of a TOML file and returns frozen values, or raises
`WatchlistInvalid` with every problem found, so that an admin mends a file in one go. Nothing
in a watchlist states guilt.

Two forms of a name are the same when they fold to the same letters, their words apart or
joined (:mod:`watchers.folding`): a file lists one spelling of each.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from watchers.errors import QueryInvalid, WatchlistInvalid
from watchers.folding import fold
from watchers.queries import parse_query
from watchers.row_faults import fault
from watchers.rules import TOPIC
from watchers.watchlist_rows import (
    Collision,
    Context,
    File,
    LookAlike,
    Organisation,
    OwnTopic,
    Person,
    Place,
    Source,
    Topic,
    Words,
    Years,
)

__all__ = [
    "Collision",
    "Context",
    "LookAlike",
    "Organisation",
    "OwnTopic",
    "Person",
    "Place",
    "Source",
    "Topic",
    "Watchlist",
    "Words",
    "Years",
    "parse_watchlist",
]

MAX_TEXT = 2_000_000  # characters of a file; the shipped one has about 100,000
MIN_LETTERS = 3  # a shorter name by itself is part of too many words


@dataclass(frozen=True, slots=True)
class Watchlist:
    """All that matching goes by. `version` changes with any change of the content."""

    version: str
    people: tuple[Person, ...]
    topics: tuple[Topic, ...]
    context: Context
    years: Years
    words: Words
    facets: tuple[tuple[str, tuple[str, ...]], ...]  # by name: words that relevance goes by
    organisations: tuple[Organisation, ...]
    places: tuple[Place, ...]
    lookalikes: tuple[LookAlike, ...]
    own_topics: tuple[OwnTopic, ...] = ()

    @property
    def officials(self) -> tuple[Person, ...]:
        """The people of kind official, in the file's order."""
        return tuple(person for person in self.people if person.is_official)


def parse_watchlist(text: str, source: str) -> Watchlist:
    """The watchlist in a TOML text; `source` names the file in messages.

    Raises `WatchlistInvalid`, whose `problems` name file, line, key and what to do.
    """
    return made_of(read_file(text, source))


def read_file(text: str, source: str) -> File:
    """The checked sections of a TOML text. WatchlistInvalid, as `parse_watchlist`."""
    raw = load_toml(text, source)
    places = Places(text, source, raw)
    try:
        file = File.model_validate(raw)
    except ValidationError as error:
        raise WatchlistInvalid(source, places.all_of(error, File)) from error
    problems = [places.say(loc, said) for loc, said in across_rows(file)]
    if problems:
        raise WatchlistInvalid(source, tuple(problems))
    return file


def made_of(file: File) -> Watchlist:
    """The watchlist of sections that were checked, row by row and against one another."""
    digest = hashlib.blake2b(file.model_dump_json().encode(), digest_size=5).hexdigest()
    return Watchlist(
        version=f"{file.meta.version}+{digest}",
        people=file.person,
        topics=file.topic,
        context=file.context,
        years=file.years,
        words=file.words,
        facets=tuple(file.facets.items()),
        organisations=file.org,
        places=file.place,
        lookalikes=file.not_this,
        own_topics=file.own_topic,
    )


def load_toml(text: str, source: str) -> dict[str, Any]:
    """A TOML text as plain values. WatchlistInvalid for one too long or no TOML."""
    if len(text) > MAX_TEXT:
        said = f"{source}: longer than {MAX_TEXT:,} characters; split it or take rows away."
        raise WatchlistInvalid(source, (said,))
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # too deep a nesting ends in the latter
        problem = f"{source}: not TOML: {error}; correct the syntax there."
        raise WatchlistInvalid(source, (problem,)) from error


Loc = tuple[int | str, ...]  # section, number of the row, key
_HEADER = re.compile(r"(?m)^[ \t]*\[\[?[ \t]*(\w+)[ \t]*\]")


class Places:
    """Says where in the file a problem is: line, section, row and key."""

    def __init__(self, text: str, source: str, raw: dict[str, Any]) -> None:
        self._text, self._source, self._raw = text, source, raw
        self._lines = [0, *(m.end() for m in re.finditer("\n", text))]  # where each begins
        self._headers: list[int] = []  # where each section or row begins
        self._rows: dict[str, list[int]] = {}  # the numbers of a section's rows among them
        for found in _HEADER.finditer(text):
            self._rows.setdefault(found[1], []).append(len(self._headers))
            self._headers.append(found.start())

    def all_of(self, error: ValidationError, model: type[BaseModel]) -> tuple[str, ...]:
        """Every problem of rows of the model by themselves."""
        found = error.errors(include_url=False, include_input=False)
        return tuple(self.say(e["loc"], fault(model, e)) for e in found)

    def say(self, loc: Loc, said: str) -> str:
        """One problem as a sentence: `FILE:LINE: person[3] "ali-razini".aliases: ...`."""
        steps = [f"[{step}]" if isinstance(step, int) else f".{step}" for step in loc[1:]]
        if steps and isinstance(loc[1], int):
            steps[0] += self._id(str(loc[0]), loc[1])
        key = "".join((str(loc[0]), *steps))
        stop = "" if said[-1] in ".?" else "."
        return f"{self._source}{self._line(loc)}: {key}: {said}{stop}"

    def _id(self, section: str, index: int) -> str:
        try:
            return f' "{self._raw[section][index]["id"]}"'
        except (LookupError, TypeError):
            return ""

    def _line(self, loc: Loc) -> str:
        """The line of the key, or else of the row's header; empty where the file has none."""
        index = loc[1] if len(loc) > 1 and isinstance(loc[1], int) else 0
        rows = self._rows.get(str(loc[0]), [])
        if index >= len(rows):
            return ""
        number = rows[index]
        start = self._headers[number]
        end = self._headers[number + 1] if number + 1 < len(self._headers) else len(self._text)
        keys = [step for step in loc[1:3] if isinstance(step, str)]
        key = re.compile(rf"(?m)^[ \t]*{re.escape(keys[0])}[ \t]*=") if keys else None
        found = key.search(self._text, start, end) if key else None
        return f":{bisect_right(self._lines, found.start() if found else start)}"


def across_rows(file: File) -> Iterator[tuple[Loc, str]]:
    """What no row shows by itself: doubles, claims without ground, forms that match anything."""
    for section in ("person", "topic"):
        if not getattr(file, section):
            yield (section,), f"empty, so that nothing would be found; add [[{section}]] rows"
    for section in ("person", "org", "place", "not_this"):
        ids = ((row.id, (section, i, "id")) for i, row in enumerate(getattr(file, section)))
        yield from _doubles(ids, "this id is used above; give each row its own")
    topics = (((t.id, t.language), ("topic", i, "language")) for i, t in enumerate(file.topic))
    yield from _doubles(topics, "this topic has this language above; put the phrases together")
    for index, person in enumerate(file.person):
        for key, said in _of_person(person):
            yield ("person", index, key), said
    yield from _claimed_twice(file.person)
    yield from _of_own_topics(file)
    for loc, phrase in _phrases(file):
        if not fold(phrase):
            yield loc, f"{phrase!r} has no letter or digit and would match anything; remove it"


def _doubles(keyed: Iterable[tuple[object, Loc]], said: str) -> Iterator[tuple[Loc, str]]:
    seen = set()
    for key, loc in keyed:
        if key in seen:
            yield loc, said
        seen.add(key)


def _of_person(person: Person) -> Iterator[tuple[str, str]]:
    if person.court_finding and person.claim_basis != "court-judgment":
        yield "court_finding", 'true only with claim_basis = "court-judgment"; correct one of them'
    if not person.say and not person.hold:
        yield "say", "empty; give neutral wording, or set hold = true"
    weak = {fold(form) for form in person.surnames + person.needs_context}
    if not person.names and not weak:
        yield "aliases", "empty, and so are all others; give a form to find"
    for key in ("aliases", "fa", "ar"):
        for form in getattr(person, key):
            if fold(form) in weak:
                yield key, f"{form!r} is among surnames or needs_context too; keep one of them"
            if 0 < len(_joined(form)) < MIN_LETTERS:
                yield key, f"{form!r} is under {MIN_LETTERS} letters; move it to needs_context"
            elif is_one_word(form) and fold(form) not in weak:
                said = "one word is no full name; move it to needs_context, so that it counts only"
                yield key, f"{form!r}: {said} beside other signs"
    if is_one_word(person.name):
        yield "name", f"{person.name!r}: one word is no full name; give all of it"


def _claimed_twice(people: tuple[Person, ...]) -> Iterator[tuple[Loc, str]]:
    """Two people may share a form only where both need context for it."""
    owners: dict[str, str] = {}
    for index, person in enumerate(people):
        for key in ("aliases", "fa", "ar"):
            for form in getattr(person, key):
                owner = owners.setdefault(_joined(form), person.id)
                if owner != person.id:
                    said = f"{form!r} names {owner!r} too; move it to needs_context in both"
                    yield ("person", index, key), said


def _of_own_topics(file: File) -> Iterator[tuple[Loc, str]]:
    """An id means one thing in digests and exports; a query can be read."""
    owners = dict.fromkeys([TOPIC, *(topic.id for topic in file.topic)], "a shipped topic")
    for index, person in enumerate(file.person):
        if person.id in owners:
            yield ("person", index, "id"), "a shipped topic has this id; give another"
    owners |= {person.id: "a person" for person in file.person}
    for index, topic in enumerate(file.own_topic):
        if topic.id in owners:
            yield ("own_topic", index, "id"), f"{owners[topic.id]} has this id; give another"
        owners.setdefault(topic.id, "another own topic")
        try:
            parse_query(topic.query)
        except QueryInvalid as error:
            yield ("own_topic", index, "query"), error.message.removesuffix(".")


def is_one_word(form: str) -> bool:
    """Whether a form is one word when folded, so that it is no full name by itself."""
    return len(fold(form).split()) == 1


def _joined(form: str) -> str:
    return fold(form).replace(" ", "")


def _phrases(file: File) -> Iterator[tuple[Loc, str]]:
    """Every text that is searched for, with its place."""
    lists = {
        "person": ("aliases", "fa", "ar", "surnames", "needs_context"),
        "org": ("aliases", "fa", "ar"),
        "place": ("aliases", "fa", "ar"),
        "topic": ("strong", "medium", "weak"),
        "not_this": ("triggers",),
    }
    for section, keys in lists.items():
        for index, row in enumerate(getattr(file, section)):
            for key in keys:
                yield from (((section, index, key), phrase) for phrase in getattr(row, key))
    for name, tokens in file.context.groups:
        yield from ((("context", name), token) for token in tokens)
    for name, words in file.facets.items():
        yield from ((("facets", name), word) for word in words)
    for name in type(file.years).model_fields:
        yield from ((("years", name), form) for form in getattr(file.years, name))
