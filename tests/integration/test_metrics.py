"""/metrics as Prometheus reads it, of a store with something of everything in it."""

import asyncio
import json
import re
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
from prometheus_client.parser import text_string_to_metric_families as prometheus

from bot.database import Database
from bot.metrics import FRESH, Facts, Metrics
from bot.web import HealthPage
from storage import MemoryStore
from tests.contract.making import DAY, HOUR, NOW, add_channel, add_subscriber, old_feed
from tests.contract.taking import page, queue_pages
from watchers.errors import StoreUnreachable
from watchers.model import FetchFailure, PollResult, PollSaved
from watchers.vitals import Vitals

DOCS = Path(__file__).parents[2] / "docs"
PRIVATE = 99_123_456
FACTS = Facts(
    leased=True,
    ready=True,
    listening=True,
    labels={"version": "0.0.0", "engine": "embedded", "role": "run"},
)
FAILED = PollResult(
    1, NOW, NOW, 900, 1.0, "failed", failure=FetchFailure("dns", "feeds.example is not found")
)


class Distributed(MemoryStore):
    """A store with something of everything, and the distributed engine's queue."""

    asked = 0
    away = False
    hold: threading.Event | None = None

    def vitals(self, now: Any) -> Vitals:
        from dataclasses import replace

        self.asked += 1
        if self.hold is not None:
            self.hold.wait(20)
        if self.away:
            raise StoreUnreachable("PostgreSQL cannot be reached.")
        return replace(super().vitals(now), workers=2, jobs={"todo": 3, "doing": 1})


@pytest.fixture
def store() -> Distributed:
    """With feeds, channels, subscribers, pages."""
    made = Distributed()
    old_feed(made, "secret-feed")
    channel, person = add_channel(made, "@digest_of_somebody"), add_subscriber(made, PRIVATE)
    queue_pages(made, channel, page("s1"))
    queue_pages(made, person, page("s1"), slot=NOW + HOUR)
    return made


@pytest.fixture
def database(store: Distributed) -> Iterator[Database]:
    """With something of everything counted."""
    made = Database(store)
    tally = made.tally
    tally.polled(PollResult(1, NOW, NOW, 900, 0.0, "changed"), PollSaved(1, new=3, relevant=1))
    tally.polled(FAILED, PollSaved(1))
    tally.fetched(0.3)
    tally.read("feed", 0.04)
    tally.ticked("poll", 0.01, "done")
    tally.ticked("open pages", 700.0, "failed")
    tally.attempted("channel", "sent", 12.0)
    tally.attempted("private", "retry", None)
    tally.heard()
    yield made
    made.close()


class Clock:
    """Moved by hand."""

    seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    """A steady clock."""
    return Clock()


@pytest.fixture
def metrics(database: Database, clock: Clock) -> Metrics:
    """The page's content, two days later."""
    return Metrics(database, lambda: FACTS, clock=lambda: NOW + 2 * DAY, steady=clock)


async def _families(metrics: Metrics) -> dict[str, Metric]:
    kind, body = await metrics.page("text/plain")
    assert kind.startswith("text/plain")
    return {family.name: family for family in prometheus(body.decode())}


def _value(families: dict[str, Metric], sample: str, **labels: str) -> float:
    (found,) = [
        one.value
        for family in families.values()
        for one in family.samples
        if one.name == sample and one.labels == labels
    ]
    return float(found)


async def test_prometheus_reads_what_was_counted_and_what_is_stored(metrics: Metrics) -> None:
    found = await _families(metrics)
    assert _value(found, "dadkhah_polls_total", outcome="failed") == 1
    assert _value(found, "dadkhah_poll_failures_total", kind="dns") == 1
    assert _value(found, "dadkhah_articles_new_total") == 3
    assert _value(found, "dadkhah_articles_relevant_total") == 1
    assert _value(found, "dadkhah_pages", audience="private", state="queued") == 1
    assert _value(found, "dadkhah_pages_queued_age_seconds", audience="private") == 47 * 3600
    assert _value(found, "dadkhah_page_attempts_total", audience="private", outcome="retry") == 1
    assert _value(found, "dadkhah_feeds_due") == 1
    assert _value(found, "dadkhah_feeds_due_lag_seconds") == pytest.approx(2 * 86400 + 23 * 3600)
    assert _value(found, "dadkhah_database_up") == 1
    assert _value(found, "dadkhah_lease_held") == 1
    assert _value(found, "dadkhah_workers_alive") == 2
    assert _value(found, "dadkhah_jobs", state="todo") == 3
    assert _value(found, "process_open_fds") > 3


async def test_histograms_count_upwards_to_all(metrics: Metrics) -> None:
    found = await _families(metrics)
    of = {"tick": "open pages"}
    assert _value(found, "dadkhah_tick_seconds_bucket", le="600.0", **of) == 0
    assert _value(found, "dadkhah_tick_seconds_bucket", le="+Inf", **of) == 1
    assert _value(found, "dadkhah_tick_seconds_count", **of) == 1
    assert _value(found, "dadkhah_fetch_seconds_bucket", le="0.25") == 0
    assert _value(found, "dadkhah_fetch_seconds_bucket", le="0.5") == 1
    assert _value(found, "dadkhah_fetch_seconds_sum") == 0.3


async def test_the_openmetrics_format_is_valid_too(metrics: Metrics) -> None:
    kind, body = await metrics.page("application/openmetrics-text; version=1.0.0")
    assert kind.startswith("application/openmetrics-text")
    families = open_metrics(body.decode())  # type: ignore[no-untyped-call]
    assert "dadkhah_polls" in {family.name for family in families}


async def test_names_have_a_unit_help_and_our_prefix(metrics: Metrics) -> None:
    for name, family in (await _families(metrics)).items():
        assert re.fullmatch(r"(dadkhah|process)_[a-z_]+", name)
        assert family.documentation, name
        if family.type == "histogram":
            assert name.endswith("_seconds"), name


async def test_no_label_says_anything_of_a_feed_a_chat_or_a_person(
    metrics: Metrics, store: Distributed
) -> None:
    _, body = await metrics.page("")
    for private in (str(PRIVATE), "somebody", "secret", ".example", "http", "@"):
        assert private.encode() not in body, private
    names = {
        name for f in (await _families(metrics)).values() for s in f.samples for name in s.labels
    }
    assert names <= {
        "outcome", "kind", "audience", "state", "tick", "how", "what", "le",
        "version", "engine", "role",
    }  # fmt: skip


async def test_scrapes_share_a_look_at_the_database(
    metrics: Metrics, store: Distributed, clock: Clock
) -> None:
    await asyncio.gather(*(metrics.page("") for _ in range(20)))
    assert store.asked == 1
    clock.seconds += FRESH
    await metrics.page("")
    assert store.asked == 2


async def test_a_database_that_is_away_costs_its_own_numbers_only(
    metrics: Metrics, store: Distributed, clock: Clock
) -> None:
    store.away = True
    found = await _families(metrics)
    assert _value(found, "dadkhah_database_up") == 0
    assert _value(found, "dadkhah_polls_total", outcome="changed") == 1
    assert "dadkhah_feeds" not in found
    store.away = False
    clock.seconds += FRESH
    assert _value(await _families(metrics), "dadkhah_database_up") == 1


async def test_a_database_that_hangs_does_not_hang_the_page(
    metrics: Metrics, store: Distributed, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.metrics.PATIENCE", 0.05)
    store.hold = threading.Event()
    try:
        for _ in range(3):
            assert _value(await _families(metrics), "dadkhah_database_up") == 0
        assert store.asked == 1  # and no thread more for each scrape
    finally:
        store.hold.set()
    monkeypatch.setattr("bot.metrics.PATIENCE", 10.0)
    assert _value(await _families(metrics), "dadkhah_database_up") == 1


# ---------------------------------------------------------------- over HTTP


@pytest.fixture
async def ask(metrics: Metrics) -> Any:
    """A question to a listening page."""
    listening = HealthPage(lambda: {"ok": True}, lambda: {"ok": True}, None, metrics.page)
    listening.listen("127.0.0.1:0")
    (bound,) = listening._server._sockets.values()
    port = bound.getsockname()[1]

    def get(path: str) -> tuple[int, str, bytes]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
                return answer.status, answer.headers["Content-Type"], answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers["Content-Type"], error.read()

    yield lambda path: asyncio.to_thread(get, path)
    await listening.stop()


async def test_the_page_is_served_beside_the_others(ask: Callable[[str], Any]) -> None:
    status, kind, body = await ask("/metrics")
    assert (status, kind.partition(";")[0]) == (200, "text/plain")
    assert list(prometheus(body.decode()))
    status, kind, body = await ask("/healthz")
    assert (status, kind, json.loads(body)) == (200, "application/json", {"ok": True})


async def test_a_bug_in_the_page_is_told_and_costs_that_answer(
    ask: Callable[[str], Any], store: Distributed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "vitals", lambda _: 1 / 0)
    assert (await ask("/metrics"))[0] == 500
    assert (await ask("/healthz"))[0] == 200


# ---------------------------------------------------------------- dashboard and alerts


def _named(text: str) -> set[str]:
    return set(re.findall(r"\b((?:dadkhah|process)_[a-z_]+)\b", text))


def _expressions(path: str) -> str:
    text = (DOCS / path).read_text(encoding="utf-8")
    if path.endswith(".json"):
        board = json.loads(text)
        return "\n".join(t["expr"] for panel in board["panels"] for t in panel.get("targets", ()))
    return "\n".join(re.findall(r"expr: (.*(?:\n {10,}.*)*)", text))  # YAML, and no library for it


async def test_dashboard_and_alerts_name_what_is_there_and_all_of_it(metrics: Metrics) -> None:
    found = await _families(metrics)
    samples = {sample.name for family in found.values() for sample in family.samples}
    shown = _named(_expressions("grafana-dashboard.json"))
    alerts = _named(_expressions("prometheus-alerts.yml"))
    assert shown <= samples
    assert alerts <= samples
    assert len(alerts) >= 5
    families = {name: {s.name for s in f.samples} for name, f in found.items()}
    unseen = {name for name, own in families.items() if name[:8] == "dadkhah_" and not own & shown}
    assert unseen == set()


def test_the_dashboard_can_be_imported() -> None:
    board = json.loads((DOCS / "grafana-dashboard.json").read_text(encoding="utf-8"))
    assert board["id"] is None
    (source,) = [v for v in board["templating"]["list"] if v["type"] == "datasource"]
    assert source["query"] == "prometheus"
    numbers = [panel["id"] for panel in board["panels"]]
    assert len(set(numbers)) == len(numbers)
    for panel in board["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        if panel["type"] != "row":
            assert panel["datasource"]["uid"] == "${datasource}"
            assert all(target["refId"] for target in panel["targets"])
    assert timedelta(seconds=30) <= timedelta(seconds=int(board["refresh"].rstrip("s")))
