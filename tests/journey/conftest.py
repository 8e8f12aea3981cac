"""Sample feeds, a channel, the command line, and databases that are part of the way along."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.feedserver import FeedServer
from tests.journey.harness import (
    CHAT,
    CommandLine,
    Environment,
    Kept,
    Killer,
    environment,
    logging_as_it_was,
    serve_samples,
)
from tests.standin import BotApiStandin, BotApiThread


@pytest.fixture(scope="session")
def samples() -> Iterator[FeedServer]:
    """One server a worker: databases made once hold its address."""
    with FeedServer() as server:
        serve_samples(server)
        yield server


@pytest.fixture
def channel() -> Iterator[BotApiStandin]:
    """Telegram, with one channel that the bot may post to."""
    with BotApiThread() as standin:
        standin.add_chat(CHAT)
        yield standin


@pytest.fixture
def dadkhah(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[CommandLine]:
    """The command line in this process."""
    with logging_as_it_was():
        yield CommandLine(monkeypatch, capsys)


@pytest.fixture
def settings(
    tmp_path: Path, samples: FeedServer, channel: BotApiStandin, dadkhah: CommandLine
) -> Environment:
    """The environment of this test's program, in force for commands in this process too."""
    values = environment(tmp_path, samples, channel)
    dadkhah.use(values)
    return values


@pytest.fixture(scope="session")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """Databases that were brought to a stage, made as tests ask for them."""
    return Kept(tmp_path_factory.mktemp("stages"))


@pytest.fixture(scope="session")
def killed() -> Iterator[Killer]:
    """Runs a command that is killed at a point."""
    with Killer() as killer:
        yield killer


Reach = Callable[[str], None]


@pytest.fixture
def reach(kept: Kept, settings: Environment, dadkhah: CommandLine) -> Reach:
    """Bring the program to a stage: "new", "polled" or "queued"."""
    commands = {"new": (), "polled": ("poll",), "queued": ("poll", "digest")}

    def go(stage: str) -> None:
        def make() -> None:
            assert dadkhah("feeds", "import", settings["DADKHAH_FEEDS"]).code == 0
            for command in commands[stage]:
                assert dadkhah(command).code == 0

        kept(stage, Path(settings["DADKHAH_DATA_DIR"]), make)

    return go
