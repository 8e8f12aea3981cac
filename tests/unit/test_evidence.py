"""What message ids, and what stands at them, say about a page in doubt."""

from __future__ import annotations

import pytest

from bot.database import Database
from bot.evidence import Evidence, candidates, evidence_of, weigh
from bot.sender import Probe
from storage import MemoryStore
from tests.unit.sending import NOW
from watchers.telling import (
    Channel,
    ChannelSpec,
    Delivery,
    DigestOrder,
    Neighbours,
    Page,
    SendOutcome,
    SendResult,
)

CANDIDATES = [
    pytest.param(Neighbours(41, 42), (), True, id="consecutive"),
    pytest.param(Neighbours(41, 44), (42, 43), True, id="a-gap"),
    pytest.param(Neighbours(41, 44, (42,)), (43,), True, id="one-of-it-is-ours"),
    pytest.param(Neighbours(41, 44, (42, 43)), (), True, id="all-of-it-is-ours"),
    pytest.param(Neighbours(41, 99), (42, 43, 44, 45, 46), False, id="a-wide-gap"),
    pytest.param(Neighbours(41, 47), (42, 43, 44, 45, 46), True, id="just-as-wide-as-may-be"),
    pytest.param(Neighbours(41, None), (42, 43, 44, 45, 46), False, id="nothing-after-it"),
    pytest.param(Neighbours(None, 4), (1, 2, 3), True, id="nothing-before-it"),
    pytest.param(Neighbours(None, 44), (39, 40, 41, 42, 43), False, id="much-before-it"),
    pytest.param(Neighbours(None, None), (), False, id="nothing-known"),
    pytest.param(Neighbours(None, 1), (), True, id="the-first-message-of-all"),
]


@pytest.mark.parametrize(("around", "free", "whole"), CANDIDATES)
def test_where_the_page_may_be(around: Neighbours, free: tuple[int, ...], whole: bool) -> None:
    assert candidates(around) == (free, whole)


def test_a_gap_of_a_billion_ids_costs_nothing() -> None:
    assert len(candidates(Neighbours(1, 10**12, tuple(range(2, 102))))[0]) == 5


GAP = Neighbours(41, 44)
WIDE = Neighbours(41, 99)
NONE: dict[int, Probe] = {42: "missing", 43: "not-ours"}
VERDICTS = [
    pytest.param(Neighbours(41, 42), None, 0, "not-arrived", "41 and 42", id="consecutive"),
    pytest.param(GAP, None, 0, "unclear", "41 and 44", id="gap-and-nobody-asked"),
    pytest.param(GAP, {42: "ours", 43: "missing"}, 0, "arrived", "42", id="gap-with-ours"),
    pytest.param(GAP, NONE, 0, "not-arrived", "42 and 43", id="gap-without-ours"),
    pytest.param(GAP, {42: "missing", 43: "unknown"}, 0, "unclear", "", id="no-answer"),
    pytest.param(GAP, {42: "ours", 43: "missing"}, 1, "unclear", "1 of 2", id="one-of-two-in"),
    pytest.param(GAP, {42: "ours", 43: "ours"}, 1, "arrived", "", id="both-in"),
    pytest.param(GAP, NONE, 1, "not-arrived", "", id="none-in"),
    pytest.param(
        WIDE, dict.fromkeys(range(42, 47), "missing"), 0, "unclear", "probably", id="wide-gap"
    ),
    pytest.param(
        WIDE, {42: "not-ours", 43: "ours"} | dict.fromkeys(range(44, 47), "missing"),
        0, "arrived", "43", id="wide-gap-with-ours",
    ),
    pytest.param(
        Neighbours(41, None), dict.fromkeys(range(42, 47), "missing"), 0, "unclear", "", id="last"
    ),
    pytest.param(
        Neighbours(41, None), dict.fromkeys(range(42, 47), "ours"), 0, "arrived", "", id="last-in"
    ),
    pytest.param(Neighbours(None, None), None, 0, "unclear", "", id="nothing-known"),
    pytest.param(Neighbours(44, 41), {42: "ours"}, 0, "unclear", "turn", id="out-of-turn"),
]  # fmt: skip


@pytest.mark.parametrize(("around", "probed", "rivals", "verdict", "says"), VERDICTS)
def test_verdict(
    around: Neighbours, probed: dict[int, Probe] | None, rivals: int, verdict: str, says: str
) -> None:
    evidence = weigh(around, probed, rivals)
    assert evidence.verdict == verdict
    assert says in evidence.text
    assert evidence.text.endswith(".")
    assert "\n" not in evidence.text


class Probing:
    """A chat with messages of the bot, and others'."""

    def __init__(self, ours: set[int], others: set[int]) -> None:
        self.ours, self.others = ours, others
        self.asked: list[tuple[str, int]] = []

    async def edit(self, chat: str, message_id: int, page: Page) -> SendResult:
        """Never for evidence: it could overwrite something."""
        raise NotImplementedError

    async def delete(self, chat: str, message_id: int) -> SendResult:
        """Never for evidence."""
        raise NotImplementedError

    async def probe(self, chat: str, message_id: int) -> Probe:
        """What is there."""
        self.asked.append((chat, message_id))
        if message_id in self.ours:
            return "ours"
        return "not-ours" if message_id in self.others else "missing"


def channel_of(store: MemoryStore, results: list[int | None], *, private: bool = False) -> Channel:
    """A chat whose pages got these message ids; None: in doubt."""
    spec = ChannelSpec("1001" if private else "@digest", private=private)
    channel = store.add_channel(spec, at=NOW, actor="cli")
    pages = tuple(Page(str(number)) for number in range(len(results)))
    store.queue_digests((DigestOrder(channel.id, NOW, NOW, NOW, (), pages, scheduled=True),))
    for number in results:
        page = store.claim_next(channel.id, NOW)
        assert page is not None
        outcome = SendOutcome.UNCERTAIN if number is None else SendOutcome.SENT
        store.record_send(page.id, SendResult(outcome, "?", message_id=number), at=NOW)
    return channel


async def gathered(store: MemoryStore, probing: Probing | None) -> Evidence:
    """Of the only page that is in doubt, or the first."""
    database = Database(store)
    try:
        doubtful = [page for page in store.deliveries() if page.state == "uncertain"]
        page: Delivery = min(doubtful, key=lambda page: page.id)
        return await evidence_of(database, page, probing)
    finally:
        database._thread.shutdown()


async def test_the_ledger_and_telegram_are_asked() -> None:
    store = MemoryStore()
    channel_of(store, [10, None, 12])
    probing = Probing(ours={10, 11, 12}, others=set())
    assert (await gathered(store, probing)).verdict == "arrived"
    assert probing.asked == [("@digest", 11)]


async def test_telegram_is_not_asked_where_ids_are_consecutive() -> None:
    store = MemoryStore()
    channel_of(store, [10, None, 11])
    probing = Probing(ours={10, 11}, others=set())
    assert (await gathered(store, probing)).verdict == "not-arrived"
    assert probing.asked == []


async def test_two_pages_in_doubt_in_one_gap_are_not_mistaken_for_each_other() -> None:
    store = MemoryStore()
    channel_of(store, [10, None, None, 13])
    evidence = await gathered(store, Probing(ours={10, 12, 13}, others={11}))
    assert evidence.verdict == "unclear"
    assert (await gathered(store, Probing({10, 11, 12, 13}, set()))).verdict == "arrived"


async def test_two_pages_in_doubt_in_different_gaps_are_told_apart() -> None:
    store = MemoryStore()
    channel_of(store, [10, None, 12, None, 14])
    assert (await gathered(store, Probing({10, 11, 12, 14}, set()))).verdict == "arrived"


async def test_without_a_token_the_ledger_alone_speaks() -> None:
    store = MemoryStore()
    channel_of(store, [10, None, 12])
    assert (await gathered(store, None)).verdict == "unclear"


async def test_a_private_chat_is_never_probed_nor_named() -> None:
    store = MemoryStore()
    channel_of(store, [10, None, 12], private=True)
    probing = Probing(ours={10, 11, 12}, others=set())
    evidence = await gathered(store, probing)
    assert (evidence.verdict, probing.asked) == ("unclear", [])
    assert "1001" not in evidence.text


async def test_consecutive_ids_speak_in_a_private_chat_too() -> None:
    store = MemoryStore()
    channel_of(store, [10, None, 11], private=True)
    assert (await gathered(store, None)).verdict == "not-arrived"
