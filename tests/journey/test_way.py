"""One item's way without an accident, by the command line, on both databases."""

import json

import pytest

from tests.feedserver import FeedServer
from tests.journey.harness import (
    CHAT,
    OTHER,
    RELEVANT,
    TOLD,
    CommandLine,
    Environment,
    child,
    links,
)
from tests.standin import BotApiStandin
from tests.standin.judge import telegram_accepts


@pytest.fixture(params=["sqlite", "postgres"])
def database(
    request: pytest.FixtureRequest, settings: Environment, dadkhah: CommandLine
) -> Environment:
    """The settings, with one database or the other."""
    if request.param == "postgres":
        url = request.getfixturevalue("fresh_postgres").replace("+psycopg", "", 1)
        settings["DADKHAH_DATABASE_URL"] = url
        dadkhah.use(settings)
    return settings


def _summary(dadkhah: CommandLine, *arguments: str) -> dict[str, object]:
    said = dadkhah(*arguments, "--json")
    assert said.code == 0, said.err
    found: dict[str, object] = json.loads(said.out.splitlines()[0])
    return found


def test_an_item_goes_from_the_feed_to_the_channel_and_the_export(
    database: Environment, dadkhah: CommandLine, samples: FeedServer, channel: BotApiStandin
) -> None:
    samples.requests.clear()

    first = _summary(dadkhah, "poll")
    assert (first["feeds"], first["changed"], first["failed"]) == (2, 2, 0)
    assert first["new"] == len(TOLD) + len(OTHER)
    assert first["relevant"] == len(RELEVANT)
    assert first["settled"] == first["new"]

    second = _summary(dadkhah, "poll", "--all")
    assert (second["unchanged"], second["new"], second["settled"]) == (2, 0, 0)
    for path in ("/one.xml", "/two.xml"):
        once, again = samples.asked(path)
        assert "If-None-Match" not in once.headers
        assert again.headers["If-None-Match"] == f'"{path[1:4]}"'

    assert _summary(dadkhah, "digest")["stories"] == len(RELEVANT)
    outcomes = _summary(dadkhah, "deliver")["outcomes"]
    assert outcomes == {"sent": 2}
    assert links(channel) == dict.fromkeys(TOLD, 1)
    for message in channel.sent:
        assert telegram_accepts(message.text, message.entities) is None

    exported = [json.loads(line) for line in dadkhah("export").out.splitlines()]
    assert {row["url"] for row in exported} == TOLD | {news.url for news in OTHER}
    assert {row["url"] for row in exported if row["relevant"]} == {n.url for n in RELEVANT}


def test_what_was_told_is_not_told_again(
    database: Environment, dadkhah: CommandLine, channel: BotApiStandin
) -> None:
    for _ in range(2):
        for command in (("poll", "--all"), ("digest",), ("deliver",)):
            assert dadkhah(*command).code == 0
    assert links(channel) == dict.fromkeys(TOLD, 1)


def test_the_real_program_reads_its_feeds_in_processes_of_their_own(settings: Environment) -> None:
    done = child(settings, "poll", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["relevant"] == len(RELEVANT)
    assert settings["DADKHAH_TELEGRAM_TOKEN"] not in done.stdout + done.stderr


def test_a_digest_of_the_dry_run_is_printed_and_consumes_nothing(
    settings: Environment, dadkhah: CommandLine, channel: BotApiStandin
) -> None:
    dadkhah("poll")
    printed = dadkhah("digest", "--dry-run")
    assert RELEVANT[0].title[:60] in printed.out
    assert str(CHAT) in printed.err
    assert _summary(dadkhah, "digest")["stories"] == len(RELEVANT)
