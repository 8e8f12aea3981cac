"""From a page to its feeds, one feed in full, and coverage: by the command line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.app import open_database
from bot.cli import adding
from config.settings import load
from tests.feedserver import FeedServer
from tests.journey.harness import (
    OTHER,
    RELEVANT,
    CommandLine,
    Environment,
    Kept,
    Said,
    environment,
    rss,
)
from watchers.model import FetchFailure, PollResult

RSS = 'rel="alternate" type="application/rss+xml"'
JSON_FEED = json.dumps({
    "version": "https://jsonfeed.org/version/1.1", "title": "In JSON", "language": "en",
    "items": [{"id": "1", "url": "https://a.example/1", "title": "A thing happened",
               "date_published": "2026-01-02T03:04:05Z"}],
})  # fmt: skip


@pytest.fixture(scope="module")
def site() -> Iterator[FeedServer]:
    """Pages and their feeds."""
    with FeedServer() as server:
        page = f'<link {RSS} href="/comments/feed/"><link {RSS} href="/en.xml">'
        server.set("/many", f"{page}<link {RSS} href='/fa.xml'>", content_type="text/html")
        server.set("/single", f"<link {RSS} href='/one.xml'>", content_type="text/html")
        server.set("/section/", "<html>nothing linked</html>", content_type="text/html")
        server.set("/section/feed/", JSON_FEED, content_type="application/feed+json")
        server.set("/en.xml", rss(RELEVANT, "Sample News"))
        fa = rss(RELEVANT[:1], "نمونه").replace("<language>en", "<language>fa")
        server.set("/fa.xml", fa)
        server.set("/one.xml", rss(RELEVANT[1:2], "One"))
        server.set("/comments/feed/", rss(OTHER, "Comments"))
        yield server


@pytest.fixture
def settings(tmp_path: Path) -> Environment:
    """One feed, which nobody can ask for."""
    return environment(tmp_path)


@pytest.fixture
def dadkhah(dadkhah: CommandLine, tmp_path: Path, kept: Kept) -> CommandLine:
    """The command line on a database that is there."""
    kept("one", tmp_path / "data", lambda: dadkhah("admins", "grant", "7"))
    return dadkhah


def rows(said: Said) -> list[dict[str, Any]]:
    assert said.code == 0, said.err
    return [json.loads(line) for line in said.out.splitlines()]


def urls(dadkhah: CommandLine) -> list[str]:
    """What is watched besides the first."""
    return [feed["url"] for feed in rows(dadkhah("feeds", "list", "--json"))][1:]


# ---------------------------------------------------------------- discover, add

FOUND = [
    "url", "title", "language", "entries", "relevant", "newest", "named", "samples",
    "named_samples", "watched",
]  # fmt: skip


def test_feeds_of_a_page_are_listed_and_none_is_added(
    dadkhah: CommandLine, site: FeedServer
) -> None:
    found = rows(dadkhah("feeds", "discover", site.url("/many"), "--json"))
    assert [list(feed) for feed in found] == [FOUND] * 3
    assert [(feed["title"], feed["language"], feed["entries"]) for feed in found] == [
        ("Sample News", "en", 3), ("نمونه", "fa", 1), ("Comments", "en", 1),
    ]  # fmt: skip
    assert all(feed["newest"].endswith("Z") for feed in found)
    shown = dadkhah("feeds", "discover", site.url("/many"))
    assert "نمونه" in shown.out
    assert urls(dadkhah) == []


def test_feed_at_a_usual_place_is_found(dadkhah: CommandLine, site: FeedServer) -> None:
    (feed,) = rows(dadkhah("feeds", "discover", site.url("/section/"), "--json"))
    assert (feed["title"], feed["newest"]) == ("In JSON", "2026-01-02T03:04:05Z")


def test_feed_is_its_own_discovery_and_told_if_it_is_watched(
    dadkhah: CommandLine, site: FeedServer
) -> None:
    assert dadkhah("feeds", "add", site.url("/one.xml")).code == 0
    (feed,) = rows(dadkhah("feeds", "discover", site.url("/one.xml"), "--json"))
    assert (feed["url"], feed["watched"]) == (site.url("/one.xml"), 2)


def test_only_feed_of_a_page_is_added(dadkhah: CommandLine, site: FeedServer) -> None:
    said = dadkhah("feeds", "add", site.url("/single"), "--kind", "un")
    assert (said.code, said.err) == (0, f"{site.url('/single')} is a page with one feed.\n")
    assert f"Feed 2 is watched: One ({site.url('/one.xml')})\n  1 entry, 1 of them" in said.out
    assert rows(dadkhah("feeds", "show", "2", "--json"))[0]["kind"] == "un"


def test_several_feeds_without_a_terminal_are_listed_with_the_commands_to_run(
    dadkhah: CommandLine, site: FeedServer
) -> None:
    said = dadkhah("feeds", "add", site.url("/many"))
    assert (said.code, said.out) == (1, "")
    assert "is a page with 3 feeds. Nothing was added. Choose:" in said.err
    assert "نمونه (fa, 1 entry, the last of 20" in said.err
    assert f"    dadkhah feeds add {site.url('/fa.xml')}\n" in said.err
    assert f"    dadkhah feeds add --all-found {site.url('/many')}\n" in said.err
    assert urls(dadkhah) == []


TAKEN = {"--first": ["/en.xml"], "--all-found": ["/en.xml", "/fa.xml", "/comments/feed/"]}


@pytest.mark.parametrize("option", TAKEN)
def test_choice_can_be_made_beforehand(dadkhah: CommandLine, site: FeedServer, option: str) -> None:
    assert dadkhah("feeds", "add", option, site.url("/many")).code == 0
    assert urls(dadkhah) == [site.url(path) for path in TAKEN[option]]


def test_page_whose_feeds_are_all_watched_is_told(dadkhah: CommandLine, site: FeedServer) -> None:
    assert dadkhah("feeds", "add", "--all-found", site.url("/many")).code == 0
    said = dadkhah("feeds", "add", site.url("/many"))
    assert said.code == 1
    assert "All 3 feeds found there are watched already: feeds 2, 3, 4." in said.err


ANSWERS: dict[str, tuple[list[str], list[str]]] = {
    "none": ([""], []),
    "one": (["2"], ["/fa.xml"]),
    "two": (["3, 1"], ["/comments/feed/", "/en.xml"]),
    "persian-digit": (["۲"], ["/fa.xml"]),
    "all": (["all"], ["/en.xml", "/fa.xml", "/comments/feed/"]),
    "after-a-slip": (["9", "x", "1 1"], ["/en.xml"]),
}


@pytest.mark.parametrize("case", ANSWERS)
def test_at_a_terminal_somebody_is_asked(
    dadkhah: CommandLine, site: FeedServer, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers, paths = ANSWERS[case]
    said_so = iter(answers)
    monkeypatch.setattr(adding, "_asks", lambda _take: True)
    monkeypatch.setattr("typer.prompt", lambda *_, **__: next(said_so))
    said = dadkhah("feeds", "add", site.url("/many"))
    assert said.code == 0
    assert "  2. نمونه (fa, 1 entry" in said.err
    assert urls(dadkhah) == [site.url(path) for path in paths]
    assert list(said_so) == []


def test_without_a_check_nobody_is_asked(dadkhah: CommandLine, site: FeedServer) -> None:
    site.requests.clear()
    assert dadkhah("feeds", "add", "--no-check", site.url("/many")).code == 0
    assert site.requests == []
    assert urls(dadkhah) == [site.url("/many")]


def test_telegram_channel_is_watched_by_its_preview_page(dadkhah: CommandLine) -> None:
    assert dadkhah("feeds", "add", "--no-check", "@some_channel").code == 0
    assert urls(dadkhah) == ["https://t.me/s/some_channel"]
    assert rows(dadkhah("feeds", "show", "@some_channel", "--json"))[0]["id"] == 2


# ---------------------------------------------------------------- show, coverage


def poll(at: datetime, outcome: str, **more: Any) -> PollResult:
    values = {"failures": 0.0, "interval": 900, "status": 200, **more}
    return PollResult(1, at, next_due=at + timedelta(minutes=15), outcome=outcome, **values)


@pytest.fixture
def polls(dadkhah: CommandLine) -> datetime:
    """Feed 1: read with a gap 9 hours ago, unchanged twice, failing for 5 hours."""
    now = datetime.now(UTC).replace(microsecond=0)
    hours = [now - timedelta(hours=n) for n in range(10)]
    failure = FetchFailure("timeout", "no complete answer within 20 s")
    gap = (hours[9] - timedelta(hours=6), hours[9])
    moved = "https://moved.example/feed"
    results = [
        poll(hours[9], "changed", size=60_000, full=True, listed=20, gap=gap),
        poll(hours[8], "unchanged", status=304, moved_to=moved),
        poll(hours[7], "unchanged", status=304),
        poll(hours[5], "failed", failures=1.0, failure=failure, status=None),
        poll(hours[4], "failed", failures=2.0, failure=failure, status=None),
    ]  # fmt: skip
    _save(results)
    assert dadkhah("feeds", "list").code == 0
    return now


def _save(results: Sequence[PollResult]) -> None:
    store = open_database(load(folder=Path("/nonexistent")))
    for result in results:
        store.save_poll(result)
    store.close()


SHOWN = [
    "id", "url", "name", "site", "language", "kind", "paused", "interval", "failures", "added_at",
    "next_due", "last_polled", "last_success", "failing_since", "newest", "last_error",
    "former_addresses", "report", "ledger",
]  # fmt: skip
REPORT = [
    "since", "gaps", "unreachable", "unreachable_seconds", "silent_seconds", "polls", "failed",
    "bytes", "new",
]  # fmt: skip
LEDGER = [
    "since", "until", "polls", "outcome", "status", "size", "listed", "new", "overlap", "kind",
    "gap",
]  # fmt: skip


@pytest.mark.usefixtures("polls")
@pytest.mark.parametrize(
    "ref", ["1", "۱", "https://nowhere.example/feed", "https://moved.example/feed"]
)
def test_feed_is_shown_for_machines(dadkhah: CommandLine, ref: str) -> None:
    (feed,) = rows(dadkhah("feeds", "show", ref, "--json"))
    assert list(feed) == SHOWN
    assert list(feed["report"]) == REPORT
    assert all(list(row) == LEDGER for row in feed["ledger"])
    assert feed["former_addresses"] == ["https://nowhere.example/feed"]
    runs = [(row["outcome"], row["polls"], row["kind"]) for row in feed["ledger"]]
    assert runs == [("changed", 1, None), ("unchanged", 2, None), ("failed", 2, "timeout")]
    assert list(feed["ledger"][0]["gap"]) == ["since", "until"]
    assert (feed["report"]["polls"], feed["report"]["failed"]) == (5, 2)
    assert feed["report"]["unreachable_seconds"] in range(5 * 3600, 5 * 3600 + 120)


@pytest.mark.usefixtures("polls")
def test_feed_is_shown_for_people(dadkhah: CommandLine) -> None:
    said = dadkhah("feeds", "show", "1")
    assert said.code == 0
    text = " ".join(said.out.split())
    for part in (
        "1. nowhere.example",
        "state failing for 5 h: no complete answer within 20 s",
        "was at https://nowhere.example/feed",
        "asked every 15 min, less often while it fails",
        "5 polls, 2 failed, 0 new articles, 60 kB",
        "failed: no answer in time",
    ):
        assert part in text


@pytest.mark.usefixtures("polls")
def test_ledger_is_shown_since_a_time(dadkhah: CommandLine) -> None:
    (feed,) = rows(dadkhah("feeds", "show", "1", "--since", "6h", "--json"))
    assert [row["outcome"] for row in feed["ledger"]] == ["failed"]


@pytest.mark.parametrize("since", ["tomorrow", "2999-01-01"])
@pytest.mark.parametrize("command", [("coverage",), ("feeds", "show", "1")], ids=" ".join)
def test_time_that_is_none_or_lies_ahead_is_wrong_use(
    dadkhah: CommandLine, since: str, command: tuple[str, ...]
) -> None:
    said = dadkhah(*command, "--since", since)
    assert (said.code, said.out) == (2, "")
    assert "--since" in said.err


COVERAGE = ["since", "until", "watched", "paused", "unreachable", "offline", "feeds"]


@pytest.mark.usefixtures("polls")
def test_coverage_tells_gaps_and_unreachable_feeds(dadkhah: CommandLine) -> None:
    (report,) = rows(dadkhah("coverage", "--json"))
    assert list(report) == COVERAGE
    (feed,) = report["feeds"]
    assert (report["watched"], report["unreachable"]) == (1, 1)
    assert (len(feed["gaps"]), feed["silent_seconds"]) == (1, None)
    said = dadkhah("coverage", "--since", "12h")
    assert said.code == 0
    assert "1 feed watched: 1 unreachable at some time, 1 possible gap, 0 silent." in said.out


def test_coverage_of_nothing_missed_is_one_line(dadkhah: CommandLine) -> None:
    said = dadkhah("coverage")
    assert said.code == 0
    (line,) = said.out.splitlines()
    assert "1 feed watched: 0 unreachable at some time, 0 possible gaps, 0 silent." in line


def test_our_own_outage_is_told_and_blames_no_feed(dadkhah: CommandLine) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    failure = FetchFailure("connect", "the server does not accept connections")
    _save([poll(now - timedelta(hours=2), "outage", failure=failure, status=None),
           poll(now - timedelta(hours=1), "outage", failure=failure, status=None)])  # fmt: skip
    (report,) = rows(dadkhah("coverage", "--json"))
    assert (report["unreachable"], report["feeds"]) == (0, [])
    assert [span["seconds"] for span in report["offline"]] == [3600]
    assert "Our own network was out: 20" in " ".join(dadkhah("coverage").out.split())
