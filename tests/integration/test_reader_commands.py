"""What readers do in their own chats: a bot in this process, a stand-in of Telegram."""

from __future__ import annotations

import re
import sqlite3
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from bot import browsing, jobs, sender
from bot.app import open_database
from bot.commands.private import short_key
from bot.i18n import LANGUAGES
from config import logs
from config.settings import load
from tests.integration.test_feed_commands import Bot
from tests.integration.test_feed_commands import _running as running
from tests.integration.test_watch_commands import FERRY, MASSACRE, article, fill
from tests.journey.harness import Kept, environment, inline, logging_as_it_was
from tests.standin import BotApiStandin
from tests.standin.rules import MAX_CALLBACK_BYTES, MAX_UNITS, utf16_units
from watchers.model import Item
from watchers.telling import Channel

ADMIN, READER, OTHER = 7, 70_012_345, 80_023_456
GROUP = -500
_TLS = cache(ssl.create_default_context)

NEWS = (
    MASSACRE,
    (
        "Amnesty International asks for an inquiry into the 1988 prison massacre in Iran",
        "Amnesty International spoke of the 1988 massacre of political prisoners in Iran.",
    ),
    (
        "نمایشگاهی دربارهٔ اعدام زندانیان سیاسی در تابستان ۶۷ در برلین",
        "نمایشگاهی دربارهٔ کشتار زندانیان سیاسی در تابستان ۱۳۶۷ گشایش یافت. کشتار ۶۷.",
    ),
    FERRY,
)


def news() -> list[Item]:
    """Three stories, and a ferry."""
    return [article(n, *one, language="fa" if n == 3 else "en") for n, one in enumerate(NEWS, 1)]


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: Kept) -> None:
    """One admin, four articles, settled."""
    ours = {"DADKHAH_ADMINS": f"{ADMIN}", "DADKHAH_CONTACT": "corrections@news.example"}
    for name, value in (environment(tmp_path) | ours).items():
        monkeypatch.setenv(name, value)

    def make() -> None:
        store = open_database(load(folder=Path("/nonexistent")))
        fill(store, *news())
        store.close()

    kept("read", tmp_path / "data", make)


@pytest.fixture
async def bot(settings: None, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bot]:
    """A bot that is connected, with everything grouped."""
    inline(monkeypatch)
    monkeypatch.setattr(ssl, "create_default_context", _TLS)  # no TLS here; each takes 50 ms
    monkeypatch.setattr(sender, "PAUSE", 0.0)
    with logging_as_it_was():
        async with BotApiStandin() as telegram:
            monkeypatch.setenv("DADKHAH_TELEGRAM_API_URL", telegram.api_url)
            monkeypatch.setenv("DADKHAH_TELEGRAM_TOKEN", telegram.token)
            async with running(telegram) as found:
                await jobs.settle_all(found.program)
                await found.program.database(lambda store: store.index_part())
                yield found
                for message in telegram.sent:
                    assert utf16_units(message.text) < MAX_UNITS
                    _check(message.reply_markup)


def _check(markup: dict[str, Any] | None) -> None:
    rows = markup["inline_keyboard"] if markup else []
    for button in (button for row in rows for button in row):
        assert len(button["callback_data"].encode()) <= MAX_CALLBACK_BYTES


@dataclass
class Reader:
    """Somebody's chat with the bot."""

    bot: Bot
    id: int = READER
    language: str = "en"

    async def ask(self, text: str, **how: Any) -> str:
        """Write, and wait for the answer."""
        user = {"id": self.id, "is_bot": False, "first_name": "X", "language_code": self.language}
        extra = {"from": user, **how}
        return await self.bot.ask(text, self.id, **extra)

    @property
    def message(self) -> Any:
        """The latest message of this chat."""
        return [m for m in self.bot.telegram.sent if m.chat_id == self.id][-1]

    @property
    def buttons(self) -> dict[str, str]:
        """Its buttons: data by label, without check marks."""
        rows = (self.message.reply_markup or {}).get("inline_keyboard", [])
        return {b["text"].lstrip("✅▫️ ").strip(): b["callback_data"] for row in rows for b in row}

    async def press(self, label: str) -> str:
        """Press a button: what popped up, or what stands in the chat then."""
        return await self.send(self.buttons[label])

    async def send(self, data: str, chat_id: int | None = None) -> str:
        """Press a button with these data."""
        message, telegram = self.message, self.bot.telegram
        before = len(telegram.answers)
        shown = (message.text, message.reply_markup, len(telegram.sent))
        telegram.callback(self.id, data, message.id, chat_id=chat_id or self.id)
        await telegram.until(lambda: len(telegram.answers) > before)
        popped = str(telegram.answers[before].get("text", ""))
        if popped:
            return popped
        await telegram.until(
            lambda: (message.text, message.reply_markup, len(telegram.sent)) != shown
        )
        return str(self.message.text)

    async def row(self) -> Channel | None:
        """What is stored."""
        return await self.bot.store(lambda s: s.subscriber(self.id))

    async def has(self) -> Channel:
        """What is stored, and it is."""
        row = await self.row()
        assert row is not None
        return row


@pytest.fixture
def reader(bot: Bot) -> Reader:
    """An English reader."""
    return Reader(bot)


# ---------------------------------------------------------------- subscribing


DEFAULTS = {"en": "UTC", "fa": "Asia/Tehran", "fr": "Europe/Paris"}


@pytest.mark.parametrize("language", LANGUAGES)
async def test_subscription_begins_with_what_the_language_suggests(bot: Bot, language: str) -> None:
    reader = Reader(bot, language=language)
    await reader.ask("/subscribe")
    row = await reader.has()
    assert (row.chat, row.private, row.paused) == (str(READER), True, False)
    assert (row.language, row.timezone) == (language, DEFAULTS[language])
    assert row.schedule == ("08:00", "18:00")
    assert not await bot.store(lambda s: s.channels())  # no admin sees it among them


async def test_zone_is_asked_first_and_then_all_settings_are_shown(reader: Reader) -> None:
    said = await reader.ask("/subscribe")
    assert "You are subscribed." in said
    assert "08:00, 18:00 – every day, by the clock of UTC" in said
    assert "/forget erases" in said
    said = await reader.press("Stockholm")
    assert said.startswith("Your settings")
    assert "Time zone: Stockholm" in said
    assert (await reader.has()).timezone == "Europe/Stockholm"


async def test_settings_are_chosen_by_buttons_in_place(reader: Reader) -> None:
    await reader.ask("/subscribe")
    await reader.press("Settings")
    messages = len(reader.bot.telegram.sent)
    await reader.press("Officials")
    await reader.press("Ebrahim Raisi")
    assert (await reader.has()).scope.officials == ("ebrahim-raisi",)
    await reader.press("2 ›")
    await reader.press("‹ 1")
    await reader.press("Ebrahim Raisi")
    assert (await reader.has()).scope.officials == ()
    await reader.press("Ali Khamenei")
    await reader.press("Ebrahim Raisi")
    await reader.press("All, choose nobody")
    assert (await reader.has()).scope.officials == ()
    await reader.press("‹ Back")
    await reader.press("Articles in")
    await reader.press("Persian")
    await reader.press("English")
    await reader.press("‹ Back")
    assert "Articles in: English, Persian" in reader.message.text
    await reader.press("Officials in other news")
    assert "Officials in other news: off" in reader.message.text
    await reader.press("Times of day")
    await reader.press("08:00")
    await reader.press("21:00")
    await reader.press("‹ Back")
    await reader.press("Weekdays")
    for day in ("Saturday", "Sunday"):
        await reader.press(day)
    await reader.press("‹ Back")
    row = await reader.has()
    assert row.scope.languages == ("en", "fa")
    assert row.scope.named is False
    assert row.schedule == ("18:00", "21:00")
    assert row.weekdays == (1, 2, 3, 4, 5)
    await reader.press("Language")
    assert (await reader.press("فارسی")).startswith("\u200fتنظیمات شما")
    assert (await reader.has()).language == "fa"
    assert len(reader.bot.telegram.sent) == messages


async def test_admins_own_topics_can_be_had_besides(reader: Reader) -> None:
    admin = Reader(reader.bot, ADMIN)
    await reader.ask("/subscribe")
    assert "Further topics" not in (await reader.press("Settings"))
    await admin.ask("/watch topic ferries Ferries = ferry AND timetable")
    await reader.bot.telegram.until(lambda: "Do it" in admin.buttons)
    await admin.press("Do it")
    assert "Further topics: none" in await reader.ask("/settings")
    await reader.press("Further topics")
    await reader.press("Ferries")
    assert (await reader.has()).scope.topics == ("ferries",)
    assert "Further topics: \u2068Ferries\u2069" in await reader.press("‹ Back")
    await reader.press("Further topics")
    await reader.press("None")
    assert (await reader.has()).scope.topics == ()


async def test_last_time_and_last_day_stay(reader: Reader) -> None:
    await reader.ask("/subscribe")
    await reader.send("mine:ti:0800:0")
    assert "at least one has to stay. At most 6" in await reader.send("mine:ti:1800:0")
    assert (await reader.has()).schedule == ("18:00",)
    for day in range(1, 7):
        await reader.send(f"mine:wd:{day}:0")
    assert "at least one has to stay" in await reader.send("mine:wd:7:0")
    assert (await reader.has()).weekdays == (7,)
    for hour in range(5):
        await reader.send(f"mine:ti:{hour:02}00:1")
    assert "At most 6 times a day" in await reader.send("mine:ti:0700:1")
    assert len((await reader.has()).schedule) == 6


ODD = (
    "mine:ti:2500:1", "mine:ti:08", "mine:ti:", "mine:wd:x:1", "mine:wd:٣:0", "mine:zo:Mars/Base",
    "mine:zo:../../etc/passwd", "mine:lg:xx", "mine:la:xx:1", "mine:la:", "mine:of:1:nobody:1",
    "mine:of:999", "mine:of:", "mine:to:1:none:1", "mine:to:1", f"mine:of:{'9' * 50}",
)  # fmt: skip


@pytest.mark.parametrize("data", ODD)
async def test_odd_buttons_change_nothing(reader: Reader, data: str) -> None:
    await reader.ask("/subscribe")
    before = await reader.has()
    said = await reader.send(data)
    assert said.startswith(("Nothing was changed", "Officials", "Further topics"))
    assert await reader.has() == before


async def test_pressing_the_same_twice_does_no_harm(reader: Reader) -> None:
    await reader.ask("/subscribe")
    data = f"mine:of:1:{short_key('ebrahim-raisi')}:1"
    await reader.send(data)
    reader.bot.telegram.callback(READER, data, reader.message.id)
    await reader.send("mine:home")
    assert (await reader.has()).scope.officials == ("ebrahim-raisi",)


OLD = (
    "mine:", "mine:xx", "mine", "sub:", "sub:x:fa", "lang:xx", "news:", "news:x",
    "news:k:gone:1", "news:s", "who:", "who:p:nobody:1", "wrong:", "wrong:sgone",
    "wrong:article:999999", "forget:yes", "forget:", "forget:x",
)  # fmt: skip


@pytest.mark.parametrize("data", OLD)
async def test_old_buttons_are_refused_kindly(reader: Reader, data: str) -> None:
    await reader.ask("/subscribe")
    before = await reader.has()
    said = await reader.send(data)
    assert said.startswith("This button is old"), said
    assert await reader.has() == before
    assert not await reader.bot.store(lambda s: s.notices(untold=False))


async def test_somebody_elses_buttons_change_nobodys_row(reader: Reader) -> None:
    other = Reader(reader.bot, OTHER)
    await reader.ask("/subscribe")
    before = await reader.has()
    await other.ask("/subscribe")
    theirs = await other.has()
    data = f"mine:of:1:{short_key('ebrahim-raisi')}:1"
    # As another person in that chat: refused. In the own chat: the own row, no other.
    other_press = Reader(reader.bot, OTHER)
    assert "personal" in await other_press.send(data, chat_id=READER)
    assert await other.has() == theirs
    await other.send(data)
    assert (await other.has()).scope.officials == ("ebrahim-raisi",)
    assert await reader.has() == before
    for gone in ("sub:stop", "forget:yes"):
        await other_press.send(gone, chat_id=READER)
    assert await reader.has() == before


async def test_zone_may_be_written(reader: Reader) -> None:
    await reader.ask("/subscribe")
    assert "Time zone: Kabul" in await reader.ask("/settings asia/kabul")
    said = await reader.ask("/settings Middle Earth")
    assert said.startswith("Usage: /settings")
    assert "nothing was changed" in said
    assert (await reader.has()).timezone == "Asia/Kabul"


async def test_stop_pauses_and_subscribe_goes_on_also_after_a_block(reader: Reader) -> None:
    assert "no subscription" in await reader.ask("/stop")
    await reader.ask("/subscribe")
    await reader.ask("/settings Europe/Rome")
    said = await reader.ask("/stop")
    assert "/subscribe goes on" in said
    assert "/forget erases" in said
    assert (await reader.has()).paused
    await reader.press("Resume digests")
    assert not (await reader.has()).paused
    row = await reader.has()
    blocked = {"paused": True, "pause_reason": "bot was blocked by the user"}
    await reader.bot.store(lambda s: s.change_channel(row.id, blocked, at=row.added_at, actor="x"))
    assert "Time zone: Rome" in await reader.ask("/subscribe")
    row = await reader.has()
    assert (row.paused, row.pause_reason, row.timezone) == (False, None, "Europe/Rome")


async def test_language_of_somebody_without_a_subscription_is_not_kept(reader: Reader) -> None:
    assert "Which language?" in await reader.ask("/language")
    said = await reader.press("فارسی")
    assert "بدون اشتراک" in said
    assert await reader.row() is None
    await reader.press("مشترک شدن")
    assert (await reader.has()).language == "fa"
    assert (await reader.has()).timezone == "Asia/Tehran"


@pytest.mark.parametrize("word", ["fa", "FA", "فارسی"], ids=["code", "capitals", "own-name"])
async def test_language_can_be_named_at_once(reader: Reader, word: str) -> None:
    await reader.ask("/subscribe")
    await reader.ask(f"/language {word}")
    assert (await reader.has()).language == "fa"
    assert "Which language?" not in await reader.ask("/language klingon")
    assert (await reader.has()).language == "fa"


@pytest.mark.parametrize("order", ["/subscribe", "/settings", "/language", "/stop", "/forget"])
async def test_in_groups_nothing_personal_is_talked_about(bot: Bot, order: str) -> None:
    bot.telegram.add_chat(GROUP, "group")
    before = len(bot.telegram.sent)
    bot.telegram.message(READER, order, chat_id=GROUP, chat_type="group")
    await bot.telegram.until(lambda: len(bot.telegram.sent) > before)
    assert "private chat" in bot.telegram.sent[-1].text
    assert await bot.store(lambda s: s.subscriber(READER)) is None


async def test_in_groups_settings_are_not_given_away(reader: Reader) -> None:
    await reader.ask("/subscribe")
    await reader.send(f"mine:of:1:{short_key('ebrahim-raisi')}:1")
    assert "Amnesty" not in await reader.ask("/latest")
    reader.bot.telegram.add_chat(GROUP, "group")
    before = len(reader.bot.telegram.sent)
    reader.bot.telegram.message(READER, "/latest", chat_id=GROUP, chat_type="group")
    await reader.bot.telegram.until(lambda: len(reader.bot.telegram.sent) > before)
    assert "Amnesty" in reader.bot.telegram.sent[-1].text


# ---------------------------------------------------------------- forgetting


def _rows_with(database: Path, number: int) -> list[str]:
    """Tables that hold the number anywhere, looked at without our own code."""
    found = []
    with sqlite3.connect(database) as connection:
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master")]
        for table in tables:
            try:
                rows = connection.execute(f'SELECT * FROM "{table}"').fetchall()
            except sqlite3.OperationalError:  # an index
                continue
            found += [f"{table}: {row}" for row in rows if str(number) in repr(row)]
    return found


async def test_nothing_is_left_after_forget_and_no_log_names_anybody(
    reader: Reader, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.set_up("debug", "json")
    database = next((tmp_path / "data").glob("*.db"))
    assert "Nothing is stored" in await reader.ask("/forget")  # works where nothing is
    await reader.ask("/subscribe")
    await reader.ask("/settings Europe/Rome")
    row = await reader.has()
    assert _rows_with(database, READER)
    built = await jobs.build(reader.bot.program, row, row.added_at)
    assert built.pages
    await jobs.queue(reader.bot.program, row, slot=row.added_at, now=row.added_at, scheduled=True)
    await reader.ask("/search massacre")
    await reader.ask("/report")
    await reader.press("1")
    assert len(_rows_with(database, READER)) == 1  # the row itself, and nothing else
    await reader.ask("/forget")
    assert "Nothing was erased" in await reader.press("Keep it")
    assert await reader.row()
    await reader.ask("/forget")
    assert "Cancelled" in await reader.ask("/cancel")
    await reader.ask("/forget")
    said = await reader.press("Erase everything")
    assert said.startswith("Erased")
    assert "Nothing is stored about you" in said
    assert _rows_with(database, READER) == []
    assert await reader.bot.store(lambda s: s.deliveries()) == ()
    assert await reader.row() is None
    audit = await reader.bot.store(lambda s: s.audit(1_000))
    assert not [record for record in audit if str(READER) in repr(record)]
    assert "no subscription" in await reader.ask("/settings")
    logged = capsys.readouterr().err
    assert "digest_queued" in logged
    assert str(READER) not in logged


async def test_cancelled_question_is_not_answered_by_its_button(reader: Reader) -> None:
    await reader.ask("/subscribe")
    await reader.ask("/forget")
    yes = reader.buttons["Erase everything"]
    assert "Cancelled" in await reader.ask("/cancel")
    assert "old" in await reader.send(yes)
    assert await reader.row()
    assert "Nothing is waiting" in await reader.ask("/cancel")


# ---------------------------------------------------------------- reading


async def test_latest_is_grouped_attributed_and_linked(reader: Reader) -> None:
    said = await reader.ask("/latest")
    assert "1." in said
    assert "Ferry" not in said
    assert "paper1.\u2060example\u2069 (media), " in said
    assert "named: \u2068Ebrahim Raisi\u2069" in said
    links = [e["url"] for e in reader.message.entities if e["type"] == "text_link"]
    assert set(links) == {f"https://paper{n % 3}.example/{n}" for n in (1, 2, 3)}
    assert set(reader.buttons) == {"Report a wrong match"}


async def test_latest_comes_in_pages(reader: Reader) -> None:
    more = [
        article(
            n,
            f"Town of Sample{n:02} remembers the 1988 prison massacre with number {n * 37}",
            f"{n * 41} people came to Sample{n:02}. The 1988 massacre of political prisoners.",
        )
        for n in range(10, 22)
    ]
    await reader.bot.store(lambda s: fill(s, *more))
    await jobs.settle_all(reader.bot.program)
    first = await reader.ask("/latest")
    assert "Page 1 of " in first
    second = await reader.press("2 ›")
    assert "\n6. " in second
    assert await reader.press("‹ 1") == first


ROUTINE = (
    ("opens a port in the south", "Monday"),
    ("meets teachers about salaries", "Tuesday"),
    ("visits a flooded village", "Wednesday"),
    ("speaks about the budget for roads", "Thursday"),
    ("receives the ambassador of Norway", "Friday"),
    ("praises a football team", "Saturday"),
    ("looks at a new tunnel", "Sunday"),
    ("signs an order about wheat prices", "yesterday"),
)


async def test_latest_has_other_news_of_officials_below_what_readers_came_for(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browsing, "_READ", 6)  # a day of routine news is more than is read
    routine = [
        article(n, f"Ebrahim Raisi {did}", f"Ebrahim Raisi {did} on {day}, the office said.")
        for n, (did, day) in enumerate(ROUTINE, 10)
    ]
    await reader.bot.store(lambda s: fill(s, *routine))
    await jobs.settle_all(reader.bot.program)
    first = await reader.ask("/latest")
    heading = "\nOfficials named in other news\n"
    ahead, _, below = first.partition(heading)
    assert "Amnesty" in ahead
    assert not any(did in ahead for did, _ in ROUTINE)
    newest = await reader.bot.store(lambda s: [a.title for a in s.latest(2, relevant=None)])
    assert below.index(newest[0]) < below.index(newest[1])
    numbers = [int(found) for found in re.findall(r"^(\d+)\. ", first, re.MULTILINE)]
    assert numbers == [1, 2, 3, 4, 5]
    second = await reader.press("2 ›")
    assert heading in second
    assert "Amnesty" not in second
    assert "\n6. " in second
    await reader.press("Report a wrong match")
    assert next(label for label in reader.buttons if label.isdecimal()) == "6"


async def test_mute_and_hold_count_for_readers_too(reader: Reader) -> None:
    said = await reader.ask("/latest")
    assert "Amnesty" in said
    reasons = await reader.bot.store(
        lambda s: [a for a in s.latest(10, relevant=None) if "Amnesty" in a.title]
    )
    subject = reasons[0].story or f"article:{reasons[0].id}"
    at = reasons[0].first_seen
    await reader.bot.store(lambda s: s.mute_subject(subject, muted=True, at=at, actor="7"))
    reader.bot.program.readers.fresh.put(("outlets",), None, 0.0)
    assert "Amnesty" not in await reader.ask("/latest")


async def test_search_folds_words_and_says_what_it_found(reader: Reader) -> None:
    said = await reader.ask("/search MASSACRE prison")
    assert "Amnesty" in said
    assert re.search(r"\d articles? w", said)
    assert "“Amnesty International spoke of the 1988 massacre" in said  # of the text
    bold = [e for e in reader.message.entities if e["type"] == "bold"]
    units = reader.message.text.encode("utf-16-le")
    marked = {units[2 * e["offset"] :][: 2 * e["length"]].decode("utf-16-le") for e in bold}
    assert {"massacre"} <= marked
    said = await reader.ask("/search زندانيان كشتار")  # Arabic letters
    assert "نمایشگاهی" in said
    assert "Amnesty" not in said
    assert "Nothing was found" in await reader.ask("/search unicorn")
    assert "Nothing was found" in await reader.ask("/search ferry")  # it tells nothing
    for nothing in ("/search", "/search ...!", "/search lang:"):
        assert (await reader.ask(nothing)).startswith("Usage: /search WORDS")


async def test_what_a_search_did_not_understand_is_said(reader: Reader) -> None:
    said = await reader.ask("/search massacre since:soon official:nobody")
    assert "This is no date" in said
    assert "Nobody on the list is called" in said


async def test_a_group_does_not_learn_what_was_asked_in_private(reader: Reader) -> None:
    telegram = reader.bot.telegram
    telegram.add_chat(GROUP, "group")
    await reader.ask("/subscribe")
    await reader.ask("/forget")
    telegram.message(READER, "/cancel", chat_id=GROUP, chat_type="group")
    await telegram.until(lambda: bool(telegram.texts(GROUP)))
    assert telegram.texts(GROUP) == ["Nothing is waiting for you. Nothing was changed."]
    assert "Erased" in await reader.press("Erase everything")


async def test_strangers_searches_push_out_nothing_that_an_admin_is_asked(
    bot: Bot, reader: Reader
) -> None:
    await bot.ask("/grant 55", ADMIN)
    await bot.ask("/revoke 55", ADMIN)
    sure = bot.buttons["Revoke 55"]
    asked = bot.telegram.sent[-1].id
    long = "/search witn witne witnes witness witnesse witnesses massacre massacr massac"
    for _ in range(55):  # each keeps its question behind a button
        assert "Found: " in await reader.ask(long)
    assert any(data.startswith("news:k:") for data in reader.buttons.values())
    bot.telegram.callback(ADMIN, sure, asked, chat_id=ADMIN)
    await bot.telegram.until(
        lambda: any("has no rights any more" in (m.text or "") for m in bot.telegram.sent)
    )


async def test_search_has_a_limit_a_person(reader: Reader) -> None:
    for number in range(5):
        assert "Found" in await reader.ask(f"/search massacre {number}")
    assert "Wait a minute" in await reader.ask("/search massacre")
    assert "Wait a minute" in await reader.send("news:s:another question:1")  # no way round
    assert "Found" in await reader.ask("/search massacre 1")  # known just now: costs nothing
    assert "Found" in await Reader(reader.bot, OTHER).ask("/search massacre")


async def test_long_question_is_found_again_by_its_buttons(reader: Reader) -> None:
    await reader.ask(f"/search massacre {'x' * 5_000}")
    await reader.ask("/search زندانیان سیاسی در تابستان ۱۳۶۷ گشایش نمایشگاهی دربارهٔ")
    assert "نمایشگاهی" in reader.message.text
    assert "Which one" in await reader.press("Report a wrong match")


async def test_officials_are_shown_with_who_says_what(reader: Reader) -> None:
    await reader.ask("/officials")
    assert "no finding of guilt" in reader.message.text
    said = await reader.press("Ebrahim Raisi")
    assert "What is reported: \u2068reported by Amnesty and HRW as one of" in said
    assert "Own account: " in said
    assert "Died: " in said
    assert "This rests on: a report of the United Nations" in said
    assert "Human Rights Watch" in said
    assert "Recent stories" in said
    links = [e["url"] for e in reader.message.entities if e["type"] == "text_link"]
    assert "https://www.hrw.org/news/2022/06/08/irans-1988-mass-executions" in links
    assert "https://paper1.example/1" in links
    assert "no finding of guilt" in await reader.press("‹ Back")


async def test_nobody_on_hold_or_on_weak_grounds_is_shown(reader: Reader) -> None:
    people = reader.bot.program.knowledge.watchlist.people
    shown = set[str]()
    await reader.ask("/officials")
    while True:
        shown |= set(reader.buttons)
        turn = [label for label in reader.buttons if label.endswith("›")]
        if not turn:
            break
        await reader.press(turn[0])
    hidden = [p for p in people if p.quiet or not p.is_official]
    assert hidden
    assert not {p.name for p in hidden} & shown
    for person in hidden[:5]:
        assert "old" in await reader.send(f"who:p:{short_key(person.id)}:1")


async def test_wrong_match_reaches_the_admins_and_not_who_said_so(reader: Reader) -> None:
    await reader.ask("/latest")
    await reader.press("Report a wrong match")
    assert "nothing to do with the subject" in reader.message.text
    subject = reader.buttons["1"].removeprefix("wrong:")
    assert "not who told them" in await reader.press("1")
    await Reader(reader.bot, OTHER).ask("/latest")
    assert "not who told them" in await reader.press("1")  # once is enough
    notices = await reader.bot.store(lambda s: s.notices(untold=True))
    wrong = [notice for notice in notices if notice.kind == "wrong-match"]
    assert len(wrong) == 1
    assert subject in wrong[0].text
    assert "massacre" in wrong[0].text
    assert "[" in wrong[0].text  # a rule
    assert str(READER) not in wrong[0].text
    assert (await reader.press("‹ Back")).startswith("The latest stories")


async def test_reports_have_a_limit_a_person(reader: Reader) -> None:
    await reader.ask("/report")
    for _ in range(5):
        assert "Thank you. The admins" in await reader.press("1")
    assert "enough reports for today" in await reader.press("1")


async def test_report_lists_the_last_digest(reader: Reader) -> None:
    await reader.ask("/subscribe")
    row = await reader.has()
    now = row.added_at
    await jobs.queue(reader.bot.program, row, slot=now, now=now, scheduled=True)
    said = await reader.ask("/report")
    assert said.startswith("Your last digest")
    assert "Amnesty" in said
    assert "The admins get to see" in await reader.press("2")


# ---------------------------------------------------------------- what it is


async def test_help_shows_what_the_asker_may(reader: Reader) -> None:
    said = await reader.ask("/start")
    assert "/subscribe – " in said
    assert "/addfeed" not in said
    assert "Subscribe" in reader.buttons
    admin = await Reader(reader.bot, ADMIN).ask("/help")
    texts = "\n".join(reader.bot.telegram.texts(ADMIN))
    assert "/subscribe – " in admin
    assert "/addfeed - " in texts


async def test_about_has_the_contact_and_privacy_is_exact(reader: Reader) -> None:
    assert "corrections@news.example" in await reader.ask("/about")
    said = "\n".join((await reader.ask("/privacy"), *reader.bot.telegram.texts(READER)))
    for part in ("30 days", "the number of this chat", "/forget erases", "Telegram sees"):
        assert part in said


@pytest.mark.parametrize("order", ["/latest", "/officials", "/search massacre", "/about", "/help"])
async def test_strangers_leave_nothing_behind(reader: Reader, tmp_path: Path, order: str) -> None:
    database = next((tmp_path / "data").glob("*.db"))
    said = await reader.ask(order)
    assert "nowhere.example" not in said  # a feed
    assert _rows_with(database, READER) == []


@pytest.mark.parametrize("text", ["Hello?", "/nosuchcommand", "سلام"])
async def test_what_is_no_command_gets_a_hint_in_the_askers_language(bot: Bot, text: str) -> None:
    assert "/help shows them" in await Reader(bot).ask(text)
    assert "فرمان‌ها" in await Reader(bot, OTHER, "fa").ask(text)
