"""Backup, destroy, restore, carry on: nothing lost, nothing posted twice. On both databases."""

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import psycopg
import pytest

from tests.feedserver import FeedServer
from tests.journey.harness import (
    NAMED,
    RELEVANT,
    CommandLine,
    Environment,
    News,
    environment,
    links,
    rss,
)
from tests.standin import BotApiStandin

FIRST, SECOND, THIRD = (RELEVANT[0], NAMED[0]), (RELEVANT[1], NAMED[1]), (RELEVANT[2], NAMED[2])


@pytest.fixture
def feeds() -> Iterator[FeedServer]:
    """Two feeds that list more and more."""
    with FeedServer() as server:
        server.set("/two.xml", rss(()))
        yield server


@pytest.fixture(params=["sqlite", "postgres"])
def values(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    feeds: FeedServer,
    channel: BotApiStandin,
    dadkhah: CommandLine,
) -> Environment:
    """The settings, with one database or the other."""
    made = environment(tmp_path, feeds, channel)
    if request.param == "postgres":
        url = request.getfixturevalue("fresh_postgres")
        made["DADKHAH_DATABASE_URL"] = url.replace("+psycopg", "")
    dadkhah.use(made)
    return made


def do(dadkhah: CommandLine, *commands: str) -> str:
    """Commands that must succeed; what the last one printed."""
    said = ""
    for command in commands:
        done = dadkhah(*command.split())
        assert done.code == 0, (command, done.out, done.err)
        said = done.out
    return said


def destroy(values: Environment) -> None:
    """Nothing is left of the database."""
    url = values.get("DADKHAH_DATABASE_URL")
    if url is None:
        shutil.rmtree(values["DADKHAH_DATA_DIR"])
        return
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")


def listed(articles: Sequence[News], minutes: int = 60) -> str:
    """A feed of them, published so many minutes ago."""
    now = datetime.now(UTC)
    hour, date = (format_datetime(now - timedelta(minutes=m)) for m in (60, minutes))
    return rss(articles).replace(hour, date)


def once(*groups: Sequence[News]) -> dict[str, int]:
    """What readers must have seen of these."""
    return {news.url: 1 for group in groups for news in group}


@pytest.fixture
def tell(dadkhah: CommandLine, feeds: FeedServer, values: Environment) -> Callable[..., None]:
    """Let the feed list these, and tell them."""

    def go(*groups: Sequence[News], deliver: bool = True) -> None:
        feeds.set("/one.xml", listed([news for group in groups for news in group]))
        do(dadkhah, "poll --all", "digest", *(["deliver"] if deliver else []))

    return go


def test_nothing_was_posted_since_the_backup(
    values: Environment,
    dadkhah: CommandLine,
    feeds: FeedServer,
    channel: BotApiStandin,
    tell: Callable[..., None],
    tmp_path: Path,
) -> None:
    backup = tmp_path / "backup.db"
    tell(FIRST)
    tell(FIRST, SECOND, deliver=False)  # these wait
    do(dadkhah, f"db backup {backup}")
    destroy(values)
    do(dadkhah, f"db restore {backup}", "poll --all", "deliver")
    assert links(channel) == once(FIRST)
    assert "Posting is held" in dadkhah("digest").err
    do(dadkhah, "db resume --nothing-posted", "deliver")
    assert links(channel) == once(FIRST, SECOND)
    tell(FIRST, SECOND, THIRD)
    assert links(channel) == once(FIRST, SECOND, THIRD)


def test_more_was_posted_than_the_backup_knows(
    values: Environment,
    dadkhah: CommandLine,
    feeds: FeedServer,
    channel: BotApiStandin,
    tell: Callable[..., None],
    tmp_path: Path,
) -> None:
    backup = tmp_path / "backup.db"
    tell(FIRST, deliver=False)
    do(dadkhah, f"db backup {backup}", "deliver")
    tell(FIRST, SECOND)
    assert links(channel) == once(FIRST, SECOND)
    destroy(values)

    do(dadkhah, f"db restore {backup}", "deliver")
    refused = dadkhah("db", "resume", "--told-until", "30min")
    assert "Run `dadkhah poll --all`" in refused.err
    feeds.set("/one.xml", listed((*FIRST, *SECOND)))
    feeds.set("/two.xml", listed(THIRD, minutes=5))  # since it was destroyed: told by nobody yet
    do(dadkhah, "poll --all", "db resume --told-until 30min", "digest", "deliver")
    assert links(channel) == once(FIRST, SECOND, THIRD)
    doubtful = [json.loads(line) for line in do(dadkhah, "deliveries list --json").splitlines()]
    assert {row["state"] for row in doubtful} == {"uncertain"}
    for row in doubtful:
        do(dadkhah, f"deliveries settle {row['id']} arrived")
    do(dadkhah, "poll --all", "digest", "deliver")
    assert links(channel) == once(FIRST, SECOND, THIRD)
    assert "sound" in do(dadkhah, "db check")
