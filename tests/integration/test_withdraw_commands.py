"""Taking back and correcting what was posted, muting: by chat and at the shell."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

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
from tests.integration.test_stories import url
from tests.journey.harness import CHAT, CommandLine
from watchers.ports import Store
from watchers.telling import ChannelSpec, Delivery, Entity, Page, SendOutcome, SendResult

__all__ = ["bot", "news"]
NOW = datetime.now(UTC).replace(microsecond=0)
READERS = (501, 502)
SENT = SendResult(SendOutcome.SENT, message_id=11)
LOST = SendResult(SendOutcome.UNCERTAIN, "no answer in time")
BOTH = page(("s-bergen", "Bergen hears R"), ("s-oslo", "Oslo opens letters"))
ONE = page(("s-bergen", "Bergen hears R"))


def post(store: Store, *pages: tuple[Page, SendResult | None]) -> list[int]:
    """Pages of one digest in the channel, each with what came of it (None: it waits)."""
    channel = store.channel(str(CHAT))
    told = tuple(part.subject for one, _ in pages for part in one.placed)
    made = order(channel.id, NOW, *(one for one, _ in pages), subjects=tuple(dict.fromkeys(told)))
    store.queue_digests((made,))
    for _, outcome in pages:
        if outcome is not None:
            claimed = store.claim_next(channel.id, NOW)
            assert claimed is not None
            store.record_send(claimed.id, outcome, at=NOW)
    return sorted(one.id for one in store.deliveries(channel_id=channel.id))


def readers(store: Store) -> None:
    """The page of both stories, sent to two subscribers, one of them reads Persian."""
    for user, language in zip(READERS, ("en", "fa"), strict=True):
        spec = ChannelSpec(str(user), language=language, private=True)
        channel = store.add_channel(spec, at=NOW, actor="subscriber")
        store.queue_digests((order(channel.id, NOW, BOTH),))
    for _, one in store.claim_private(NOW, 10):
        store.record_sends([(one.id, SENT)], at=NOW)


async def told(bot: Bot) -> list[Delivery]:
    """All pages, as they stand in the ledger."""
    return sorted(await bot.store(lambda s: s.deliveries()), key=lambda one: one.id)


async def corrections(bot: Bot) -> list[tuple[str, str | None]]:
    """Chat and new text of what is to be changed."""
    found = await bot.store(lambda s: s.due_corrections(datetime.now(UTC), 100))
    return sorted((one.chat, one.content.text if one.content else None) for one in found)


async def untouched(bot: Bot, before: list[Delivery]) -> bool:
    mutes = await bot.store(lambda s: s.mutes())
    return (
        await told(bot) == before and not await corrections(bot) and not await audited(bot)
        and not mutes.subjects and not mutes.feeds
    )  # fmt: skip


# ---------------------------------------------------------------- a story


async def test_what_would_be_changed_is_shown_before_anything_is(bot: Bot) -> None:
    await bot.store(lambda s: post(s, (BOTH, SENT), (ONE, None)))
    await bot.store(readers)
    before = await told(bot)
    said = await bot.ask("/withdraw s-bergen")
    for part in (
        "1 story would be taken back:", "(s-bergen)",
        f"{CHAT}: 1 message; private chats: 2 messages in 2 chats.",
        "1 page that did not go out yet would go without it.",
        "No channel is told it again", "Nothing was changed yet.",
    ):  # fmt: skip
        assert part in said
    assert not any(str(user) in said for user in READERS)
    assert list(bot.buttons) == ["Take it back", "Cancel"]
    assert await untouched(bot, before)
    assert await press(bot, "Cancel") == "Cancelled. Nothing was changed."
    assert await untouched(bot, before)


async def test_a_story_is_taken_back_everywhere_by_any_admin_once(bot: Bot) -> None:
    await bot.store(lambda s: post(s, (BOTH, SENT), (ONE, None)))
    await bot.store(readers)
    await bot.ask("/withdraw s-bergen Our mistake.")
    do = bot.buttons["Take it back"]
    said = await press_data(bot, do, OTHER_ADMIN)
    assert "Done: taken back; 3 messages will be changed within minutes." in said
    changed = await corrections(bot)
    assert [chat for chat, _ in changed] == sorted([str(CHAT), *map(str, READERS)])
    assert all(text and "Bergen" not in text and "Oslo" in text for _, text in changed)
    assert [str(one.state) for one in await told(bot)][1] == "dropped"
    channel = await bot.store(lambda s: s.channel(str(CHAT)))
    (withdrawal,) = await bot.store(lambda s: s.withdrawals(channel.id))
    assert (withdrawal.what, withdrawal.note) == ("removed", "Our mistake.")
    assert (await bot.store(lambda s: s.mutes())).subjects == {"s-bergen"}
    (record,) = await audited(bot)
    assert (record.action, record.actor) == ("story.withdraw", str(OTHER_ADMIN))
    assert not any(str(user) in f"{record}" for user in READERS)
    assert "done already. This press changed nothing." in await press_data(bot, do)
    assert len(await audited(bot)) == 1


async def test_pages_of_a_story_before_a_merge_are_found(bot: Bot) -> None:
    await bot.store(lambda s: post(s, (BOTH, SENT)))
    await bot.store(lambda s: s.merge_stories("s-bergen", "s-oslo", at=NOW, actor="cli"))
    said = await bot.ask(f"/withdraw {url(4)}")
    assert "(s-bergen)" in said
    await press(bot, "Take it back")
    assert await corrections(bot) == [(str(CHAT), None)]  # the message told nothing else


async def test_an_article_without_a_story_is_taken_back_by_its_address(bot: Bot) -> None:
    number = await bot.store(lambda s: s.story("s-oslo").articles[0].article.id)
    first = await bot.store(lambda s: s.story("s-oslo").articles[0].article.url)
    told_as = page((f"article:{number}", "Named in other news"), ("s-bergen", "Bergen hears"))
    await bot.store(lambda s: post(s, (told_as, SENT)))
    await bot.ask(f"/withdraw {first}")  # it got a story since
    await press(bot, "Take it back")
    ((_, text),) = await corrections(bot)
    assert text is not None
    assert ("Named" in text, "Bergen" in text) == (False, True)


async def test_what_cannot_be_changed_is_said(bot: Bot) -> None:
    (number,) = await bot.store(lambda s: post(s, (ONE, LOST)))
    said = await bot.ask("/withdraw s-bergen")
    assert "It stands in no message." in said
    assert f"cannot be changed for certain: {CHAT} (delivery {number})." in said


async def test_messages_of_an_earlier_version_are_named(bot: Bot) -> None:
    link = Entity("text_link", 0, 6, url(1))
    old = Page("Bergen\n\nfoot", (link,))

    def tell(store: Store) -> None:
        channel = store.channel(str(CHAT))
        store.queue_digests((order(channel.id, NOW, old, subjects=("s-bergen",)),))
        claimed = store.claim_next(channel.id, NOW)
        assert claimed is not None
        store.record_send(claimed.id, SENT, at=NOW)

    await bot.store(tell)
    said = await bot.ask("/withdraw s-bergen")
    assert f"to be deleted by hand: {CHAT} (message 11)." in said
    await press(bot, "Take it back")
    channel = await bot.store(lambda s: s.channel(str(CHAT)))
    assert len(await bot.store(lambda s: s.withdrawals(channel.id))) == 1


async def test_a_story_that_was_never_posted_is_not_taken_back(bot: Bot) -> None:
    said = await bot.ask("/withdraw s-oslo")
    assert "Nothing that was posted tells it" in said
    assert "/mute s-oslo keeps it from being told." in said
    assert await untouched(bot, [])


# ---------------------------------------------------------------- corrected


async def test_a_correction_leaves_the_headline_with_the_note_below(bot: Bot) -> None:
    await bot.store(lambda s: post(s, (BOTH, SENT)))
    said = await bot.ask("/withdraw correct s-bergen The hearing was on Monday.")
    assert "1 story would be corrected:" in said
    assert list(bot.buttons) == ["Correct it", "Cancel"]
    await press(bot, "Correct it")
    ((_, text),) = await corrections(bot)
    assert text is not None
    lines = text.split("\n")
    place = lines.index("Bergen hears R")
    assert lines[place + 1] == "corrected: \u2068The hearing was on Monday.\u2069"
    assert "Oslo opens letters" in lines
    channel = await bot.store(lambda s: s.channel(str(CHAT)))
    (withdrawal,) = await bot.store(lambda s: s.withdrawals(channel.id))
    assert withdrawal.what == "corrected"
    assert (await bot.store(lambda s: s.mutes())).subjects == frozenset()


# ---------------------------------------------------------------- a person


async def test_all_posted_stories_that_name_a_person_are_taken_back(bot: Bot) -> None:
    await bot.store(lambda s: post(s, (BOTH, SENT), (page(("s-other", "R again")), SENT)))
    said = await bot.ask("/withdraw person raisi")
    assert "2 stories would be taken back:" in said
    assert f"{CHAT}: 2 messages." in said
    await press(bot, "Take it back")
    texts = [text for _, text in await corrections(bot)]
    assert all(text is None or "hears R" not in text for text in texts)
    assert (await bot.store(lambda s: s.mutes())).subjects == {"s-bergen", "s-other"}


WRONG = {
    "nothing": ("", "Usage: /withdraw STORY [NOTE]"),
    "correct-nothing": ("correct", "Usage: /withdraw STORY [NOTE]"),
    "correct-without-a-note": ("correct s-bergen", "A correction needs a note."),
    "person-nobody": ("person", "Whom? Give a watchlist id."),
    "person-unknown": ("person nobody-at-all", "Nobody on the watchlist has the id"),
    "story-unknown": ("s-nowhere", "No story has the id 's-nowhere'"),
    "note-too-long": (f"s-bergen {'x' * 301}", "The note has 301 characters"),
    "huge": ("x" * 3_000, "Give a story's id"),
}


@pytest.mark.parametrize("case", WRONG.values(), ids=WRONG)
async def test_wrong_orders_say_why_and_change_nothing(bot: Bot, case: tuple[str, str]) -> None:
    words, expected = case
    await bot.store(lambda s: post(s, (BOTH, SENT)))
    before = await told(bot)
    assert expected in await bot.ask(f"/withdraw {words}")
    assert not bot.buttons
    assert await untouched(bot, before)


@pytest.mark.parametrize("data", ["withdraw:", "withdraw:x:do", "withdraw:x:y:z"])
async def test_old_buttons_take_nothing_back(bot: Bot, data: str) -> None:
    await bot.store(lambda s: post(s, (BOTH, SENT)))
    before = await told(bot)
    await bot.ask("/withdraw s-bergen")
    assert "for admins" in await press(bot, "Take it back", STRANGER)
    assert "This button is old" in await press_data(bot, data)
    assert await untouched(bot, before)


# ---------------------------------------------------------------- muting


async def test_a_story_is_muted_listed_and_told_again(bot: Bot) -> None:
    said = await bot.ask(f"/mute {url(1)}")
    assert said.startswith("Muted: “")
    assert "No digest and no alert tells it from now on" in said
    assert (await bot.store(lambda s: s.mutes())).subjects == {"s-bergen"}
    assert "It is muted already" in await bot.ask("/mute s-bergen")
    said = await bot.ask("/mutes")
    assert "1 story muted:" in said
    assert "(s-bergen)" in said
    assert "It may be told again" in await bot.ask("/unmute s-bergen")
    assert "It was not muted" in await bot.ask("/unmute s-bergen")
    assert (await bot.ask("/mutes")).startswith("Nothing is muted.")
    assert [r.actor for r in await audited(bot)] == [str(ADMIN)] * 2


async def test_a_feed_is_muted_by_its_number(bot: Bot) -> None:
    assert "What this feed alone brings is told nowhere" in await bot.ask("/mute feed ۱")
    assert (await bot.store(lambda s: s.mutes())).feeds == {1}
    assert "1 feed muted:\n1. nowhere.example" in await bot.ask("/mutes")
    assert "may be told again" in await bot.ask("/unmute feed 1")
    assert (await bot.store(lambda s: s.mutes())).feeds == frozenset()


NOT_MUTED = {
    "nothing": ("/mute", "Usage: /mute STORY, or /mute feed NUMBER"),
    "feed-without-number": ("/mute feed", "Usage: /mute STORY, or /mute feed NUMBER"),
    "two-words": ("/unmute s-oslo s-bergen", "Usage: /unmute STORY"),
    "unknown-story": ("/mute s-nowhere", "No story has the id"),
    "unknown-feed": ("/mute feed 99", "/feeds shows the feeds"),
    "feed-no-number": ("/mute feed x", "/feeds shows the feeds"),
    "list-with-words": ("/mutes all", "Usage: /mutes"),
}


@pytest.mark.parametrize("case", NOT_MUTED.values(), ids=NOT_MUTED)
async def test_wrong_words_mute_nothing(bot: Bot, case: tuple[str, str]) -> None:
    assert case[1] in await bot.ask(case[0])
    assert await untouched(bot, [])


# ---------------------------------------------------------------- at the shell


@pytest.fixture
def shell(dadkhah: CommandLine, news: None) -> CommandLine:
    """The command line on the two stories, of which one page was posted."""
    from bot.app import open_database
    from config.settings import load

    store = open_database(load())
    post(store, (BOTH, SENT))
    readers(store)
    store.close()
    return dadkhah


def test_the_shell_shows_and_with_yes_takes_back(shell: CommandLine) -> None:
    said = shell("withdraw", "s-bergen")
    assert said.code == 0
    assert f"{CHAT}: 1 message; private chats: 2 messages in 2 chats." in said.out
    assert "Nothing was changed yet" in said.err
    assert "story.withdraw" not in shell("audit", "--json").out
    said = shell("withdraw", "--person", "raisi", "--note", "Wrong name.", "--yes")
    assert said.code == 0, said.err
    assert "3 messages will be changed" in said.out
    assert '"story.withdraw"' in shell("audit", "--json").out
    assert shell("withdraw", "s-bergen").code == 1


def test_the_shell_settles_all_private_pages_at_once(shell: CommandLine) -> None:
    said = shell("deliveries", "settle", "--all-private", "drop")
    assert (said.code, said.out) == (0, "0 pages to subscribers decided on: drop.\n")
    listed = shell("deliveries", "list", "--state", "sent", "--json").out
    assert '"channel": "subscriber"' in listed
    assert not any(f'"{user}"' in listed for user in READERS)
