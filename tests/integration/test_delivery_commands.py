"""Uncertain and failed pages by chat: looked at, decided on, once; those to subscribers at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.sender import senders
from tests.integration.telling import (
    OTHER_ADMIN,
    audited,
    bot,
    news,
    order,
    page,
    press,
    press_data,
)
from tests.integration.test_feed_commands import ADMIN, STRANGER, Bot
from tests.journey.harness import CHAT
from watchers.ports import Store
from watchers.telling import ChannelSpec, DeliveryState, Page, SendOutcome, SendResult

__all__ = ["bot", "news"]
NOW = datetime.now(UTC).replace(microsecond=0)
LOST = SendResult(SendOutcome.UNCERTAIN, "no answer in time")
REFUSED = SendResult(SendOutcome.FAILED, "Bad Request: message is too long")
READERS = (88_005_553_501, 88_005_553_502, 88_005_553_503)


def sent(store: Store, *outcomes: SendResult, title: str = "Story") -> list[int]:
    """Pages of one digest in the channel, each with what came of it; their numbers."""
    channel = store.channel(str(CHAT))
    pages = [page((f"s{n}", f"{title} {n}")) for n in range(1, len(outcomes) + 1)]
    store.queue_digests((order(channel.id, NOW, *pages),))
    numbers = []
    for outcome in outcomes:
        claimed = store.claim_next(channel.id, NOW)
        assert claimed is not None
        store.record_send(claimed.id, outcome, at=NOW)
        numbers.append(claimed.id)
    return numbers


def readers(store: Store, outcome: SendResult = LOST) -> None:
    """A page to each of three subscribers, with what came of it."""
    for user in READERS:
        spec = ChannelSpec(str(user), private=True)
        channel = store.add_channel(spec, at=NOW, actor="subscriber")
        store.queue_digests((order(channel.id, NOW, page(("s1", "Private story"))),))
    claimed = store.claim_private(NOW, 10)
    store.record_sends([(one.id, outcome) for _, one in claimed], at=NOW)


async def states(bot: Bot, numbers: list[int]) -> list[str]:
    return [str((await bot.store(lambda s, n=n: s.delivery(n))).state) for n in numbers]  # type: ignore[misc]


async def test_no_forged_button_shows_or_settles_a_page_to_a_subscriber(bot: Bot) -> None:
    await bot.store(readers)
    await bot.ask("/deliveries")
    open_ = await bot.store(lambda s: s.deliveries(DeliveryState.UNCERTAIN, private=True))
    for what in ("again", "sure", "drop", "arrived"):
        said = await press_data(bot, f"delivery:{open_[0].id}:{open_[0].attempts}:{what}")
        assert "That page is not in the ledger any more" in said
        assert "Private story" not in said
        await bot.ask("/deliveries")
    assert await states(bot, [one.id for one in open_]) == ["uncertain"] * 3


async def test_what_waits_is_shown_with_what_is_known(bot: Bot) -> None:
    numbers = await bot.store(lambda s: sent(s, LOST, REFUSED))
    said = await bot.ask("/deliveries")
    for part in (
        "1 of 2 that wait:", f"{CHAT}, page 1/2: is uncertain", "Reports\n30 July",
        "It begins with: “Story 1”", f"Sent {NOW:%Y-%m-%d %H:%M:%S} UTC",
        "No receipt came: no answer in time.", "Evidence: ",
    ):  # fmt: skip
        assert part in said
    assert list(bot.buttons) == ["It arrived", "Send again", "Drop", "Newer ▶"]
    said = await press(bot, "Newer ▶")
    assert "2 of 2" in said
    assert "Telegram refused it: Bad Request: message is too long." in said
    assert "Evidence" not in said
    assert await states(bot, numbers) == ["uncertain", "failed"]


async def test_telegram_is_asked_what_stands_between_the_pages_around_it(bot: Bot) -> None:
    async with senders(bot.program.settings) as sender_for:
        channel = await bot.store(lambda s: s.channel(str(CHAT)))
        sender = sender_for(channel)
        assert sender is not None
        first, lost, last = [await sender.send(channel, Page(f"page {n}")) for n in range(3)]
    await bot.store(lambda s: sent(s, first, replace(LOST, message_id=None), last))
    said = await bot.ask("/deliveries")
    assert f"Evidence: Message {lost.message_id} answers as one of the bot's own" in said
    assert bot.telegram.texts(CHAT) == ["page 0", "page 1", "page 2"]


@pytest.mark.parametrize(("label", "state"), [("It arrived", "sent"), ("Drop", "dropped")])
async def test_a_decision_asks_nothing_more_and_shows_the_next(
    bot: Bot, label: str, state: str
) -> None:
    numbers = await bot.store(lambda s: sent(s, LOST, LOST))
    await bot.ask("/deliveries")
    said = await press(bot, label)
    assert "Done: page 1/2" in said
    assert "page 2/2: is uncertain" in said
    assert await states(bot, numbers) == [state, "uncertain"]
    said = await press(bot, label)
    assert said.endswith("No page waits for a decision.")
    assert [(r.action, r.actor) for r in await audited(bot)] == [
        ("delivery.settle", str(ADMIN))
    ] * 2


async def test_sending_again_is_confirmed_first(bot: Bot) -> None:
    numbers = await bot.store(lambda s: sent(s, LOST))
    await bot.ask("/deliveries")
    said = await press(bot, "Send again")
    assert "If it arrived after all, readers see it twice." in said
    assert await states(bot, numbers) == ["uncertain"]
    await press(bot, "Back")
    await press(bot, "Send again")
    said = await press(bot, "Yes, send it again")
    assert "Done: page 1/1 waits to be sent." in said
    assert await states(bot, numbers) == ["queued"]


async def test_a_refused_page_is_sent_again_without_a_question(bot: Bot) -> None:
    numbers = await bot.store(lambda s: sent(s, REFUSED))
    await bot.ask("/deliveries")
    await press(bot, "Send again")
    assert await states(bot, numbers) == ["queued"]


async def test_the_second_admin_is_told_that_it_was_decided(bot: Bot) -> None:
    numbers = await bot.store(lambda s: sent(s, LOST))
    await bot.ask("/deliveries")
    drop = bot.buttons["Drop"]
    await press(bot, "It arrived")
    said = await press_data(bot, drop, OTHER_ADMIN)
    assert "Page 1/1 was decided on already: it counts as arrived." in said
    assert await states(bot, numbers) == ["sent"]


async def test_a_button_of_an_earlier_attempt_decides_nothing(bot: Bot) -> None:
    (number,) = await bot.store(lambda s: sent(s, LOST))
    await bot.ask("/deliveries")
    arrived = bot.buttons["It arrived"]

    def again(store: Store) -> None:
        store.settle_delivery(number, "resend", at=NOW, actor="8")
        claimed = store.claim_next(store.delivery(number).channel_id, NOW + timedelta(hours=1))
        assert claimed is not None
        store.record_send(number, LOST, at=NOW + timedelta(hours=1))

    await bot.store(again)
    said = await press_data(bot, arrived)
    assert "since you looked" in said
    assert await states(bot, [number]) == ["uncertain"]


async def test_pages_to_subscribers_are_decided_on_together(bot: Bot) -> None:
    await bot.store(readers)
    said = await bot.ask("/deliveries")
    assert "Pages to subscribers that wait for a decision: 3 uncertain." in said
    assert not any(str(user) in said for user in READERS)
    assert "Private story" not in said
    assert list(bot.buttons) == ["They arrived", "Send again", "Drop"]
    said = await press(bot, "Send again")
    assert "Those that arrived after all are read twice." in said
    await press(bot, "Back")
    drop = bot.buttons["Drop"]
    said = await press(bot, "They arrived")
    assert "Done: 3 pages to subscribers: they count as arrived." in said
    open_ = await bot.store(lambda s: s.deliveries(DeliveryState.UNCERTAIN, private=True))
    assert open_ == ()
    assert "decided on already" in await press_data(bot, drop, OTHER_ADMIN)
    (record,) = await audited(bot)
    assert not any(str(user) in f"{record}" for user in READERS)


async def test_a_press_counts_for_the_pages_that_were_shown(bot: Bot) -> None:
    await bot.store(readers)
    await bot.ask("/deliveries")
    said = await press_data(bot, "delivery:readers:2:drop")
    assert "It is another number of pages now. This press changed nothing." in said
    assert len(await bot.store(lambda s: s.deliveries(DeliveryState.UNCERTAIN, private=True))) == 3


async def test_a_channels_pages_lead_to_those_of_subscribers(bot: Bot) -> None:
    await bot.store(lambda s: sent(s, LOST))
    await bot.store(readers)
    await bot.ask("/deliveries")
    assert "Subscribers: 3" in bot.buttons
    said = await press(bot, "Subscribers: 3")
    assert "Pages to subscribers that wait" in said
    assert "page 1/1" in await press(bot, "Back")


async def test_pages_of_a_state_are_listed(bot: Bot) -> None:
    await bot.store(lambda s: sent(s, SendResult(SendOutcome.SENT, message_id=77)))
    await bot.store(lambda s: readers(s, SendResult(SendOutcome.SENT, message_id=5)))
    said = await bot.ask("/deliveries sent")
    assert f"{CHAT}, page 1/1" in said
    assert "message 77: Story 1" in said
    assert "Private" not in said
    assert await bot.ask("/deliveries dropped") == "No page of a channel is dropped."
    assert await bot.ask("/deliveries") == "No page waits for a decision."


@pytest.mark.parametrize("words", ["lost", "sent failed", "1"], ids=["no-state", "two", "number"])
async def test_wrong_words_change_nothing(bot: Bot, words: str) -> None:
    numbers = await bot.store(lambda s: sent(s, LOST))
    assert (await bot.ask(f"/deliveries {words}")).startswith("Usage: /deliveries [STATE]\n")
    assert await states(bot, numbers) == ["uncertain"]
    assert await audited(bot) == []


@pytest.mark.parametrize(
    "data",
    ["delivery:", "delivery:1:1:lost", "delivery:x:1:drop", "delivery:١:1:drop",
     "delivery:1:1:drop:1", "delivery:99999999999999999999:1:drop"],
    ids=["empty", "no-decision", "no-number", "other-digits", "too-long", "huge"],
)  # fmt: skip
async def test_invented_buttons_decide_nothing(bot: Bot, data: str) -> None:
    numbers = await bot.store(lambda s: sent(s, LOST))
    await bot.ask("/deliveries")
    assert "This button is old" in await press_data(bot, data)
    assert await states(bot, numbers) == ["uncertain"]


async def test_a_page_that_is_gone_is_told_kindly(bot: Bot) -> None:
    await bot.store(lambda s: sent(s, LOST))
    await bot.ask("/deliveries")
    assert "not in the ledger any more" in await press_data(bot, "delivery:4711:1:drop")


async def test_strangers_learn_and_decide_nothing(bot: Bot) -> None:
    numbers = await bot.store(lambda s: sent(s, LOST))
    assert "for admins" in await bot.ask("/deliveries", STRANGER)
    await bot.ask("/deliveries")
    assert "for admins" in await press(bot, "Drop", STRANGER)
    assert await states(bot, numbers) == ["uncertain"]
