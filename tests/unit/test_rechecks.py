"""Whether an article's page is still there: when it is asked for, and what answers say."""

from datetime import UTC, datetime, timedelta

import pytest

from bot import rechecks as module
from bot.database import Database
from bot.rechecks import MOST, Rechecks
from storage import MemoryStore
from tests.contract.making import NOW, item, old_feed, poll
from watchers.articles import PageCheck
from watchers.model import Fetched, FetchFailure, FetchRequest
from watchers.ports import Store
from watchers.rechecks import AGAIN, FIRST, SECOND, Outcome, outcome

CHECK = PageCheck(1, "https://news.example/one", datetime(2026, 7, 1, tzinfo=UTC))
EARLY, LATE = CHECK.first_seen + FIRST, CHECK.first_seen + SECOND
THERE = Fetched(CHECK.url, 200, {}, b"<p>Here.")


def _failed(status: int | None, kind: str = "status") -> FetchFailure:
    return FetchFailure(kind, "No.", status)


@pytest.mark.parametrize("status", [404, 410])
def test_it_is_gone_if_two_answers_say_so(status: int) -> None:
    first = outcome(CHECK, _failed(status), EARLY, was_struck=False)
    assert first == Outcome(EARLY + AGAIN, struck=True)
    second = outcome(CHECK, _failed(status), EARLY + AGAIN, was_struck=True)
    assert second == Outcome(LATE, status)


@pytest.mark.parametrize(
    "answer",
    [None, _failed(403), _failed(500), _failed(None, "timeout"), _failed(200, "not-a-feed")],
    ids=["not asked", "403", "500", "no answer", "empty"],
)
@pytest.mark.parametrize("was_struck", [True, False])
def test_anything_else_says_nothing(answer: FetchFailure | None, *, was_struck: bool) -> None:
    assert outcome(CHECK, answer, EARLY, was_struck=was_struck) == Outcome(LATE)


@pytest.mark.parametrize("answer", [THERE, _failed(200, "too-large")], ids=["a page", "a long one"])
def test_a_page_that_is_there_says_so(answer: Fetched | FetchFailure) -> None:
    assert outcome(CHECK, answer, EARLY, was_struck=True) == Outcome(LATE, 200)


def test_after_a_week_it_is_not_asked_for_again() -> None:
    assert outcome(CHECK, THERE, LATE, was_struck=False).again is None
    assert outcome(CHECK, _failed(404), LATE, was_struck=False).again == LATE + AGAIN


# ---------------------------------------------------------------- the service's looks


class Web:
    """Answers with a status for each address; 200 unless said otherwise."""

    def __init__(self, **statuses: int) -> None:
        self.statuses = statuses
        self.asked: list[str] = []

    async def fetch(self, request: FetchRequest) -> Fetched | FetchFailure:
        assert request.size is not None
        self.asked.append(request.url)
        status = self.statuses.get(request.url.rsplit("/", 1)[1], 200)
        if status == 200:
            return Fetched(request.url, 200, {}, b"<p>Here.")
        return FetchFailure("status", "No.", status)


class Wishes:
    """A robots.txt that keeps us from some pages."""

    def __init__(self, *refused: str) -> None:
        self.refused = refused

    async def allowed(self, url: str) -> bool:
        return not url.endswith(self.refused) if self.refused else True


class Looking:
    """Rechecks over a store in memory, with a clock put by hand."""

    def __init__(self, web: Web, *names: str, wishes: Wishes | None = None) -> None:
        self.store: Store = MemoryStore()
        feed = old_feed(self.store)
        self.store.save_poll(poll(feed, *(item(name, relevant=True) for name in names)))
        self.now = NOW
        self.rechecks = Rechecks(
            Database(self.store), web, robots=wishes or Wishes(), clock=lambda: self.now
        )

    async def look(self, after: timedelta) -> int:
        self.now = NOW + after
        return await self.rechecks.look()

    def gone(self) -> set[str]:
        """The names of the articles that are noted as gone."""
        told = (one for one in self.store.export() if one.updates)
        return {one.canonical_url.rsplit("/", 1)[1] for one in told}


async def test_a_page_that_is_gone_twice_is_noted() -> None:
    looking = Looking(Web(two=410), "one", "two")
    assert await looking.look(FIRST - timedelta(seconds=1)) == 0
    assert await looking.look(FIRST) == 2
    assert looking.gone() == set()
    assert await looking.look(FIRST + AGAIN) == 1
    assert looking.gone() == {"two"}
    assert await looking.look(FIRST + 2 * AGAIN) == 0
    assert await looking.look(SECOND) == 2


async def test_one_bad_minute_is_not_noted() -> None:
    web = Web(one=404)
    looking = Looking(web, "one")
    await looking.look(FIRST)
    web.statuses.clear()
    await looking.look(FIRST + AGAIN)
    web.statuses["one"] = 404
    await looking.look(SECOND)
    assert looking.gone() == set()


async def test_a_few_pages_are_asked_for_at_a_time() -> None:
    web = Web()
    looking = Looking(web, *(f"n{number}" for number in range(MOST + 2)))
    assert await looking.look(FIRST) == MOST
    assert await looking.look(FIRST) == 2
    assert len(set(web.asked)) == MOST + 2


async def test_a_page_that_robots_txt_refuses_is_not_asked_for() -> None:
    web = Web(one=404)
    looking = Looking(web, "one", wishes=Wishes("/one"))
    assert await looking.look(FIRST) == 1
    assert await looking.look(SECOND) == 1
    assert (web.asked, await looking.look(99 * SECOND)) == ([], 0)


async def test_what_was_gone_once_is_remembered_in_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_KEPT", 1)
    looking = Looking(Web(one=404, two=404), "one", "two")
    for hours in range(3):
        await looking.look(FIRST + hours * AGAIN)
    assert looking.gone() == set()  # the first answer of each was forgotten for the other's
