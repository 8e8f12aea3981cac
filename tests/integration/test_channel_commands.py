"""Channels and people by chat: a bot in this process, a stand-in of Telegram."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from bot.app import open_database
from config.settings import load
from tests.integration.test_feed_commands import Bot
from tests.integration.test_feed_commands import _running as running
from tests.journey.harness import Kept, environment, inline, logging_as_it_was
from tests.standin import BotApiStandin
from tests.standin.rules import MAX_CALLBACK_BYTES
from watchers.ports import Store
from watchers.scope import EVERY_DAY, AlertRules
from watchers.telling import AuditRecord, Channel, ChannelSpec, DigestOrder, Page

OWNER, OTHER_OWNER, EDITOR, STRANGER = 7, 6, 8, 9
NOW = datetime.now(UTC).replace(microsecond=0)
CHANNEL = "@reports"
_TLS = cache(ssl.create_default_context)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: Kept) -> None:
    """Two owners, an editor, one channel."""
    ours = {"DADKHAH_ADMINS": f"{OWNER},{OTHER_OWNER}", "DADKHAH_CHANNEL": CHANNEL}
    for name, value in (environment(tmp_path) | ours).items():
        monkeypatch.setenv(name, value)

    def make() -> None:
        store = open_database(load(folder=Path("/nonexistent")))
        store.grant(EDITOR, "editor", at=NOW - timedelta(days=1), actor="cli")
        store.close()

    kept("channels", tmp_path / "data", make)


@pytest.fixture
async def bot(settings: None, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bot]:
    """A bot that is connected."""
    inline(monkeypatch)
    monkeypatch.setattr(ssl, "create_default_context", _TLS)  # no TLS here; each takes 50 ms
    with logging_as_it_was():
        async with BotApiStandin() as telegram:
            monkeypatch.setenv("DADKHAH_TELEGRAM_API_URL", telegram.api_url)
            monkeypatch.setenv("DADKHAH_TELEGRAM_TOKEN", telegram.token)
            async with running(telegram) as found:
                yield found


async def tap(bot: Bot, label: str, user: int = OWNER) -> str:
    """Press a button of the latest message; what popped up, or what the message says then."""
    message = next(m for m in reversed(bot.telegram.sent) if m.reply_markup)
    rows = (message.reply_markup or {})["inline_keyboard"]
    data = next(b["callback_data"] for row in rows for b in row if b["text"].startswith(label))
    return await press(bot, data, user, message)


async def press(bot: Bot, data: str, user: int = OWNER, message: Any = None) -> str:
    """Press a button with these data."""
    message = message or bot.telegram.sent[-1]
    answered, edits = len(bot.telegram.answers), message.edits
    bot.telegram.callback(user, data, message.id, chat_id=message.chat_id)
    await bot.telegram.until(lambda: len(bot.telegram.answers) > answered)
    if popped := str(bot.telegram.answers[answered].get("text", "")):
        return popped
    await bot.telegram.until(lambda: message.edits > edits)
    return str(message.text)


async def channel(bot: Bot, chat: str = CHANNEL) -> Channel:
    """As it is stored."""
    return await bot.store(lambda s: s.channel(chat))


async def state(bot: Bot) -> Any:
    """All that these commands may change."""
    return await bot.store(
        lambda s: (s.channels(), s.admins(), s.feeds(), s.posting_stopped(), s.audit(1_000))
    )


async def test_a_long_page_of_the_audit_log_is_whole_by_button_too(bot: Bot) -> None:
    def change(store: Store) -> None:
        channel = store.channel(CHANNEL)
        for number in range(20):
            times = {"schedule": tuple(f"{hour:02}:{number:02}" for hour in range(24))}
            store.change_channel(channel.id, times, at=NOW, actor="cli")

    await bot.store(change)
    await bot.ask("/audit 2")
    await bot.telegram.until(lambda: "‹ 1" in bot.buttons)
    before = len(bot.telegram.sent)
    bot.telegram.callback(OWNER, bot.buttons["‹ 1"], bot.telegram.sent[-1].id, chat_id=OWNER)
    await bot.telegram.until(lambda: "2 ›" in bot.buttons)
    said = [message.text for message in bot.telegram.sent[before:]]
    assert len(said) > 1
    assert "\n".join(said).count("changed the channel") == 15


async def last_audit(bot: Bot) -> AuditRecord:
    """The latest record."""
    return (await bot.store(lambda s: s.audit(1)))[0]


def queue(store: Store, chat: str, *texts: str) -> None:
    """A digest of these pages waits."""
    found = store.channel(chat)
    pages = tuple(Page(text) for text in texts)
    store.queue_digests([DigestOrder(found.id, NOW, NOW, NOW, (), pages, scheduled=False)])


# ---------------------------------------------------------------- /schedule


async def test_schedule_is_changed_in_plain_words_and_back(bot: Bot) -> None:
    before = await channel(bot)
    said = await bot.ask("/schedule weekdays at 9 and 18:30 Tehran")
    found = await channel(bot)
    assert (found.schedule, found.weekdays) == (("09:00", "18:30"), (1, 2, 3, 4, 5))
    assert found.timezone == "Asia/Tehran"
    now, was = "Monday to Friday at 09:00 and 18:30, Asia/Tehran", "every day at 08:00 and 18:00"
    assert said.startswith(f"{CHANNEL} is told from now on {now}.\nNext digests there: ")
    assert said.splitlines()[1].count(":") == 4  # three times of day
    assert f"Before: {was}, UTC." in said
    assert (await last_audit(bot)).detail == (
        "timezone UTC -> Asia/Tehran; schedule 08:00, 18:00 -> 09:00, 18:30; "
        "weekdays every day -> Mon, Tue, Wed, Thu, Fri"
    )
    await bot.ask(said.partition("To undo: ")[2])
    assert await channel(bot) == before


async def test_what_a_schedule_does_not_say_stays(bot: Bot) -> None:
    await bot.ask("/schedule @reports ۷:۳۰")
    await bot.ask("/schedule #1 Monday")
    found = await channel(bot)
    assert (found.schedule, found.weekdays, found.timezone) == (("07:30",), (1,), "UTC")
    assert "was so already" in await bot.ask("/schedule monday at 07:30")
    shown = await bot.ask("/schedule")
    assert shown.startswith(f"{CHANNEL} is told Monday at 07:30, UTC.\nNext digests there: Mon ")


async def test_with_several_channels_it_must_be_said_which(bot: Bot) -> None:
    await bot.store(lambda s: s.add_channel(ChannelSpec("@other"), at=NOW, actor="cli"))
    before = await state(bot)
    said = await bot.ask("/schedule 9")
    assert said.startswith("Usage: /schedule [CHANNEL] WORDS")
    assert "Say which channel: @reports, @other." in said
    assert await state(bot) == before
    await bot.ask("/schedule @other 9")
    assert (await channel(bot, "@other")).schedule == ("09:00",)


# ---------------------------------------------------------------- /alerts


async def test_alerts_are_set_in_words_and_back(bot: Bot) -> None:
    said = await bot.ask("/alerts first report strong; officials Ebrahim Raisi; quiet 23:00-07:00")
    found = await channel(bot)
    raisi = found.alerts.officials
    assert found.alerts == AlertRules(5.0, officials=raisi, quiet=("23:00", "07:00"))
    assert "the first report of a story at strength 5 or more (strong)" in said
    assert "a headline that names Ebrahim Raisi" in said
    assert "none from 23:00 to 07:00, at most 3 a day" in said
    assert "alerts.score 0 -> 5" in (await last_audit(bot)).detail
    said = await bot.ask("/alerts 4 outlets in 6 hours")
    assert (await channel(bot)).alerts.outlets == 4
    assert (await channel(bot)).alerts.officials == raisi
    await bot.ask(said.partition("To undo: ")[2])
    assert await channel(bot) == found
    assert "a headline that names" in await bot.ask("/alerts")
    assert (await bot.ask("/alerts off")).startswith(f"{CHANNEL}\nAlerts: off.")


# ---------------------------------------------------------------- /channels, /channel


async def test_channels_are_listed_and_opened_by_a_button(bot: Bot) -> None:
    said = await bot.ask("/channels", EDITOR)
    assert "#1 @reports (en): active\n   every day at 08:00 and 18:00, UTC; next digest" in said
    opened = await tap(bot, "#1 @reports", EDITOR)
    for line in (
        "#1 @reports: active",
        "Language: English (en)",
        "Told: the massacre and its accountability and officials in other news (second section)",
        "Own topics: none",
        "Articles in: all languages",
        "Outlets: all kinds",
        "When nothing is new: silent",
        "Approval by an admin: not asked for",
        "Alerts: off.",
    ):
        assert line in opened.splitlines()
    assert not any(label.startswith("Remove") for label in bot.buttons)  # an editor's
    assert "1 channel. Press one" in await tap(bot, "‹ All channels", EDITOR)


SWITCHES = {
    "section": ("Second section", "Told: the massacre and its accountability",
                "scope.named yes -> no"),
    "nothing-new": ("“Nothing new” note", "When nothing is new: says so",
                    "tells_nothing_new no -> yes"),
    "approval": ("Approval", "Approval by an admin: asked for", "needs_approval no -> yes"),
    "pause": ("Pause", "#1 @reports: paused: by an admin", "paused no -> yes"),
}  # fmt: skip


@pytest.mark.parametrize("case", SWITCHES)
async def test_a_switch_is_turned_and_turned_back(bot: Bot, case: str) -> None:
    label, line, audited = SWITCHES[case]
    before = await channel(bot)
    shown = await bot.ask("/channel")
    assert line not in shown.splitlines()
    assert line in (await tap(bot, label)).splitlines()
    assert await last_audit(bot) == AuditRecord(
        (await last_audit(bot)).at, str(OWNER), "channel.change", CHANNEL, audited
    )
    assert await tap(bot, "Resume" if case == "pause" else label) == shown
    assert await channel(bot) == before


async def test_choices_are_ticked_one_by_one(bot: Bot) -> None:
    await bot.ask("/channel @reports")
    await tap(bot, "Outlets")
    await tap(bot, "state")
    await tap(bot, "UN")
    assert (await channel(bot)).scope.kinds == ("un", "state")
    assert "✓ UN" in bot.buttons
    await tap(bot, "✓ state")
    assert (await channel(bot)).scope.kinds == ("un",)
    assert "Outlets: all kinds" in await tap(bot, "All kinds")
    await tap(bot, "‹ Back")
    await tap(bot, "Articles in")
    await tap(bot, "Persian (fa)")
    assert (await channel(bot)).scope.languages == ("fa",)
    await tap(bot, "‹ Back")
    await tap(bot, "Language")
    assert "✓ French (fr)" not in bot.buttons
    await tap(bot, "French (fr)")
    assert (await channel(bot)).language == "fr"
    await tap(bot, "‹ Back")
    assert "no topic of your own yet" in await tap(bot, "Own topics")
    await tap(bot, "‹ Back")
    await tap(bot, "Alerts")
    assert "at strength 5 or more (strong)" in await tap(bot, "First report, strong")
    assert "3 independent outlets tell within 24 hours" in await tap(bot, "3 outlets")
    assert "Alerts: off." in await tap(bot, "All off")


async def test_own_topics_are_told_besides(bot: Bot) -> None:
    await bot.ask("/watch topic the-trial The Trial = trial AND Stockholm")
    await bot.telegram.until(lambda: "Do it" in bot.buttons)
    data, message = bot.buttons["Do it"], bot.telegram.sent[-1]
    bot.telegram.callback(OWNER, data, message.id, chat_id=OWNER)
    await bot.telegram.until(lambda: "It counts from now on" in bot.telegram.texts(OWNER)[-1])
    await bot.ask("/channel")
    await tap(bot, "Own topics")
    assert "tick them" in await tap(bot, "The Trial")
    assert (await channel(bot)).scope.topics == ("the-trial",)
    assert "Own topics: The Trial" in await tap(bot, "‹ Back")


async def test_every_button_fits_and_pressing_twice_does_no_harm(bot: Bot) -> None:
    await bot.ask("/channel")
    assert all(len(data.encode()) <= MAX_CALLBACK_BYTES for data in bot.buttons.values())
    data = bot.buttons["Approval: turn on"]
    await press(bot, data)
    message = bot.telegram.sent[-1]
    bot.telegram.callback(OWNER, data, message.id, chat_id=OWNER)  # as another admin might
    answered = len(bot.telegram.answers)
    await bot.telegram.until(lambda: len(bot.telegram.answers) > answered)
    assert (await channel(bot)).needs_approval


FOREIGN = (
    "ch", "ch:", "ch:x", "ch:1:banana", "ch:1:language:de", "ch:1:kinds:blog", "ch:1:kinds:un:2",
    "ch:1:paused:yes", "ch:1:alerts:first:loud", "ch:1:topics:000:1", "ch:page:99", "ch:99",
    "ch:1:languages:Persian:1", "ch:" + "9" * 40, "chx:ask:99", "chx:gone:yes", "post:gone:yes",
    "revoke:gone:yes", "rmfeed:gone:yes", "audit:0", "audit:x", "post::", "chx:ask:",
)  # fmt: skip


async def test_foreign_and_stale_presses_change_nothing(bot: Bot) -> None:
    await bot.ask("/channel")
    before = await state(bot)
    for data in FOREIGN:
        assert await press(bot, data), data
    assert await state(bot) == before


async def test_a_subscriber_is_no_channel_to_admins(bot: Bot) -> None:
    """Nor by number: what is told in private is nobody else's to see or to change."""
    spec = ChannelSpec("424242", private=True)
    private = await bot.store(lambda s: s.add_channel(spec, at=NOW, actor="system"))
    for order in ("/channels", "/channel 424242", f"/channel #{private.id}", "/audit",
                  f"/schedule #{private.id} 9", "/status"):  # fmt: skip
        assert "424242" not in (await bot.ask(order)).replace("No channel is called '424242'", "")
    before = await state(bot)
    assert "No channel" in await press(bot, f"ch:{private.id}:paused:1")
    assert "No channel" in await press(bot, f"chx:ask:{private.id}")
    assert await state(bot) == before
    assert await bot.store(lambda s: s.subscriber(424242)) == private


# ---------------------------------------------------------------- adding and removing


async def test_channel_is_added_when_the_bot_may_post_there(bot: Bot) -> None:
    bot.telegram.add_chat(-1007, username="second")
    said = await bot.ask("/addchannel @second weekdays at 8 Tehran Persian")
    assert said.startswith("@second is told from now on.\n#2 @second: active")
    found = await channel(bot, "@second")
    assert (found.schedule, found.weekdays) == (("08:00",), (1, 2, 3, 4, 5))
    assert (found.timezone, found.language) == ("Asia/Tehran", "fa")
    assert "could not be checked" not in said


async def test_channel_without_rights_is_not_added(bot: Bot) -> None:
    bot.telegram.add_chat(-1007, username="second").can_post = False
    before = await state(bot)
    for chat in ("@second", "@nowhere", "-100999"):
        said = await bot.ask(f"/addchannel {chat}")
        assert said.startswith("Usage: /addchannel ")
        assert f"The bot may not post in {chat}" in said
    assert await state(bot) == before


async def test_channel_is_added_while_telegram_does_not_say(bot: Bot) -> None:
    bot.telegram.add_chat(-1007, username="second")
    bot.telegram.fault("getChatMember", "server_error")
    said = await bot.ask("/addchannel @second")
    assert "Whether the bot may post there could not be checked" in said
    found = await channel(bot, "@second")
    assert (found.schedule, found.weekdays) == (("08:00", "18:00"), EVERY_DAY)


async def test_removing_a_channel_says_what_is_lost_and_asks(bot: Bot) -> None:
    await bot.store(lambda s: queue(s, CHANNEL, "one", "two"))
    await bot.ask("/channel")
    asked = await tap(bot, "Remove")
    assert "2 pages that wait and would never be sent" in asked
    assert "the record of what it was told" in asked
    assert "for owners" in await tap(bot, "Remove @reports", EDITOR)
    assert "Nothing was changed" in await tap(bot, "Cancel")
    assert (await channel(bot)).chat == CHANNEL
    await bot.ask("/channel")
    await tap(bot, "Remove")
    message = bot.telegram.sent[-1]
    data = next(data for label, data in bot.buttons.items() if label.startswith("Remove"))
    assert "@reports is told no more" in await press(bot, data, message=message)
    assert await bot.store(lambda s: (s.channels(), s.deliveries())) == ((), ())
    assert (await last_audit(bot)).action == "channel.remove"
    assert "This button is old" in await press(bot, data, message=message)


async def test_a_channel_that_was_removed_meanwhile_is_not_removed_again(bot: Bot) -> None:
    await bot.ask("/channel")
    asking = bot.buttons["Remove…"]
    await press(bot, asking)
    first = next(data for label, data in bot.buttons.items() if label.startswith("Remove"))
    await press(bot, asking)
    await tap(bot, "Remove @reports")
    message = bot.telegram.sent[-1]
    assert "gone already" in await press(bot, first, message=message)


CONFIRMED = {"resume": "/resumeposting", "revoke": "/revoke 8", "feed": "/removefeed 1"}


@pytest.mark.parametrize("first", ["yes", "no"])
@pytest.mark.parametrize("asked", CONFIRMED.values(), ids=CONFIRMED)
async def test_a_question_that_was_answered_is_answered_no_more(
    bot: Bot, asked: str, first: str
) -> None:
    await bot.ask("/stopposting")
    await bot.ask(asked)
    yes, no = bot.buttons.values()
    message = bot.telegram.sent[-1]
    await press(bot, yes if first == "yes" else no, message=message)
    before = await state(bot)
    for data in (yes, no):  # as another client still shows them
        assert "This button is old" in await press(bot, data, message=message)
    assert await state(bot) == before


# ---------------------------------------------------------------- posting


async def test_posting_is_stopped_at_once_and_resumed_after_a_look(bot: Bot) -> None:
    await bot.store(lambda s: queue(s, CHANNEL, "one", "two"))
    said = await bot.ask("/stopposting", EDITOR)
    assert said.startswith("Posting is stopped everywhere. 2 pages wait")
    assert await bot.store(lambda s: s.posting_stopped())
    assert (await last_audit(bot)).action == "posting.stop"
    assert "Posting is stopped everywhere; /resumeposting" in await bot.ask("/status")
    assert "was stopped already" in await bot.ask("/stopposting")
    assert "2 pages wait" in await bot.ask("/resumeposting")
    assert "as it was" in await tap(bot, "Cancel")
    assert await bot.store(lambda s: s.posting_stopped())
    await bot.ask("/resumeposting")
    assert await tap(bot, "Post again", EDITOR) == "Posting goes on. 2 pages wait."
    assert not await bot.store(lambda s: s.posting_stopped())
    record = await last_audit(bot)
    assert (record.action, record.actor) == ("posting.resume", str(EDITOR))
    assert await bot.ask("/resumeposting") == "Posting is not stopped."
    assert "stopped" not in await bot.ask("/status")


async def test_status_tells_what_waits_and_how_many_subscribe(bot: Bot) -> None:
    def prepare(store: Store) -> None:
        for user in (11, 12, 13):
            spec = ChannelSpec(str(user), private=True)
            made = store.add_channel(spec, at=NOW, actor="system")
            if user == 13:
                store.change_channel(made.id, {"paused": True}, at=NOW, actor="system")
        store.ask_approval(store.channel(CHANNEL).id, NOW, ["s1"], at=NOW)

    await bot.store(prepare)
    said = await bot.ask("/status")
    assert "Waiting for approval: 1 digest" in said
    assert "Subscribers: 2, paused: 1;" in said
    assert "@reports: next digest in " in said
    assert "need a decision" not in said


# ---------------------------------------------------------------- people


async def test_rights_are_granted_changed_and_revoked(bot: Bot) -> None:
    assert await bot.ask("/grant ۵۵") == (
        "55 is editor now. The bot can write to them only after they sent it /start. "
        "/revoke 55 takes the rights."
    )
    assert "55 is owner now (was editor)" in await bot.ask("/grant 55 Owner")
    assert (await last_audit(bot)).detail == "editor -> owner"
    listed = await bot.ask("/admins", EDITOR)
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    assert f"55: owner since {today}" in listed
    assert f"{EDITOR} (you): editor since " in listed
    assert "Take the rights of 55 (owner)?" in await bot.ask("/revoke 55")
    assert "for owners" in await tap(bot, "Revoke 55", EDITOR)
    assert await tap(bot, "Revoke 55", OTHER_OWNER) == "55 has no rights any more."
    assert 55 not in {admin.user_id for admin in await bot.store(lambda s: s.admins())}
    record = await last_audit(bot)
    assert (record.actor, record.action, record.detail) == (
        str(OTHER_OWNER), "admin.revoke", "owner",
    )  # fmt: skip


async def test_the_last_owner_stays_one(bot: Bot) -> None:
    await bot.ask(f"/revoke {OTHER_OWNER}")
    first = dict(bot.buttons)
    message = bot.telegram.sent[-1]
    await bot.store(lambda s: s.revoke(OTHER_OWNER, at=NOW, actor="cli"))
    assert "had no rights" in await press(bot, first[f"Revoke {OTHER_OWNER}"], message=message)
    before = await state(bot)
    assert f"{OWNER} is the last owner" in await bot.ask(f"/revoke {OWNER}")
    assert f"{OWNER} is the last owner" in await bot.ask(f"/grant {OWNER} editor")
    assert await state(bot) == before


async def test_two_owners_cannot_revoke_each_other(bot: Bot) -> None:
    await bot.ask(f"/revoke {OTHER_OWNER}")
    mine, message = bot.buttons[f"Revoke {OTHER_OWNER}"], bot.telegram.sent[-1]
    await bot.ask(f"/revoke {OWNER}", OTHER_OWNER)
    assert await tap(bot, f"Revoke {OWNER}", OTHER_OWNER) == f"{OWNER} has no rights any more."
    assert "for admins" in await press(bot, mine, message=message)
    assert [a.user_id for a in await bot.store(lambda s: s.admins())] == [OTHER_OWNER, EDITOR]


async def test_the_audit_log_is_read_in_words_page_by_page(bot: Bot) -> None:
    for number in range(40):
        await bot.store(
            lambda s, n=number: s.note(AuditRecord(NOW, "system", "network.down", f"no. {n}"))  # type: ignore[misc]
        )
    await bot.ask("/schedule 9")
    first = await bot.ask("/audit", EDITOR)
    assert f"{OWNER}: changed the channel @reports (schedule 08:00, 18:00 -> 09:00)" in first
    assert "the program: network.down no. 39" in first
    assert list(bot.buttons) == ["2 ›"]
    second = await tap(bot, "2 ›", EDITOR)
    assert "no. 25" in second
    assert "no. 39" not in second
    assert list(bot.buttons) == ["‹ 1", "3 ›"]
    assert "Page 3." in await bot.ask("/audit ۳")
    assert "Nothing more." in await bot.ask("/audit 99")


# ---------------------------------------------------------------- feeds


async def test_removing_a_feed_asks_first(bot: Bot) -> None:
    asked = await bot.ask("/removefeed ۱")
    assert asked.startswith("Stop watching feed 1, nowhere.example?")
    assert len(await bot.urls()) == 1
    assert "Nothing was changed" in await tap(bot, "Cancel")
    await bot.ask("/removefeed 1")
    assert "for admins" in await tap(bot, "Remove feed 1", STRANGER)
    assert len(await bot.urls()) == 1
    said = await tap(bot, "Remove feed 1", EDITOR)
    assert said == "Feed 1 is no longer watched: nowhere.example. Its articles stay."
    assert await bot.urls() == []
    assert "No feed" in await bot.ask("/removefeed 1")


# ---------------------------------------------------------------- wrong words

WRONG = {  # what an owner sends: the usage, and what was wrong
    "schedule-word": ("/schedule 8 and banana", "Usage: /schedule", "“banana”"),
    "schedule-mixed": ("/schedule mon 8 fri 9 tue", "Usage: /schedule", "the same times"),
    "schedule-filler": ("/schedule at the time", "Usage: /schedule", "no time, day or place"),
    "schedule-nowhere": (
        "/schedule @nowhere 9",
        "Usage: /schedule",
        "No channel is called '@nowhere'",
    ),
    "schedule-no-number": (
        "/schedule #99 9",
        "Usage: /schedule",
        "number 99. /channels shows them",
    ),
    "schedule-long": ("/schedule " + "8 " * 400, "Usage: /schedule", "too long"),
    "alerts-word": ("/alerts sometimes", "Usage: /alerts", "“sometimes”"),
    "alerts-nobody": ("/alerts officials zzzz", "Usage: /alerts", "is called “zzzz”"),
    "alerts-many": ("/alerts 99 outlets in 6 hours", "Usage: /alerts", "from 2 to 50, not 99"),
    "alerts-day": ("/alerts quiet 7-7", "Usage: /alerts", "a whole day"),
    "alerts-half": ("/alerts first report strong; banana", "Usage: /alerts", "“banana”"),
    "channels-page": ("/channels 2", "Usage: /channels [PAGE]", "There is 1 page."),
    "channels-word": ("/channels all", "Usage: /channels [PAGE]", "“all” is no page"),
    "channel-two": ("/channel @a @b", "Usage: /channel [CHANNEL]", "Name one channel"),
    "channel-unknown": ("/channel @nowhere", "Usage: /channel [CHANNEL]", "No channel is called"),
    "channel-huge": ("/channel " + "9" * 3_000, "Usage: /channel [CHANNEL]", "so long a name"),
    "add-nothing": ("/addchannel", "Usage: /addchannel", "name or id is missing"),
    "add-person": ("/addchannel 424242", "Usage: /addchannel", "/subscribe"),
    "add-name": ("/addchannel reports", "Usage: /addchannel", "'reports' is no channel"),
    "add-known": ("/addchannel @Reports", "@reports is a channel already", "/channel @reports"),
    "add-word": ("/addchannel @second at noonish", "Usage: /addchannel", "“noonish”"),
    "add-languages": ("/addchannel @second fa fr", "Usage: /addchannel", "one language"),
    "stop-words": ("/stopposting now", "Usage: /stopposting", "every channel at once"),
    "resume-words": ("/resumeposting now", "Usage: /resumeposting", "every channel at once"),
    "grant-nothing": ("/grant", "Usage: /grant ID", "One id is needed"),
    "grant-name": ("/grant @somebody", "Usage: /grant ID", "only ids count"),
    "grant-role": ("/grant 55 king", "Usage: /grant ID", "'king' is no role"),
    "grant-zero": ("/grant 0", "Usage: /grant ID", "only ids count"),
    "grant-too-large": ("/grant 9999999999999999999", "Usage: /grant ID", "those are smaller"),
    "grant-huge": ("/grant " + "9" * 3_000, "Usage: /grant ID", "only ids count"),
    "grant-same": (f"/grant {EDITOR}", f"{EDITOR} is editor already", "Nothing was changed"),
    "revoke-nothing": ("/revoke", "Usage: /revoke ID", "One id is needed"),
    "revoke-stranger": ("/revoke 99", "Usage: /revoke ID", "99 is no admin"),
    "audit-zero": ("/audit 0", "Usage: /audit [PAGE]", "no page from 1"),
    "audit-word": ("/audit yesterday", "Usage: /audit [PAGE]", "“yesterday”"),
    "removefeed-none": ("/removefeed", "Usage: /removefeed NUMBER", "/feeds shows"),
}


@pytest.mark.parametrize("case", WRONG)
async def test_wrong_words_are_explained_and_change_nothing(bot: Bot, case: str) -> None:
    order, head, said = WRONG[case]
    before = await state(bot)
    answer = await bot.ask(order)
    assert answer.startswith(head) or head in answer.splitlines()[0]
    assert said in answer
    assert "dadkhah " not in answer  # nobody in a chat has a shell
    assert len(answer) < 500
    assert await state(bot) == before


OWNERS_ONLY = ("/addchannel @second", "/grant 55", f"/revoke {OWNER}")


async def test_owners_orders_are_refused_to_editors_and_strangers(bot: Bot) -> None:
    before = await state(bot)
    for order in OWNERS_ONLY:
        assert "for owners" in await bot.ask(order, EDITOR)
        assert "for admins" in await bot.ask(order, STRANGER)
    assert await state(bot) == before


ADMINS_ONLY = (
    "/channels", "/channel", "/schedule 9", "/alerts off", "/admins", "/audit", "/stopposting",
    "/resumeposting",
)  # fmt: skip


async def test_strangers_learn_nothing(bot: Bot) -> None:
    before = await state(bot)
    for order in ADMINS_ONLY:
        assert await bot.ask(order, STRANGER) == "This command is for admins of this bot."
    assert await state(bot) == before
