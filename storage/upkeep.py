"""Counts, small values, checks and backups."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import URL, Connection, and_, func, select

from storage.approving import HELD
from storage.engine import insert_or_replace, is_postgres, sqlite_path
from storage.next_pages import LOST
from storage.receipts import OPEN
from storage.tables import (
    ADMIN,
    ARTICLE,
    CHANNEL,
    DELIVERY,
    DIGEST,
    FEED,
    STORY,
    TOLD,
    VALUE,
)
from storage.translate import translated
from watchers.errors import StoreCorrupt, StoreError
from watchers.telling import Counts, DeliveryState


def counts(connection: Connection) -> Counts:
    """Row counts for people; each is read from an index."""

    def count(*where: object) -> int:
        statement = select(func.count()).where(*where)  # type: ignore[arg-type]
        return connection.execute(statement).scalar_one()

    def rows(table: object) -> int:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()  # type: ignore[arg-type]

    return Counts(
        feeds=count(FEED.c.removed_at.is_(None)),
        articles=rows(ARTICLE),
        relevant=count(ARTICLE.c.relevant),
        stories=count(STORY.c.merged_into.is_(None)),
        queued=count(~DELIVERY.c.private, DELIVERY.c.state == DeliveryState.QUEUED.value),
        uncertain=count(~DELIVERY.c.private, DELIVERY.c.state == DeliveryState.UNCERTAIN.value),
        failed=count(~DELIVERY.c.private, DELIVERY.c.state == DeliveryState.FAILED.value),
        extra={
            "unsettled": count(~ARTICLE.c.settled),
            "channels": count(~CHANNEL.c.private),
            "admins": rows(ADMIN),
            "subscribers": count(CHANNEL.c.private, ~CHANNEL.c.paused),
            "paused_subscribers": count(CHANNEL.c.private, CHANNEL.c.paused),
            **{
                f"private_{state.value}": count(DELIVERY.c.private, DELIVERY.c.state == state.value)
                for state in (DeliveryState.QUEUED, *OPEN)
            },
        },
    )


def value(connection: Connection, name: str) -> str | None:
    """A small named value."""
    return connection.execute(select(VALUE.c.value).where(VALUE.c.name == name)).scalar()


def set_value(connection: Connection, name: str, text: str) -> None:
    """Keep a small named value."""
    insert_or_replace(connection, VALUE, [{"name": name, "value": text}], ["value"])


# ---------------------------------------------------------------- checking


def check(connection: Connection) -> tuple[str, ...]:
    """Problems, one sentence each: the file's own first, then broken promises of ours."""
    problems = [] if is_postgres(connection) else _sqlite_problems(connection)
    return (*problems, *_broken_promises(connection))


def _sqlite_problems(connection: Connection) -> list[str]:
    found = connection.exec_driver_sql("PRAGMA integrity_check(20)").scalars()
    problems = [f"The file is damaged: {line}." for line in found if line != "ok"]
    orphans = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    tables = sorted({(row[0], row[2]) for row in orphans})
    problems += [f"Rows of {child} point at missing rows of {parent}." for child, parent in tables]
    return problems


def _broken_promises(connection: Connection) -> list[str]:
    first = ARTICLE.alias("first")
    chain = and_(first.c.id == ARTICLE.c.duplicate_of, first.c.duplicate_of.is_not(None))
    sent = DELIVERY.c.state == DeliveryState.SENT.value
    questions = {
        "article(s) are copies of copies": select(func.count()).select_from(
            ARTICLE.join(first, chain)
        ),
        "page(s) count as sent without a message id": select(func.count()).where(
            sent, DELIVERY.c.message_id.is_(None), DELIVERY.c.error.is_(None)
        ),
        "told subject(s) belong to no digest": select(func.count())
        .select_from(TOLD.outerjoin(DIGEST, DIGEST.c.id == TOLD.c.digest_id))
        .where(DIGEST.c.id.is_(None)),
        "digest(s) have no pages": select(func.count())
        .select_from(DIGEST.outerjoin(DELIVERY, DELIVERY.c.digest_id == DIGEST.c.id))
        .where(DELIVERY.c.id.is_(None), DIGEST.c.kind != HELD),
        "page(s) of private chats are in no queue": select(func.count())
        .select_from(DELIVERY.join(CHANNEL, CHANNEL.c.id == DELIVERY.c.channel_id))
        .where(*LOST),
        "page(s) are in an unknown state": select(func.count()).where(
            DELIVERY.c.state.not_in([state.value for state in DeliveryState])
        ),
    }
    numbers = {text: connection.execute(query).scalar_one() for text, query in questions.items()}
    return [f"{number} {text}." for text, number in numbers.items() if number]


# ---------------------------------------------------------------- backup


def backup(url: URL, target: Path) -> None:
    """A checked copy of a SQLite database at a path that does not exist yet. StoreError.

    The copy gets its name when it is whole, so that a half-made one is never taken for it.
    """
    source = sqlite_path(url)
    if source is None:
        plain = URL.create("postgresql", url.username, None, url.host, url.port, url.database)
        shown = plain.render_as_string(hide_password=True)
        msg = (
            "PostgreSQL is backed up by its own tool; run: "
            f'pg_dump --format=custom --file="{target}" "{shown}"'
        )
        raise StoreError(msg)
    if target.exists():
        msg = f"{target} exists already; choose another name."
        raise StoreError(msg)
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    with translated(str(target)):
        try:
            # Made by us first: it holds chat ids, so it is for its owner's eyes only.
            os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            _copy(source, part)
            part.rename(target)
            _sync(target.parent)
        finally:
            part.unlink(missing_ok=True)


def _copy(source: Path, part: Path) -> None:
    with closing(sqlite3.connect(source, timeout=10, isolation_level=None)) as connection:
        connection.execute("VACUUM INTO ?", (str(part),))  # one read transaction
    with closing(sqlite3.connect(part)) as connection:
        answer = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if answer != "ok":
        msg = f"The copy of {source} is damaged: {answer}."
        raise StoreCorrupt(msg)
    _sync(part)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
