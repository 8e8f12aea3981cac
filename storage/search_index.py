"""The search index, filled: what is due is marked, made into tokens, and written in parts.

An article is marked in the transaction that stores or changes it; the tokens are made later,
outside of any transaction (`watchers.search_text`), and written together with the end of the
mark, unless somebody marked it anew meanwhile. The index is two tables that are no others:

- `search_doc`: an article's time and its tokens, packed: to rank hits, and to take the article
  out of the index again; on PostgreSQL also the tokens as a tsvector, with a GIN index;
- on SQLite `search_words`, an FTS5 table without content, by the article's number.

The row 0 of `search_doc` holds the version of the form: where it is missing (a fresh or copied
database, an update of the program), all articles are marked first.
"""

from __future__ import annotations

import secrets
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BindParameter, Connection, and_, bindparam, delete, func, not_, select

from storage.columns import UtcTime
from storage.engine import chunks, insert_or_replace, is_postgres
from storage.mapping import strings
from storage.tables import ARTICLE, SEARCH_DUE, VALUE
from watchers.search_text import VERSION, Indexable, Stream, stream

BUCKET = 8_192  # articles that one token of PostgreSQL's index chooses
SCRUB = "search_scrub"  # the value that says that thrown away texts are still in the index
_MOST_PACKED = 4_000_000  # bytes
_MOST_POSITIONS = 200  # of a word in one article; PostgreSQL keeps 255
_LAST_POSITION = 16_383
_MERGED = 400  # pages of SQLite's index that are merged at once
_BEGIN, _GO_ON = "begin", "go on"

_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_DUE = (
    select(
        ARTICLE.c.id,
        SEARCH_DUE.c.mark,
        ARTICLE.c.title,
        ARTICLE.c.text,
        ARTICLE.c.language,
        ARTICLE.c.host,
        ARTICLE.c.source,
        ARTICLE.c.officials,
        ARTICLE.c.people,
        ARTICLE.c.topics,
        ARTICLE.c.time,
        and_(ARTICLE.c.tells, not_(ARTICLE.c.baseline)).label("told"),
    )
    .select_from(SEARCH_DUE.join(ARTICLE, ARTICLE.c.id == SEARCH_DUE.c.article_id))
    .order_by(SEARCH_DUE.c.article_id.desc())
    .limit(bindparam("most"))
)
_COUNT = select(func.count()).select_from(SEARCH_DUE)
_DONE = delete(SEARCH_DUE).where(
    SEARCH_DUE.c.article_id == bindparam("article"), SEARCH_DUE.c.mark == bindparam("of_mark")
)
_PUT_IN_PLACE = (
    "SELECT gin_clean_pending_list(oid) FROM pg_class "
    "WHERE oid = to_regclass('search_words') AND pg_has_role(relowner, 'USAGE')"
)
_SCRUBS = select(VALUE.c.value).where(VALUE.c.name == SCRUB)
_NO_SCRUB = delete(VALUE).where(VALUE.c.name == SCRUB)


# ---------------------------------------------------------------- marks


def mark(connection: Connection, articles: Iterable[int]) -> None:
    """These stored articles are new, or changed: to be indexed."""
    number = secrets.randbits(62)
    rows = [{"article_id": article, "mark": number} for article in sorted(set(articles))]
    insert_or_replace(connection, SEARCH_DUE, rows, ["mark"])


def mark_all(connection: Connection) -> int:
    """All articles are to be indexed; how many."""
    number = secrets.randbits(62)
    changed = connection.exec_driver_sql(
        f"INSERT INTO search_due (article_id, mark) SELECT id, {number:d} FROM article "  # noqa: S608 - a number of ours
        "WHERE 1 = 1 ON CONFLICT (article_id) DO UPDATE SET mark = excluded.mark"
    )
    return changed.rowcount


def due(connection: Connection, limit: int) -> tuple[Indexable, ...]:
    """Some of the articles that are to be indexed, newest first."""
    return tuple(map(_indexable, connection.execute(_DUE, {"most": limit})))


def count_due(connection: Connection) -> int:
    """How many articles are to be indexed."""
    return connection.execute(_COUNT).scalar_one()


def _indexable(row: Any) -> Indexable:
    return Indexable(
        id=row.id,
        mark=row.mark,
        title=row.title,
        text=row.text,
        language=row.language,
        host=row.host,
        source=row.source,
        named=(*strings(row.officials), *strings(row.people)),
        topics=strings(row.topics),
        time=row.time,
        told=bool(row.told),
    )


# ---------------------------------------------------------------- the version of the index


def is_of_this_version(connection: Connection) -> bool:
    """Whether the index was begun by this version of the form."""
    found = packed(connection, [0])
    return 0 in found and found[0].text == VERSION


def begin(connection: Connection) -> None:
    """Mark all, and note the version: in one transaction."""
    mark_all(connection)
    zero = Stream(((), ()), ())
    _put_docs(connection, [(0, datetime(1970, 1, 1, tzinfo=UTC), VERSION, zero)])


# ---------------------------------------------------------------- writing


def prepared(found: Sequence[Indexable]) -> list[tuple[Indexable, Stream]]:
    """The tokens of articles: what takes most of the time, and no database."""
    return [(one, stream(one)) for one in found]


def write(connection: Connection, found: Sequence[tuple[Indexable, Stream]]) -> None:
    """Put articles into the index, in place of what it had of them; their marks end."""
    before = packed(connection, [one.id for one, _ in found])
    if any(not one.text and one.id in before for one, _ in found):
        _note(connection, _BEGIN)
    rows = [(one.id, one.time, made.whole, made) for one, made in found]
    if not is_postgres(connection):
        _put_words(connection, before, rows)
    _put_docs(connection, rows)
    connection.execute(_DONE, [{"article": one.id, "of_mark": one.mark} for one, _ in found])


_Row = tuple[int, datetime, str, Stream]


def _put_words(connection: Connection, before: dict[int, Doc], rows: Sequence[_Row]) -> None:
    if before:
        connection.exec_driver_sql(
            "INSERT INTO search_words (search_words, rowid, words) VALUES ('delete', ?, ?)",
            [(number, doc.text) for number, doc in before.items()],
        )
    connection.exec_driver_sql(
        "INSERT INTO search_words (rowid, words) VALUES (?, ?)",
        [(number, whole) for number, _, whole, _ in rows],
    )


def _put_docs(connection: Connection, rows: Sequence[_Row]) -> None:
    to_database = UtcTime().bind_processor(connection.dialect)
    if is_postgres(connection):
        connection.exec_driver_sql(
            "INSERT INTO search_doc (article_id, time, packed, words) "
            "VALUES (%s, %s, %s, %s::tsvector) ON CONFLICT (article_id) DO UPDATE "
            "SET time = excluded.time, packed = excluded.packed, words = excluded.words",
            [(n, to_database(at), _pack(whole), vector(n, made)) for n, at, whole, made in rows],
        )
        return
    connection.exec_driver_sql(
        "INSERT INTO search_doc (article_id, time, packed) VALUES (?, ?, ?) "
        "ON CONFLICT (article_id) DO UPDATE SET time = excluded.time, packed = excluded.packed",
        [(number, to_database(at), _pack(whole)) for number, at, whole, _ in rows],
    )


def _pack(text: str) -> bytes:
    return zlib.compress(text.encode("utf-8", "surrogatepass"), 1)


@dataclass(frozen=True, slots=True)
class Doc:
    """What the index has of an article: its time, and its tokens as one text."""

    time: datetime
    text: str


def packed(connection: Connection, articles: Sequence[int]) -> dict[int, Doc]:
    """What the index has of these articles, by number."""
    from_database = UtcTime().result_processor(connection.dialect, None)
    found: dict[int, Doc] = {}
    for some in chunks(articles):
        values: tuple[object, ...] = tuple(some)
        marks = f"IN ({', '.join('?' * len(some))})"
        if is_postgres(connection):  # its driver takes its time over many marks
            marks, values = "= ANY (%s::integer[])", (f"{{{','.join(map(str, some))}}}",)
        rows = connection.exec_driver_sql(
            f"SELECT article_id, time, packed FROM search_doc WHERE article_id {marks}",  # noqa: S608 - marks alone
            values,
        ).all()
        for number, at, data in rows:
            found[number] = Doc(from_database(at), _unpacked(bytes(data)))
    return found


def _unpacked(data: bytes) -> str:
    plain = zlib.decompressobj().decompress(data, _MOST_PACKED)
    return plain.decode("utf-8", "surrogatepass")


def vector(article: int, made: Stream) -> str:
    """The tokens as the text of a tsvector, with the places of the words for phrases."""
    places: dict[str, list[str]] = {}
    at = 0
    for part in made.words:
        for at, word in enumerate(part, at + 2):  # noqa: B020 - one place is left between the two
            found = places.setdefault(word, [])
            if at <= _LAST_POSITION and len(found) < _MOST_POSITIONS:
                found.append(str(at))
    listed = [f"'{word}':{','.join(at)}" if at else f"'{word}'" for word, at in places.items()]
    listed += [f"'{token}'" for token in made.others if token not in places]
    listed.append(f"'{bucket(article // BUCKET)}'")
    return " ".join(listed)


def bucket(number: int) -> str:
    """The token of so many neighbouring articles (PostgreSQL only)."""
    return f"in:{number}"


def put_in_place(connection: Connection) -> None:
    """Sort into PostgreSQL's index what was lately written beside it.

    Each question reads through that list, of up to 4 MB, several times: most of what it took.
    Only the owner of the index can do it; otherwise VACUUM does, in its time.
    """
    if is_postgres(connection):
        connection.exec_driver_sql(_PUT_IN_PLACE)


# ---------------------------------------------------------------- what was thrown away


def is_to_scrub(connection: Connection) -> bool:
    """Whether texts that were thrown away may still stand in the index."""
    return connection.execute(_SCRUBS).scalar() is not None


def scrub(connection: Connection) -> bool:
    """Merge a piece of SQLite's index, so that what was deleted stands in no part of it.

    True if there is more to do. PostgreSQL's own cleaning (VACUUM) does it there.
    """
    state = connection.execute(_SCRUBS).scalar()
    if state is None:
        return False
    if not is_postgres(connection):
        pages = -_MERGED if state == _BEGIN else _MERGED
        before = _changes(connection)
        connection.exec_driver_sql(
            "INSERT INTO search_words (search_words, rank) VALUES ('merge', ?)", (pages,)
        )
        if state == _BEGIN or _changes(connection) - before >= 2:
            _note(connection, _GO_ON)
            return True
    connection.execute(_NO_SCRUB)
    return False


def _note(connection: Connection, state: str) -> None:
    insert_or_replace(connection, VALUE, [{"name": SCRUB, "value": state}], ["value"])


def _changes(connection: Connection) -> int:
    return int(connection.exec_driver_sql("SELECT total_changes()").scalar_one())
