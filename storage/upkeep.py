"""Counts, small values and checks."""

from __future__ import annotations

from sqlalchemy import Connection, and_, func, select

from storage.approving import HELD
from storage.engine import insert_or_replace, is_postgres
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
