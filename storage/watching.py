"""The watchlist as admins changed it, and stored articles judged again by it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BindParameter,
    Connection,
    bindparam,
    delete,
    func,
    literal,
    select,
    tuple_,
    union_all,
    update,
)

from storage import poll_items, search_index
from storage.audits import note
from storage.columns import UtcTime
from storage.engine import chunks, insert_new, insert_or_replace
from storage.mapping import VERDICT_COLUMNS, storable, stored_of, subject_of, verdict_values
from storage.rejudging import (
    Judged,
    becomes_quiet,
    is_of,
    is_settled_still,
    revision_of,
    watch_subject,
)
from storage.tables import ARTICLE, TOLD, VALUE, WATCH_ROW
from watchers.changes import Rejudged, Stored, WatchRow, WatchRows
from watchers.errors import WatchlistChanged
from watchers.telling import AuditRecord

REVISION = "watch_revision"  # the name of the value that counts changes
CHANGED = "Somebody else changed the watchlist at the same time."

# Built once: building a statement costs more than SQLite needs to run it.
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_SINCE = bindparam("since", type_=UtcTime())
_REVISION = select(VALUE.c.value).where(VALUE.c.name == REVISION)
# One statement, so that the rows and their revision are of one moment on PostgreSQL too.
_ROWS = union_all(
    select(
        literal("").label("section"),
        literal("").label("id"),
        VALUE.c.value.label("row"),
        literal("").label("base"),
    ).where(VALUE.c.name == REVISION),
    select(WATCH_ROW.c.section, WATCH_ROW.c.id, WATCH_ROW.c.row, WATCH_ROW.c.base),
)
_COUNT_UP = (
    update(VALUE)
    .where(VALUE.c.name == REVISION, VALUE.c.value == bindparam("was"))
    .values(value=bindparam("becomes"))
)
_STORED = (
    select(
        ARTICLE.c.id,
        ARTICLE.c.canonical_url,
        ARTICLE.c.title,
        ARTICLE.c.text,
        ARTICLE.c.time,
        ARTICLE.c.relevant,
        ARTICLE.c.officials,
        ARTICLE.c.people,
        ARTICLE.c.topics,
        ARTICLE.c.watchlist,
        ARTICLE.c.first_seen,
        ARTICLE.c.text_key,
    )
    .where(ARTICLE.c.id > bindparam("after"), ARTICLE.c.text_kept)
    .order_by(ARTICLE.c.id)
    .limit(bindparam("most"))
)
# From a number on, and not by time: following the index on time would end in a sort of them all.
_FIRST = select(func.min(ARTICLE.c.id)).where(ARTICLE.c.first_seen >= _SINCE)
_STORED_SINCE = _STORED.where(ARTICLE.c.id >= _FIRST.scalar_subquery())
_HEADS = (
    select(
        ARTICLE.c.id,
        ARTICLE.c.relevant,
        ARTICLE.c.tells,
        ARTICLE.c.suspicious,
        ARTICLE.c.baseline,
        ARTICLE.c.settled,
        ARTICLE.c.duplicate_of,
        ARTICLE.c.story_id,
        ARTICLE.c.watchlist,
        ARTICLE.c.text_key,
        ARTICLE.c.officials,
        ARTICLE.c.people,
        ARTICLE.c.topics,
    )
    .where(ARTICLE.c.id.in_(_IDS))
    .order_by(ARTICLE.c.id)
    .with_for_update()
)
_TOLD = (
    select(TOLD.c.subject)
    .where(TOLD.c.subject.in_(bindparam("subjects", expanding=True)))
    .distinct()
)
_JUDGE = (
    update(ARTICLE)
    .where(ARTICLE.c.id == bindparam("article"))
    .values(
        **{name: bindparam(f"new_{name}") for name in VERDICT_COLUMNS},
        settled=bindparam("stays_settled"),
        baseline=bindparam("is_baseline"),
    )
)


def revision(connection: Connection) -> int:
    """How often the watchlist was changed."""
    return revision_of(connection.execute(_REVISION).scalar())


def rows(connection: Connection) -> WatchRows:
    """The admins' rows, by section and id; one that cannot be read is an empty one."""
    found: list[WatchRow] = []
    counted: str | None = None
    for section, number, text, base in connection.execute(_ROWS):
        if section:
            found.append(WatchRow(section, number, _row_of(text), base))
        else:
            counted = text
    found.sort(key=lambda row: (row.section, row.id))
    return WatchRows(revision_of(counted), tuple(found))


def _row_of(text: str | None) -> dict[str, object] | None:
    if text is None:
        return None
    try:
        row = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return row if isinstance(row, dict) else {}


def save_rows(
    connection: Connection,
    changed: Sequence[WatchRow],
    drop: Sequence[tuple[str, str]],
    expected: int,
    record: AuditRecord,
) -> int:
    """Put and drop rows if the revision is the expected one; the new one. WatchlistChanged."""
    insert_new(connection, VALUE, [{"name": REVISION, "value": "0"}])
    # Counted first: who comes second waits here on PostgreSQL, and then sees the new count.
    counted = {"was": str(expected), "becomes": str(expected + 1)}
    if connection.execute(_COUNT_UP, counted).rowcount != 1:
        raise WatchlistChanged(CHANGED)
    for some in chunks(list(drop)):
        key = tuple_(WATCH_ROW.c.section, WATCH_ROW.c.id)
        connection.execute(delete(WATCH_ROW).where(key.in_(some)))
    insert_or_replace(connection, WATCH_ROW, [_values(row) for row in changed], ["row", "base"])
    subject = storable(watch_subject(changed, drop))
    action, detail = storable(record.action), storable(record.detail)
    note(connection, AuditRecord(record.at, record.actor, action, subject, detail))
    return expected + 1


def _values(row: WatchRow) -> dict[str, object]:
    text = None if row.row is None else storable(json.dumps(dict(row.row), ensure_ascii=False))
    return {"section": row.section, "id": row.id, "row": text, "base": row.base}


def stored(
    connection: Connection, after: int, limit: int, since: datetime | None
) -> tuple[Stored, ...]:
    """Articles with an id above `after`, by id."""
    values = {"after": after, "most": limit}
    if since is None:
        return tuple(map(stored_of, connection.execute(_STORED, values)))
    found = connection.execute(_STORED_SINCE, {**values, "since": since})
    return tuple(map(stored_of, found))


def save_verdicts(connection: Connection, items: Sequence[Rejudged]) -> int:
    """Replace the verdicts, reasons and fingerprints of these articles; of how many."""
    by_id = {item.article_id: item for item in items}
    heads: list[Any] = []
    for ids in chunks(sorted(by_id)):
        heads += connection.execute(_HEADS, {"ids": ids})
    heads = [head for head in heads if is_of(by_id[head.id], head.watchlist, bytes(head.text_key))]
    if not heads:
        return 0
    told = _told(connection, heads)
    values, found = [], []
    for head in heads:
        item = by_id[head.id]
        was = Judged(head.relevant, head.tells, head.suspicious, _subject(head) in told)
        values.append(
            {
                "article": head.id,
                "stays_settled": head.settled and is_settled_still(was, item.verdict),
                "is_baseline": head.baseline or becomes_quiet(was, item),
                **{f"new_{k}": v for k, v in verdict_values(item).items()},
            }
        )
        found.append((head.id, item))
    poll_items.drop_findings(connection, [number for number, _ in found])
    connection.execute(_JUDGE, values)
    poll_items.store_findings(connection, found)
    heads_and_values = zip(heads, values, strict=True)
    search_index.mark(connection, (head.id for head, new in heads_and_values if _shows(head, new)))
    return len(found)


def _shows(head: Any, new: Mapping[str, object]) -> bool:
    """Whether the search can tell the new verdict from the old."""
    names = ("officials", "people", "topics")
    was = head.tells and not head.baseline
    told = bool(new["new_tells"]) and not new["is_baseline"]
    return was != told or any(getattr(head, name) != new[f"new_{name}"] for name in names)


def _subject(head: Any) -> str:
    return subject_of(head.id, head.duplicate_of, head.story_id)


def _told(connection: Connection, heads: Sequence[Any]) -> set[str]:
    """Which of these articles' subjects some channel was told."""
    subjects = sorted({_subject(head) for head in heads if head.tells})
    told: set[str] = set()
    for some in chunks(subjects):
        told.update(connection.execute(_TOLD, {"subjects": some}).scalars())
    return told
