"""The command line in this process, on sample feeds and a database of each test's own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.feedserver import FeedServer
from tests.journey.harness import (
    CommandLine,
    Environment,
    Kept,
    environment,
    logging_as_it_was,
    serve_samples,
)


@pytest.fixture(scope="module")
def samples() -> Iterator[FeedServer]:
    """The sample feeds, and a page that is none."""
    with FeedServer() as server:
        serve_samples(server)
        server.set("/page.html", "<html><body>Hello</body></html>", content_type="text/html")
        yield server


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """Databases made once."""
    return Kept(tmp_path_factory.mktemp("kept"))


@pytest.fixture
def settings(tmp_path: Path, samples: FeedServer) -> Environment:
    """Settings that are right, without a token."""
    return environment(tmp_path, samples)


@pytest.fixture
def dadkhah(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    settings: Environment,
    tmp_path: Path,
) -> Iterator[CommandLine]:
    """The command line in this process, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    with logging_as_it_was():
        line = CommandLine(monkeypatch, capsys)
        line.use(settings)
        yield line
