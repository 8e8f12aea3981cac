"""A small campaign, and proof that what judges it would notice."""

import dataclasses
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.campaign.__main__ import play_campaign
from tests.campaign.counts import Outcome, table
from tests.campaign.databases import PostgresFolder, SqliteFolder
from tests.campaign.judge import Facts, Span, problems
from tests.campaign.plan import CHAT, SCALE, pages_of, plan_of
from tests.campaign.work import play_seed
from tests.conftest import PostgresServer
from tests.standin.state import Exchange, SentMessage
from watchers.telling import Channel, Delivery, DeliveryState

# Chosen for what is in them: kills at each place, two processes, migration, private chats, halts.
SEEDS = (3, 6, 8, 13, 16, 25, 35, 36)
ON_POSTGRES = (10, 15)
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> SqliteFolder:
    return SqliteFolder(tmp_path_factory.mktemp("campaign"))


@pytest.fixture(scope="module")
def server(
    postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> PostgresFolder:
    return PostgresFolder(postgres_server.url(), tmp_path_factory.mktemp("campaign"), "campaign")


def _keeps_its_promises(outcome: Outcome) -> None:
    assert outcome.problems == []
    counts = outcome.counts
    assert counts["once"] == counts["pages"] > 0
    assert (counts["duplicates"], counts["lost"]) == (0, 0)
    assert counts["uncertain"] <= counts["ambiguous"] + counts["timeouts"] + counts["cut"]


@pytest.mark.parametrize("seed", SEEDS)
def test_no_page_is_told_twice_or_lost(files: SqliteFolder, seed: int) -> None:
    _keeps_its_promises(play_seed(seed, files))


@pytest.mark.parametrize("seed", ON_POSTGRES)
def test_nor_on_postgresql(server: PostgresFolder, seed: int) -> None:
    outcome = play_seed(seed, server)
    assert outcome.counts["postgres"]
    _keeps_its_promises(outcome)


def test_the_small_campaign_has_all_kinds_of_trouble_in_it() -> None:
    plans = [plan_of(seed) for seed in (*SEEDS, *ON_POSTGRES)]
    kills = [kill for plan in plans for kill in plan.kills]
    assert {kill.where for kill in kills} == {"asked", "recorded", "answered", "store", "time"}
    assert {kill.place for kill in kills} == {"", "before", "commit", "after"}
    assert {plan.processes for plan in plans} == {1, 2}
    assert any(plan.private for plan in plans)
    assert any(plan.stops for plan in plans)
    assert any(any(plan.moves) for plan in plans)
    assert any(plan.later for plan in plans)


def test_a_plan_is_the_same_for_the_same_seed() -> None:
    assert plan_of(5) == plan_of(5)
    assert len({str(dataclasses.replace(plan_of(seed), seed=0)) for seed in range(50)}) == 50


# ---------------------------------------------------------------- the judge has teeth

CHANNEL = Channel(1, str(CHAT), "UTC", (), "en", NOW)
PAGES = pages_of(1, 0, 0, 3)


def _page(number: int, state: str, message_id: int | None = None) -> Delivery:
    content = PAGES[number - 1]
    sent = DeliveryState(state)
    return Delivery(number, 1, 1, number, 3, content, sent, message_id=message_id)


def _message(number: int, message_id: int) -> SentMessage:
    return SentMessage(CHAT, message_id, PAGES[number - 1].text, [], NOW)


def _send(
    number: int, began: float, fault: str | None = None, status: int | None = 200, took: float = 0.1
) -> Exchange:
    params = {"chat_id": str(CHAT), "text": PAGES[number - 1].text}
    return Exchange("sendMessage", params, NOW, began, fault, None, status, None, began + took)


def _facts() -> Facts:
    """A sound run: two pages are there, one that nobody knows of is uncertain."""
    return Facts(
        channels=[CHANNEL],
        deliveries=[_page(1, "sent", 1), _page(2, "uncertain"), _page(3, "sent", 2)],
        queued=3,
        chats={1: frozenset({CHAT})},
        messages=[_message(1, 1), _message(3, 2)],
        sends=[_send(1, 1.0), _send(2, 2.0, "drop_before", None), _send(3, 3.0)],
        timeouts=0,
        cut=0,
        unsure=1,
        arrived=(),
        resent=(),
    )


def test_a_sound_run_has_no_problems() -> None:
    assert problems(_facts()) == []


_REFUSED = dataclasses.replace(_send(1, 1.0, "retry_after", 429, took=0.001), retry_after=3)
WRONG = [
    pytest.param(
        "twice", {"messages": [_message(1, 1), _message(1, 3), _message(3, 2)]}, id="twice"
    ),
    pytest.param("lost: 4 pages", {"queued": 4}, id="not in the ledger"),
    pytest.param("was sent, and is not there", {"messages": [_message(3, 2)]}, id="vanished"),
    pytest.param("has the receipt 1", {"messages": [_message(1, 9), _message(3, 2)]}, id="receipt"),
    pytest.param(
        "failed, and is there",
        {"deliveries": [_page(1, "failed"), _page(2, "uncertain"), _page(3, "sent", 2)]},
        id="failed and there",
    ),
    pytest.param(
        "still to be sent, and is there",
        {"deliveries": [_page(1, "queued"), _page(2, "uncertain"), _page(3, "sent", 2)]},
        id="queued and there",
    ),
    pytest.param(
        "nothing holds it up",
        {"deliveries": [_page(1, "sent", 1), _page(2, "queued"), _page(3, "sent", 2)]},
        id="queued for no reason",
    ),
    pytest.param(
        "at rest",
        {"deliveries": [_page(1, "sent", 1), _page(2, "sending"), _page(3, "sent", 2)]},
        id="left in sending",
    ),
    pytest.param("uncertain: 2 pages", {"unsure": 2}, id="more uncertain than faults"),
    pytest.param("order", {"messages": [_message(3, 2), _message(1, 1)]}, id="order"),
    pytest.param(
        "impatient: 2.", {"sends": [_REFUSED, _send(1, 1.0 + 2.5 / SCALE)]}, id="too soon"
    ),
    pytest.param("crowding", {"sends": [_send(1, 1.0, took=0.2), _send(3, 1.1)]}, id="two at once"),
    pytest.param(
        "halted: 2 sends",
        {"sends": [_send(1, 1.0), _send(3, 2.0)], "halts": [Span(0.5, 2.5)]},
        id="while halted",
    ),
]


@pytest.mark.parametrize(("said", "changes"), WRONG)
def test_what_is_wrong_is_seen(said: str, changes: dict[str, object]) -> None:
    found = problems(dataclasses.replace(_facts(), **changes))  # type: ignore[arg-type]
    assert any(said in problem for problem in found), found


def test_a_kill_before_the_receipt_of_a_429_excuses_the_next_page() -> None:
    sends = [_REFUSED, _send(3, 1.0 + 2.5 / SCALE)]
    facts = dataclasses.replace(_facts(), sends=sends, cut=1, kills=[Span(1.0, 1.02)])
    assert problems(facts) == []


def test_a_broken_promise_is_told_with_its_seed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def bad(*_: object) -> Iterator[Outcome]:
        yield Outcome(41)
        yield Outcome(42, problems=["twice: a page"])

    monkeypatch.setattr("tests.campaign.__main__.outcomes_of", bad)
    assert play_campaign(["--runs", "2", "--seed", "41"]) == 1
    assert "make campaign RUNS=1 SEED=42" in capsys.readouterr().out


def test_counts_add_up(tmp_path: Path) -> None:
    made = []
    for seed in (1, 2):
        outcome = Outcome(seed)
        outcome.counts.update(runs=1, pages=600)
        outcome.faults.update(slow=3)
        made.append(outcome)
    lines = dict(
        line.rsplit(maxsplit=1) for line in table(made).splitlines() if line[-1:].isdigit()
    )
    assert (lines["runs"], lines["pages"], lines["faults"], lines["  slow"]) == (
        "2", "1,200", "6", "6",
    )  # fmt: skip
