"""Stories in the hands of admins: looked at, merged, split (:class:`watchers.stories.StoryPort`).

What was told stays told, for both stories of a merge and both parts of a split.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BindParameter,
    Connection,
    Select,
    bindparam,
    case,
    func,
    select,
    update,
)

from storage import grouping
from storage.approving import HELD
from storage.audits import note
from storage.digests import TELLABLE
from storage.engine import chunks, insert_new, insert_one
from storage.mapping import storable, subject_of, tellable_of
from storage.subjects import merged_names
from storage.tables import ADDRESS, ARTICLE, CHANNEL, DIGEST, FEED, MUTE, STORY, TOLD
from watchers import stories as rules
from watchers.articles import address_keys
from watchers.errors import StoryInvalid
from watchers.stories import Member, StoryArticle, StoryView
from watchers.telling import AuditRecord

# Built once: building a statement costs more than SQLite needs to run it.
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_MUTED = select(MUTE).where(MUTE.c.kind == "subject", MUTE.c.ref.in_(_IDS)).limit(1)
_KEYS: BindParameter[Any] = bindparam("keys", expanding=True)
_OF_STORY = ARTICLE.c.story_id == bindparam("story")
_STORIES = (
    select(STORY.c.id, STORY.c.created_at, STORY.c.merged_into)
    .where(STORY.c.id.in_(_IDS))
    .order_by(STORY.c.id)
)
_LOCKED = _STORIES.with_for_update()
_PLACE = select(ARTICLE.c.id, ARTICLE.c.canonical_url, ARTICLE.c.story_id, ARTICLE.c.duplicate_of)
_BY_NUMBER = _PLACE.where(ARTICLE.c.id == bindparam("number"))
_BY_URL = _PLACE.where(ARTICLE.c.url_key.in_(_KEYS)).order_by(ARTICLE.c.id).limit(1)
_BY_ADDRESS = (
    _PLACE.join(ADDRESS, ADDRESS.c.article_id == ARTICLE.c.id)
    .where(ADDRESS.c.url_key.in_(_KEYS))
    .order_by(ARTICLE.c.id)
    .limit(1)
)
_MEMBERS: Select[Any] = (
    select(ARTICLE.c.id, ARTICLE.c.canonical_url, ARTICLE.c.time, ARTICLE.c.duplicate_of)
    .where(_OF_STORY)
    .order_by(ARTICLE.c.id)  # two who lock them do not wait for one another
)
_MEMBERS_LOCKED = _MEMBERS.with_for_update()
_SHOWN = (
    select(*TELLABLE, ARTICLE.c.reason, ARTICLE.c.pinned)
    .join(FEED, FEED.c.id == ARTICLE.c.feed_id)
    .where(_OF_STORY)
    .order_by(ARTICLE.c.time, ARTICLE.c.id)
    .limit(rules.MOST_SHOWN)
)
_COUNT = select(func.count()).select_from(ARTICLE).where(_OF_STORY)
_CHATS = (
    select(CHANNEL.c.chat)
    .join(TOLD, (TOLD.c.channel_id == CHANNEL.c.id) & (TOLD.c.subject == bindparam("story")))
    .join(DIGEST, DIGEST.c.id == TOLD.c.digest_id)
    .where(~CHANNEL.c.private, DIGEST.c.kind != HELD)
    .order_by(CHANNEL.c.id)
)
_PIN = update(ARTICLE).where(ARTICLE.c.id.in_(_IDS)).values(pinned=True)
# A copy's reason says whose copy it is, and stays true.
_MOVE = _PIN.values(
    story_id=bindparam("into"),
    reason=case((ARTICLE.c.duplicate_of.is_(None), bindparam("why")), else_=ARTICLE.c.reason),
)
_MERGED = update(STORY).where(STORY.c.id == bindparam("gone")).values(merged_into=bindparam("into"))
# Given by an admin: it follows from the articles alone no more (watchers.groups).
_GIVEN = update(STORY).where(STORY.c.id.in_(_IDS)).values(event=None)


def followed(connection: Connection, ids: Iterable[str]) -> dict[str, str]:
    """Where stories are now: each of these ids with itself, or with what it was merged into.

    Ids that no story has are left out.
    """
    asked = wanted = set(map(storable, ids))
    merged: dict[str, str | None] = {}
    while wanted:
        known: dict[str, str | None] = {}
        for some in chunks(sorted(wanted)):
            known.update({r.id: r.merged_into for r in connection.execute(_STORIES, {"ids": some})})
        merged |= known
        wanted = {into for into in known.values() if into is not None} - merged.keys()
    return {story: rules.end_of(story, merged) for story in asked & merged.keys()}


# ---------------------------------------------------------------- finding


@dataclass(frozen=True, slots=True)
class _Place:
    """An article that a reference leads to."""

    id: int
    canonical_url: str
    story: str | None
    duplicate_of: int | None


def _place(connection: Connection, ref: str) -> _Place | None:
    """The article with this number or address."""
    number = rules.number_of(ref)
    if number is not None:
        row = connection.execute(_BY_NUMBER, {"number": number}).one_or_none()
    else:
        keys = {"keys": address_keys(ref)}
        row = connection.execute(_BY_URL, keys).one_or_none()
        row = row or connection.execute(_BY_ADDRESS, keys).one_or_none()
    return _Place(*row) if row else None


def find(connection: Connection, ref: str) -> str:
    """The id of the story that a reference leads to. StoryUnknown."""
    if (into := followed(connection, [ref]).get(ref)) is not None:
        return into
    place = _place(connection, ref)
    if place is None:
        raise rules.unknown(ref)
    if place.story is None:
        raise rules.alone(place.canonical_url)
    return place.story


def subject(connection: Connection, ref: str) -> str:
    """What the story or article that a reference leads to is told as. StoryUnknown."""
    if (into := followed(connection, [ref]).get(ref)) is not None:
        return into
    place = _place(connection, ref)
    if place is None:
        raise rules.unknown(ref)
    return subject_of(place.id, place.duplicate_of, place.story)


def view(connection: Connection, ref: str) -> StoryView:
    """The story and its articles. StoryUnknown."""
    story = {"story": find(connection, ref)}
    rows = connection.execute(_SHOWN, story).all()
    if not rows:
        raise rules.unknown(ref)
    (began,) = connection.execute(_STORIES, {"ids": list(story.values())}).all()
    count = len(rows)
    if count == rules.MOST_SHOWN:
        count = connection.execute(_COUNT, story).scalar_one()
    return StoryView(
        id=began.id,
        began=began.created_at,
        articles=tuple(StoryArticle(tellable_of(r), r.reason or "", r.pinned) for r in rows),
        more=count - len(rows),
        told=tuple(connection.execute(_CHATS, story).scalars()),
    )


# ---------------------------------------------------------------- changing


def leaving(connection: Connection, story: str, articles: Sequence[str]) -> tuple[int, ...]:
    """The numbers of the articles that would leave the story. StoryUnknown, StoryInvalid."""
    found = find(connection, story)
    members = [Member(*row) for row in connection.execute(_MEMBERS, {"story": found})]
    return _leaving(connection, found, members, articles)


def merge(connection: Connection, one: str, other: str, at: datetime, actor: str) -> str:
    """Make two stories one; the id that is kept. StoryUnknown, StoryInvalid."""
    pair = (find(connection, one), find(connection, other))
    grouping.turn(connection)
    found = _lock(connection, pair)
    kept, gone = rules.older((pair[0], found[pair[0]]), (pair[1], found[pair[1]]))
    members = {story: _members(connection, story) for story in sorted(pair)}
    _move(connection, members[gone], kept, f"merged from {gone} by an admin")
    _pin(connection, members[kept])
    connection.execute(_MERGED, {"gone": gone, "into": kept})
    grouping.tell_as(connection, [(gone, kept)])
    heads = rules.heads(members[gone], {member.id for member in members[gone]})
    note(connection, AuditRecord(at, actor, "story.merge", kept, rules.merge_detail(gone, heads)))
    return kept


def split(
    connection: Connection, story: str, articles: Sequence[str], at: datetime, actor: str
) -> str:
    """Take articles out of a story; the id of their own. StoryUnknown, StoryInvalid."""
    old = find(connection, story)
    grouping.turn(connection)
    _lock(connection, [old])
    members = _members(connection, old)
    going = frozenset(_leaving(connection, old, members, articles))
    out = [member for member in members if member.id in going]
    new = _named(connection, old, rules.first_of(out).canonical_url, at)
    _move(connection, out, new, f"split from {old} by an admin")
    _pin(connection, [member for member in members if member.id not in going])
    _mute_as(connection, old, new)
    grouping.tell_as(connection, [(old, new)])
    heads = rules.heads(members, going)
    note(connection, AuditRecord(at, actor, "story.split", old, rules.split_detail(new, heads)))
    return new


def _mute_as(connection: Connection, old: str, new: str) -> None:
    """What was muted, or taken back, as the old story stays so as the new one."""
    muted = connection.execute(_MUTED, {"ids": list(merged_names(connection, [old]))})
    insert_new(connection, MUTE, [{**row, "ref": new} for row in muted.mappings()])


def _lock(connection: Connection, ids: Sequence[str]) -> dict[str, datetime]:
    """When these stories began; they are given from now on. StoryInvalid."""
    rows = connection.execute(_LOCKED, {"ids": sorted(set(ids))}).all()
    merged = [row.id for row in rows if row.merged_into is not None]
    if merged:  # between our look and the lock
        msg = f"The story {merged[0]} was merged by somebody else just now; look at it again."
        raise StoryInvalid(msg)
    connection.execute(_GIVEN, {"ids": sorted(set(ids))})
    return {row.id: row.created_at for row in rows}


def _members(connection: Connection, story: str) -> list[Member]:
    return [Member(*row) for row in connection.execute(_MEMBERS_LOCKED, {"story": story})]


def _leaving(
    connection: Connection, story: str, members: Sequence[Member], articles: Sequence[str]
) -> tuple[int, ...]:
    named = {}
    for ref in articles:
        place = _place(connection, ref)
        if place is None:
            raise rules.unknown(ref)
        named[place.id] = ref
    return rules.leaving(story, members, named)


def _named(connection: Connection, old: str, url: str, at: datetime) -> str:
    """A story of this id begins, or begins anew; the id."""
    turn = 1
    while True:
        story = rules.story_name(url, turn)
        if insert_one(connection, STORY, {"id": story, "created_at": at}):
            return story
        if story != old and followed(connection, [story]).get(story) == old:
            connection.execute(_MERGED, {"gone": story, "into": None})
            return story
        turn += 1


def _move(connection: Connection, members: Sequence[Member], into: str, why: str) -> None:
    for ids in chunks([member.id for member in members]):
        connection.execute(_MOVE, {"ids": ids, "into": into, "why": why})


def _pin(connection: Connection, members: Sequence[Member]) -> None:
    for ids in chunks([member.id for member in members]):
        connection.execute(_PIN, {"ids": ids})
