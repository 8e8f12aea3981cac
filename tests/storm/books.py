"""What both sides say when all is at rest: the ledger, and Telegram's stand-in."""

from collections.abc import Collection, Mapping
from typing import Any

import psycopg
from sqlalchemy import make_url

from storage import SqlStore, open_store
from tests.campaign import judge as pages
from tests.standin import BotApiStandin
from tests.storm.judge import Stories
from watchers.telling import Channel, DeliveryState
from watchers.urls import canonical

_MOST = 100_000  # pages


def connected(url: str) -> "psycopg.Connection[Any]":
    """A connection to a database of SQLAlchemy's URL that commits each statement."""
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(plain, autocommit=True)


def subjects(url: str, wanted: Collection[str]) -> Mapping[str, str | None]:
    """By relevant canonical address: its story; None where it is not stored so."""
    query = (
        "SELECT a.canonical_url, coalesce(s.merged_into, a.story_id,"
        " 'article:' || coalesce(a.duplicate_of, a.id)) FROM article a"
        " LEFT JOIN story s ON s.id = a.story_id WHERE a.relevant AND a.settled"
    )
    with connected(url) as connection:
        found = dict(connection.execute(query).fetchall())
    return {address: found.get(address) for address in wanted}


def stories(url: str, standin: BotApiStandin, wanted: Collection[str]) -> Stories:
    """What was published, told and seen; `wanted`: the relevant addresses, as published."""
    wanted = {canonical(address) for address in wanted}
    with connected(url) as connection:
        told = connection.execute("SELECT channel_id, subject FROM told").fetchall()
    store = open_store(url, create=False)
    try:
        deliveries = store.deliveries(*DeliveryState, limit=_MOST)
        chats = {int(channel.chat): channel.id for channel in _channels(store)}
    finally:
        store.close()
    return Stories(
        channels=tuple(chats.values()),
        wanted=subjects(url, wanted),
        told={(int(channel), str(subject)) for channel, subject in told},
        placed=[
            (page.channel_id, page.digest_id, placed.subject)
            for page in deliveries
            for placed in page.content.placed
        ],
        links=[
            (chats[message.chat_id], address)
            for message in standin.sent
            if message.chat_id in chats and not message.deleted
            for address in {e["url"] for e in message.entities if e.get("url")} & wanted
        ],
    )


def facts(url: str, standin: BotApiStandin, *, kills: int, given_up: int = 0) -> pages.Facts:
    """For the campaign's judge. A kill leaves one page a channel in doubt at the most."""
    store = open_store(url, create=False)
    try:
        channels, deliveries = _channels(store), store.deliveries(*DeliveryState, limit=_MOST)
    finally:
        store.close()
    chats = {channel.id: frozenset({int(channel.chat)}) for channel in channels}
    own = frozenset().union(*chats.values())
    return pages.Facts(
        channels=channels,
        deliveries=sorted(deliveries, key=lambda page: page.id),
        queued=len(deliveries),
        chats=chats,
        messages=[m for m in standin.sent if not m.deleted and m.chat_id in own],
        sends=[one for one in standin.state.log if one.method.lower() == "sendmessage"],
        timeouts=given_up,
        cut=kills * len(channels),
        unsure=sum(page.state is DeliveryState.UNCERTAIN for page in deliveries),
        arrived=(),
        resent=(),
    )


def _channels(store: SqlStore) -> tuple[Channel, ...]:
    return tuple(channel for channel in store.channels() if not channel.is_console)
