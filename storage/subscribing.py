"""What many channels were told, in a question or two."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import BindParameter, Connection, bindparam, func, or_, select

from storage.engine import chunks
from storage.mapping import storable
from storage.tables import ARTICLE, DIGEST, TOLD, WITHDRAWAL
from watchers.telling import Withdrawal

_ARTICLE = "article:"  # how the subject of an article without a story begins
_CHANNELS: BindParameter[Sequence[int]] = bindparam("channels", expanding=True)
_SUBJECTS: BindParameter[Sequence[str]] = bindparam("subjects", expanding=True)
_IDS: BindParameter[Sequence[int]] = bindparam("ids", expanding=True)
_TOLD = (
    select(TOLD.c.channel_id, TOLD.c.subject, TOLD.c.again, DIGEST.c.built_at)
    .select_from(TOLD.outerjoin(DIGEST, DIGEST.c.id == TOLD.c.digest_id))
    .where(TOLD.c.channel_id.in_(_CHANNELS), TOLD.c.subject.in_(_SUBJECTS))
)
_NEWS = (ARTICLE.c.changed_at.is_not(None), ARTICLE.c.tells, ARTICLE.c.settled, ~ARTICLE.c.baseline)
_LAST = func.max(ARTICLE.c.changed_at).label("changed_at")
_STORIES_CHANGED = (
    select(ARTICLE.c.story_id, _LAST)
    .where(ARTICLE.c.story_id.in_(_SUBJECTS), *_NEWS)
    .group_by(ARTICLE.c.story_id)
)
_ARTICLES_CHANGED = select(ARTICLE.c.id, ARTICLE.c.duplicate_of, ARTICLE.c.changed_at).where(
    or_(ARTICLE.c.id.in_(_IDS), ARTICLE.c.duplicate_of.in_(_IDS)),
    ARTICLE.c.story_id.is_(None),
    *_NEWS,
)
_WITHDRAWALS = (
    select(WITHDRAWAL)
    .where(WITHDRAWAL.c.channel_id.in_(_CHANNELS), WITHDRAWAL.c.digest_id.is_(None))
    .order_by(WITHDRAWAL.c.channel_id, WITHDRAWAL.c.id)
)


def told(
    connection: Connection, channel_ids: Sequence[int], subjects: Sequence[str]
) -> Mapping[int, frozenset[str]]:
    """By channel, those of the subjects that it is not to be told (again)."""
    changed = _changes(connection, subjects)
    found: dict[int, set[str]] = defaultdict(set)
    for channels in chunks(channel_ids):
        for some in chunks([storable(subject) for subject in subjects]):
            rows = connection.execute(_TOLD, {"channels": channels, "subjects": some})
            for row in rows:
                if is_done(row.again, row.built_at, changed.get(row.subject)):
                    found[row.channel_id].add(row.subject)
    return {channel: frozenset(done) for channel, done in found.items()}


def is_done(again: int | None, built_at: datetime | None, changed_at: datetime | None) -> bool:
    """Whether a subject that was told once is not told again."""
    if again is not None or changed_at is None or built_at is None:
        return True
    return built_at >= changed_at


def _changes(connection: Connection, subjects: Iterable[str]) -> dict[str, datetime]:
    """When facts of each subject's articles changed last; only of those where any did."""
    found: dict[str, datetime] = {}
    stories = [storable(one) for one in subjects if not one.startswith(_ARTICLE)]
    numbers = (one.removeprefix(_ARTICLE) for one in subjects if one.startswith(_ARTICLE))
    for some in chunks(stories):
        rows = connection.execute(_STORIES_CHANGED, {"subjects": some})
        found.update((row.story_id, row.changed_at) for row in rows)
    for ids in chunks([int(number) for number in numbers if number.isdecimal()]):
        for row in connection.execute(_ARTICLES_CHANGED, {"ids": ids}):
            subject = f"{_ARTICLE}{row.duplicate_of or row.id}"
            found[subject] = max(row.changed_at, found.get(subject, row.changed_at))
    return found


def withdrawals(
    connection: Connection, channel_ids: Sequence[int]
) -> Mapping[int, tuple[Withdrawal, ...]]:
    """By channel, what it is to be told was taken back, oldest first."""
    found: dict[int, list[Withdrawal]] = defaultdict(list)
    for channels in chunks(channel_ids):
        for row in connection.execute(_WITHDRAWALS, {"channels": channels}):
            found[row.channel_id].append(
                Withdrawal(
                    row.id, row.channel_id, row.subject, row.at, row.told_at, row.what, row.note
                )
            )
    return {channel: tuple(waiting) for channel, waiting in found.items()}
