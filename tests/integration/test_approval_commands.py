"""A digest that waits for an admin: story by story, two admins at once, posted or dropped once."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import pytest

from bot import jobs
from bot.app import Program
from bot.commands import approvals
from bot.commands.orders import Kept, Order, Reply
from tests.integration.telling import OTHER_ADMIN, audited, news, press, press_data
from tests.integration.telling import bot as connected
from tests.integration.test_feed_commands import ADMIN, STRANGER, Bot
from tests.integration.test_stories import TITLES, url
from tests.journey.harness import CHAT
from watchers.approving import Approval
from watchers.ports import Store
from watchers.telling import (
    Channel,
    DeliveryState,
)

__all__ = ["connected", "news"]
NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
async def bot(connected: Bot) -> Bot:
    """A bot whose channel waits for approval of a digest of both stories."""

    def strict(store: Store) -> Channel:
        channel = store.channel(str(CHAT))
        changes = MappingProxyType({"needs_approval": True})
        return store.change_channel(channel.id, changes, at=NOW, actor="cli")

    channel = await connected.store(strict)
    await jobs.queue(connected.program, channel, slot=NOW, now=datetime.now(UTC), scheduled=True)
    return connected


async def approval(bot: Bot) -> Approval:
    (found,) = await bot.store(lambda s: s.approvals(open_only=False))
    return found


async def pages(bot: Bot) -> list[str]:
    """The texts that are queued."""
    found = await bot.store(lambda s: s.deliveries(DeliveryState.QUEUED))
    return [one.content.text for one in found]


async def label_of(bot: Bot, sign: str, subject: str) -> str:
    """The label of a story's button."""
    return f"{sign} {list((await approval(bot)).chosen).index(subject) + 1}"


async def test_what_waits_is_shown_story_by_story_with_links(bot: Bot) -> None:
    said = await bot.ask("/approvals")
    for part in (f"{CHAT}, digest of ", ": 2 stories. 0 let through, 0 held back, 2 undecided.",
                 "1. ? undecided", "paper", " (media), "):  # fmt: skip
        assert part in said
    message = bot.telegram.sent[-1]
    links = {entity["url"] for entity in message.entities if entity["type"] == "text_link"}
    assert len(links) == 2
    assert links <= {url(number) for number in range(1, 6)}
    assert list(bot.buttons) == [
        "✓ 1", "✗ 1", "Why 1", "✓ 2", "✗ 2", "Why 2",
        "✓ Let all through", "✗ Hold all back", "Drop the digest",
    ]  # fmt: skip
    assert await pages(bot) == []


async def test_what_is_let_through_is_posted_and_what_is_held_back_never(bot: Bot) -> None:
    await bot.ask("/approvals")
    await press(bot, await label_of(bot, "✓", "s-oslo"))
    said = await press(bot, await label_of(bot, "✗", "s-bergen"))
    assert "1 let through, 1 held back, 0 undecided" in said
    said = await press(bot, "Post 1 story")
    assert "Done: 1 story on 1 page, queued." in said
    assert "No digest waits for approval." in said
    (text,) = await pages(bot)
    assert any(title in text for title in TITLES[2:])
    assert TITLES[0] not in text
    assert (await approval(bot)).state == "posted"
    channel = await bot.store(lambda s: s.channel(str(CHAT)))
    assert (await jobs.build(bot.program, channel, datetime.now(UTC))).subjects == ()


async def test_what_is_undecided_stays_for_the_next_digest(bot: Bot) -> None:
    await bot.ask("/approvals")
    await press(bot, await label_of(bot, "✓", "s-oslo"))
    await press(bot, "Post 1 story")
    channel = await bot.store(lambda s: s.channel(str(CHAT)))
    assert (await jobs.build(bot.program, channel, datetime.now(UTC))).subjects == ("s-bergen",)


async def test_two_admins_at_once_keep_both_decisions(bot: Bot) -> None:
    await bot.ask("/approvals")
    mine = bot.buttons[await label_of(bot, "✗", "s-bergen")]
    rest = bot.buttons["✓ Let all through"]
    await press_data(bot, mine, OTHER_ADMIN)
    said = await press_data(bot, rest)  # as the first admin saw it
    assert "1 let through, 1 held back, 0 undecided" in said
    assert (await approval(bot)).chosen == {"s-bergen": False, "s-oslo": True}
    assert {record.actor for record in await audited(bot)} == {str(ADMIN), str(OTHER_ADMIN)}


async def test_it_is_posted_once_whoever_presses(bot: Bot) -> None:
    await bot.ask("/approvals")
    await press(bot, "✓ Let all through")
    post, drop = bot.buttons["Post 2 stories"], bot.buttons["Drop the digest"]
    await press_data(bot, post)
    said = await press_data(bot, post, OTHER_ADMIN)
    assert "This digest was posted already. This press changed nothing." in said
    bot.telegram.callback(ADMIN, drop.replace(":drop", ":sure"), bot.telegram.sent[-1].id)
    assert len(await pages(bot)) == 1
    assert (await approval(bot)).state == "posted"


async def test_a_drop_that_crosses_a_post_is_said(
    bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = jobs.post_approved

    async def and_drop(program: Program, asked: Approval) -> jobs.Built | None:
        built = await queue(program, asked)
        await bot.store(
            lambda s: s.close_approval(asked.id, posted=False, at=NOW, actor=str(OTHER_ADMIN))
        )
        return built

    await bot.ask("/approvals")
    await press(bot, "✓ Let all through")
    monkeypatch.setattr(jobs, "post_approved", and_drop)
    assert "Another admin dropped this digest" in await press(bot, "Post 2 stories")
    assert len(await pages(bot)) == 1


async def test_a_drop_waits_for_a_post_that_is_under_way(
    bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue, kept = jobs.post_approved, Kept[object]()
    await bot.ask("/approvals")
    await press(bot, "✓ Let all through")
    post = bot.buttons["Post 2 stories"]

    def pressed(data: str, user: int) -> asyncio.Task[str | Reply]:
        order = Order((data,), user, kept=kept)
        return asyncio.create_task(approvals.pressed(bot.program, order))

    drops: list[asyncio.Task[str | Reply]] = []

    async def while_dropped(program: Program, asked: Approval) -> jobs.Built | None:
        built = await queue(program, asked)
        drops.append(pressed(post.replace(":post", ":sure"), OTHER_ADMIN))
        await asyncio.wait(drops, timeout=0.3)
        return built

    monkeypatch.setattr(jobs, "post_approved", while_dropped)
    posted = await pressed(post, ADMIN)
    dropped = await drops[0]
    assert isinstance(posted, Reply)
    assert isinstance(dropped, Reply)
    assert "Done: 2 stories on 1 page, queued." in posted.text
    assert "This digest was posted already. This press changed nothing." in dropped.text
    assert (await approval(bot)).state == "posted"


async def test_a_story_that_is_muted_while_it_is_posted_is_left_out(
    bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    build, builds = jobs.build, 0

    async def and_mute(*of: Any, **how: Any) -> jobs.Built:
        nonlocal builds
        built, builds = await build(*of, **how), builds + 1
        await bot.store(lambda s: s.mute_subject("s-oslo", muted=True, at=NOW, actor="7"))
        return built

    await bot.ask("/approvals")
    await press(bot, "✓ Let all through")
    monkeypatch.setattr(jobs, "build", and_mute)
    assert "Done: 1 story on 1 page, queued." in await press(bot, "Post 2 stories")
    (text,) = await pages(bot)
    assert TITLES[0] in text
    assert builds == 2


async def test_a_digest_that_was_queued_for_that_time_is_queued_no_second_time(bot: Bot) -> None:
    await bot.ask("/approvals")
    await press(bot, await label_of(bot, "✓", "s-oslo"))
    await jobs.post_approved(bot.program, await approval(bot))  # and broke off
    await press(bot, await label_of(bot, "✓", "s-bergen"))
    said = await press(bot, "Post 2 stories")
    assert "A digest was queued for that time already; nothing was queued now." in said
    assert len(await pages(bot)) == 1
    channel = await bot.store(lambda s: s.channel(str(CHAT)))
    assert (await jobs.build(bot.program, channel, datetime.now(UTC))).subjects == ("s-bergen",)


async def test_what_broke_off_before_closing_is_closed_by_the_next_press(bot: Bot) -> None:
    await bot.ask("/approvals")
    await press(bot, "✓ Let all through")
    await jobs.post_approved(bot.program, await approval(bot))
    said = await press(bot, "Post 2 stories")
    assert "Nothing of what was let through is left: queued already" in said
    assert len(await pages(bot)) == 1
    assert (await approval(bot)).state == "posted"


async def test_dropping_asks_first_and_tells_nothing_ever(bot: Bot) -> None:
    await bot.ask("/approvals")
    said = await press(bot, "Drop the digest")
    assert "None of its 2 stories is told in that channel then, nor later." in said
    assert (await approval(bot)).state == "open"
    await press(bot, "Back")
    await press(bot, "Drop the digest")
    assert "Dropped" in await press(bot, "Yes, drop it")
    assert (await approval(bot)).state == "dropped"
    assert await pages(bot) == []
    channel = await bot.store(lambda s: s.channel(str(CHAT)))
    assert (await jobs.build(bot.program, channel, datetime.now(UTC))).subjects == ()


async def test_why_says_what_a_story_rests_on(bot: Bot) -> None:
    await bot.ask("/approvals")
    said = await press(bot, await label_of(bot, "Why", "s-oslo"))
    assert "Story s-oslo; /story s-oslo shows all of it." in said
    assert "relevant" in said
    assert set((await approval(bot)).chosen.values()) == {None}


async def test_many_stories_are_shown_in_parts(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(approvals, "_A_PAGE", 1)
    assert "Part 1 of 2." in await bot.ask("/approvals")
    assert "✓ 2" not in bot.buttons
    assert "Part 2 of 2." in await press(bot, "More ▶")
    await press(bot, "✓ 2")
    assert "✗ 2" in bot.buttons  # it stays where it was
    assert "Part 1 of 2." in await press(bot, "◀ Back")


async def test_a_story_that_was_muted_meanwhile_is_marked(bot: Bot) -> None:
    await bot.store(lambda s: s.mute_subject("s-oslo", muted=True, at=NOW, actor="7"))
    assert "It can be told no more" in await bot.ask("/approvals")
    await press(bot, await label_of(bot, "✓", "s-oslo"))
    said = await press(bot, "Post 1 story")
    assert "Nothing of what was let through is left" in said
    assert await pages(bot) == []


async def test_words_and_invented_buttons_change_nothing(bot: Bot) -> None:
    before = await approval(bot)
    assert (await bot.ask("/approvals all")).startswith("Usage: /approvals\n")
    await bot.ask("/approvals")
    for data in (
        "approve:", "approve:1:0:x", "approve:x:0:y:ab", "approve:1:0:y", "approve:1:0:y:ab",
        "approve:99999999999999999999:0:post",
    ):  # fmt: skip
        await bot.ask("/approvals")
        assert "This button is old" in await press_data(bot, data), data
    await bot.ask("/approvals")
    assert "not there any more" in await press_data(bot, "approve:4711:0:post")
    await bot.ask("/approvals")
    assert "for admins" in await press(bot, "✓ 1", STRANGER)
    assert "Nothing is let through yet." in await press_data(bot, f"approve:{before.id}:0:post")
    assert await approval(bot) == before
    assert await audited(bot) == []


async def test_nothing_waits_where_nothing_was_asked(connected: Bot) -> None:
    assert await connected.ask("/approvals") == "No digest waits for approval."
