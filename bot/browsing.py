"""What is stored, as readers look at it: the latest stories, and those of one official.

Told as digests tell: in the reader's scope, nothing that is muted, by the outlets' own
headlines, with their kinds; whoever may not be named is not.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar, cast

from bot import jobs
from bot.app import Program
from bot.clock import utc_now
from watchers import digest as digests
from watchers.digest import OutletOf, subject_of
from watchers.muting import Mutes
from watchers.ports import Store
from watchers.scope import EVERYTHING, Scope
from watchers.telling import CONSOLE, Channel, Coverage, Line, Tellable

MOST = 50  # stories that are looked through, page by page
_READ = 300  # articles, the latest
_ZONES = {"fa": "Asia/Tehran", "fr": "Europe/Paris"}
_AT_ONCE = digests.MOST_NAMED  # subjects: no section of a digest leaves any of so few out

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Latest:
    """The latest stories, as digests part them, each part newest first; at most MOST in all."""

    stories: tuple[Line, ...]  # on the massacre, and on topics that the reader chose
    named: tuple[Line, ...]  # officials named in other news

    @property
    def lines(self) -> tuple[Line, ...]:
        """All, in reading order."""
        return (*self.stories, *self.named)


def zone_of(language: str) -> str:
    """The time zone to begin with."""
    return _ZONES.get(language, "UTC")


def anybody(language: str, scope: Scope = EVERYTHING) -> Channel:
    """A reader without a subscription, as the building of digests sees one."""
    zone = zone_of(language)
    return Channel(0, CONSOLE, zone, (), language, utc_now(), scope=scope)


async def fresh(program: Program, key: tuple[object, ...], read: Callable[[Store], T]) -> T:
    """What the store says, or said some seconds ago."""
    readers = program.readers
    kept = readers.fresh.get(key, readers.steady())
    if kept is not None:
        return cast("T", kept)
    value = await program.database(read)
    readers.fresh.put(key, value, readers.steady())
    return value


async def latest(program: Program, reader: Channel) -> Latest:
    """The latest stories in a reader's scope. StoreError.

    What is on the massacre is read by itself: a day full of routine news about an official must
    not push it out.
    """
    scope = reader.scope
    officials = scope.officials if not scope.topics else ()  # topics are told besides
    articles: dict[int, Tellable] = {}
    for relevant in (True, None) if scope.named or scope.topics else (True,):
        found = await fresh(
            program,
            ("latest", officials, relevant),
            lambda store, relevant=relevant: store.latest(  # type: ignore[misc]
                _READ, officials=officials, relevant=relevant
            ),
        )
        articles |= {article.id: article for article in found}
    subjects: dict[str, list[Tellable]] = {}
    for article in sorted(articles.values(), key=lambda a: (a.first_seen, a.id), reverse=True):
        subjects.setdefault(subject_of(article), []).append(article)
    first = {name: of for name, of in subjects.items() if any(one.relevant for one in of)}
    told = await _told(program, reader, first | subjects)
    newest = [told[name] for name in subjects if name in told]
    return Latest(
        tuple(line for line, is_named in newest if not is_named),
        tuple(line for line, is_named in newest if is_named),
    )


async def of_official(program: Program, person_id: str, reader: Channel) -> tuple[Line, ...]:
    """The latest stories on the massacre and its accountability that name an official."""
    only = replace(EVERYTHING, officials=(person_id,), named=False)
    articles = await fresh(
        program,
        ("official", person_id),
        lambda store: store.latest(40, officials=(person_id,), relevant=True),
    )
    return await lines_of(program, replace(reader, scope=only), articles)


async def lines_of(
    program: Program, reader: Channel, articles: Sequence[Tellable]
) -> tuple[Line, ...]:
    """The stories of these articles in a reader's scope, in the articles' order; at most MOST."""
    subjects: dict[str, list[Tellable]] = {}
    for article in articles:
        subjects.setdefault(subject_of(article), []).append(article)
    return tuple(line for line, _ in (await _told(program, reader, subjects)).values())


async def _told(
    program: Program, reader: Channel, subjects: Mapping[str, Sequence[Tellable]]
) -> dict[str, tuple[Line, bool]]:
    """The first subjects that are in a reader's scope, and whether they are other news."""
    mutes, outlet_of = await fresh(program, ("outlets",), lambda s: _known(program, s))
    showable = program.knowledge.names.showable
    return await asyncio.to_thread(
        _lines, reader, subjects, mutes, outlet_of, showable, now=utc_now()
    )


def _known(program: Program, store: Store) -> tuple[Mutes, OutletOf]:
    return store.mutes(), jobs.outlet_of(program, store.feeds())


def _lines(
    reader: Channel, subjects: Mapping[str, Sequence[Tellable]], mutes: Mutes,
    outlet_of: OutletOf, showable: Callable[[str], bool], *, now: datetime,
) -> dict[str, tuple[Line, bool]]:  # fmt: skip
    order, found = list(subjects), dict[str, tuple[Line, bool]]()
    for start in range(0, len(order), _AT_ONCE):
        some = [
            article for subject in order[start : start + _AT_ONCE] for article in subjects[subject]
        ]
        digest = digests.build(
            reader, some, since=now, until=now, coverage=Coverage(0, 0), outlet_of=outlet_of,
            showable=showable, mutes=mutes,
        )  # fmt: skip
        found |= {line.subject: (line, False) for line in digest.stories}
        found |= {line.subject: (line, True) for line in digest.named}
        if len(found) >= MOST:
            break
    told = [subject for subject in order if subject in found][:MOST]
    return {subject: found[subject] for subject in told}
