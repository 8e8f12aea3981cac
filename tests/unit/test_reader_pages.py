"""What readers are shown, in each language: its direction, its words, its limits."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot import preferences as rules
from bot.app import Knowledge, Program
from bot.commands import latest, officials, preferences, subscriber, subscription
from bot.commands.orders import Order, Reply
from bot.commands.table import COMMANDS, PRESSES
from bot.database import Database
from bot.i18n import LANGUAGES, catalogue
from bot.readers import Fresh, Readers
from bot.sheets import LONGEST, Sheet, laid
from bot.story_list import add_stories
from config.settings import Settings
from storage import MemoryStore
from tests.standin.judge import found_entities, kept, telegram_accepts
from tests.standin.rules import MAX_CALLBACK_BYTES, utf16_units
from tools import rendered_settings
from watchers.telling import Channel, Line

KNOWLEDGE = Knowledge()
READER = 70_012_345
NOW = datetime(2026, 7, 30, 12, tzinfo=UTC)
RLM, ISOLATED = "\u200f", re.compile("\u2068[^\u2069]*\u2069")
# What stands outside of an isolate in Persian all the same: names of languages and of UTC.
LATIN = re.compile(r"[A-Za-z]{2,}")


@pytest.fixture
async def program() -> AsyncIterator[Program]:
    """A program with an empty store that has no network."""
    database = Database(MemoryStore())
    yield Program(Settings(contact="a@b.example"), KNOWLEDGE, database, None, None)  # type: ignore[arg-type]
    database.close()


def asked(language: str, *words: str, text: str = "") -> Order:
    """A reader's order in the own chat."""
    return Order(words, READER, chat_id=READER, language=language, text=text)


PRESSED = (
    "mine:home", "mine:of", "mine:of:2", "mine:of:99", "mine:to", "mine:la", "mine:ti", "mine:wd",
    "mine:zo", "mine:lg", "mine:ti:0800:0", "mine:ti:1800:0", "mine:xx", "sub:stop", "mine:home",
    "sub:start", "who:l:2", "who:l:99", "news:l:1", "wrong:s1", "forget:no", "forget:yes",
)  # fmt: skip


async def said(program: Program, language: str) -> list[Reply]:
    """Everything that a reader without and with a subscription is told."""
    order = asked(language)
    replies: list[str | Reply] = [
        await subscriber.help_(program, order),
        await subscriber.about(program, order),
        await subscriber.privacy(program, order),
        subscriber.hint(language),
        await subscription.forget(program, order),
        await subscription.stop(program, order),
        await subscription.cancel(program, order),
        await preferences.settings(program, order),
        await preferences.settings(program, asked(language, "Mars")),
        await preferences.language(program, order),
        await preferences.spoken(program, asked(language, f"lang:{language}")),
        await subscription.subscribe(program, order),
        await subscription.subscribe(program, replace(order, private=False)),
        await latest.latest(program, order),
        await latest.report(program, order),
        await latest.search(program, order),
        await latest.search(program, asked(language, text="خاوران")),
    ]
    listed = await officials.officials(program, order)
    replies.append(listed)
    replies += [
        await officials.pressed(program, asked(language, button.data)) for button in listed.buttons
    ]
    for data in PRESSED:
        press = PRESSES[data.partition(":")[0]]
        replies.append(await press.run(program, asked(language, data)))
    replies.append(await subscription.forget(program, order))
    replies.append(await subscription.pressed(program, asked(language, "forget:yes")))
    return [Reply(one) if isinstance(one, str) else one for one in replies]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_everything_said_is_what_telegram_takes(program: Program, language: str) -> None:
    for reply in await said(program, language):
        assert reply.text.strip()
        assert utf16_units(reply.text) <= LONGEST
        entities = [
            {"type": e.type, "offset": e.offset, "length": e.length, "url": e.url or ""}
            for e in reply.entities
        ]
        assert telegram_accepts(reply.text, entities) is None
        if reply.pops:
            assert len(reply.text) <= 190  # what pops up is cut there
        if isinstance(reply.across, tuple):
            assert sum(reply.across) == len(reply.buttons)
            assert all(reply.across)
        for button in reply.buttons:
            assert button.label.strip()
            assert 1 <= len(button.data.encode()) <= MAX_CALLBACK_BYTES
            assert button.data.partition(":")[0] in PRESSES


async def test_persian_lines_run_from_the_right_with_latin_apart(program: Program) -> None:
    for reply in await said(program, "fa"):
        for line in filter(None, reply.text.split("\n")):
            if line.startswith("\u2068"):  # English words on a line of their own
                assert ISOLATED.fullmatch(line)
                continue
            assert line.startswith(RLM), line
            left = ISOLATED.sub("", line).replace("UTC", "").replace("Dadkhah", "")
            assert not LATIN.search(left), line
            assert not re.search("[0-9]", left), line


async def test_commands_are_commands_to_telegram_in_persian_too(program: Program) -> None:
    replies = await said(program, "fa")
    text = next(reply.text for reply in replies if "/privacy" in reply.text)
    commands = {what for kind, what in found_entities(text) if kind == "bot_command"}
    everyone = {f"/{name}" for name, one in COMMANDS.items() if one.role == "everyone"}
    assert commands >= everyone - {"/start"}


async def test_settings_in_the_documents_are_those_that_are_shown() -> None:
    text = await asyncio.to_thread(rendered_settings.rendered)
    kept = rendered_settings.TARGET.read_text(encoding="utf-8")
    assert kept == text, "run: python -m tools.rendered_settings"


def test_heads_of_buttons_are_ours_alone() -> None:
    modules = (subscription, preferences, latest, officials)
    for module in modules:
        for head, press in module.PRESSES.items():
            assert PRESSES[head] is press
        for name, command in module.COMMANDS.items():
            assert COMMANDS[name] is command


# ---------------------------------------------------------------- sheets


def test_offsets_count_utf_16_units_behind_marks() -> None:
    sheet = Sheet(catalogue("fa")).line("۱ 🕯 /help", "bold")
    sheet.begin().headline("Title 🕯", "https://a.example/?utm_source=x&id=1", 100)
    text = sheet.text
    assert text.split("\n")[0] == "\u200f۱ 🕯 \u2068/help\u2069"
    found = [
        text.encode("utf-16-le")[2 * e.offset : 2 * (e.offset + e.length)].decode("utf-16-le")
        for e in sheet.entities
    ]
    assert found[1] == "Title 🕯"
    assert sheet.entities[1].url == "https://a.example/?id=1"
    assert sheet.length == utf16_units(text)


ODD_LINKS = {
    "no-web": "ftp://a.example/x",
    "script": "javascript:alert(1)",
    "user": "https://me:secret@a.example/",
    "empty": "",
}


@pytest.mark.parametrize("url", ODD_LINKS.values(), ids=ODD_LINKS)
def test_what_is_no_link_is_plain_text(url: str) -> None:
    sheet = Sheet(catalogue("en")).headline("Title @name evil.example", url, 100)
    assert sheet.entities == ()
    assert "secret" not in sheet.text
    assert not found_entities(sheet.text)


def test_our_lines_keep_their_breaks() -> None:
    assert laid("a\n\nb /help", catalogue("fa")) == "\u200fa\n\n\u200fb \u2068/help\u2069"
    assert laid("a\n\nb /help", catalogue("en")) == "a\n\nb /help"


# ---------------------------------------------------------------- settings


def row(**changes: object) -> Channel:
    """A subscription."""
    made = Channel(1, "7", "UTC", ("08:00", "18:00"), "en", NOW, private=True)
    return replace(made, **changes)  # type: ignore[arg-type]


ZONES = {
    "as-written": ("Europe/Berlin", "Europe/Berlin"),
    "lower": ("europe/berlin", "Europe/Berlin"),
    "blank": ("America/New York", "America/New_York"),
    "three-parts": ("america/argentina/buenos_aires", "America/Argentina/Buenos_Aires"),
    "hyphen": ("america/port-au-prince", "America/Port-au-Prince"),
    "utc": ("utc", "UTC"),
    "city": ("new york", "America/New_York"),
    "persian": ("برلین", "Europe/Berlin"),
    "french": ("Londres", "Europe/London"),
    "nowhere": ("Middle Earth", None),
    "path": ("../../etc/passwd", None),
    "absolute": ("/etc/passwd", None),
    "nul": ("Europe/\0", None),
    "long": ("Europe/" + "x" * 100_000, None),
    "nothing": ("", None),
}


@pytest.mark.parametrize(("text", "zone"), ZONES.values(), ids=ZONES)
def test_zones_are_found_however_they_are_written(text: str, zone: str | None) -> None:
    assert rules.zone_of(text) == zone


def test_choices_are_sorted_and_each_once() -> None:
    one = rules.with_official(row(), "b", on=True)["scope"]
    two = rules.with_official(row(scope=one), "a", on=True)["scope"]
    again = rules.with_official(row(scope=two), "a", on=True)["scope"]
    assert getattr(again, "officials", None) == ("a", "b")
    none = rules.with_official(row(scope=again), "c", on=False)["scope"]
    assert none == again


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_zone_and_day_has_a_name(language: str) -> None:
    words = catalogue(language)
    assert len({rules.place_of(words, zone) for zone in rules.ZONES}) == len(rules.ZONES)
    assert len({rules.day_name(words, day) for day in rules.days_in_order(words)}) == 7
    assert len({rules.language_name(words, c) for c in rules.ARTICLE_LANGUAGES}) == 9


# ---------------------------------------------------------------- limits


class Clock:
    """A clock that stands still."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_limits_are_a_persons_and_pass() -> None:
    clock = Clock()
    readers = Readers(clock)
    assert [readers.may_search(1) for _ in range(6)] == [True] * 5 + [False]
    assert readers.may_search(2)
    clock.now += 10
    assert [readers.may_search(1) for _ in range(2)] == [True, False]
    assert [readers.may_report(1) for _ in range(6)] == [True] * 5 + [False]
    clock.now += 86_400
    assert readers.may_report(1)


def test_question_whether_to_forget_is_answered_once_and_grows_old() -> None:
    clock = Clock()
    readers = Readers(clock)
    assert not readers.was_asked(1)
    readers.ask_to_forget(1)
    assert not readers.was_asked(2)
    assert readers.was_asked(1)
    assert not readers.was_asked(1)
    readers.ask_to_forget(1)
    clock.now += 601
    assert not readers.was_asked(1)
    for person in range(20_000):
        readers.ask_to_forget(person)
    assert not readers.was_asked(0)
    assert readers.was_asked(19_999)


def test_what_is_fresh_is_bounded_and_grows_old() -> None:
    fresh: Fresh[int] = Fresh(20.0, 2)
    for number in range(3):
        fresh.put(number, number, 0.0)
    assert (fresh.get(0, 1.0), fresh.get(1, 1.0), fresh.get(2, 20.0)) == (None, 1, 2)
    assert fresh.get(2, 20.1) is None


async def test_one_search_at_a_time_and_few_that_wait(program: Program) -> None:
    order = asked("en", text="massacre")
    async with program.readers.turn:
        waiting = [
            asyncio.create_task(latest.search(program, replace(order, user_id=n, chat_id=n)))
            for n in range(1, 21)
        ]
        done, _ = await asyncio.wait(waiting, timeout=0.1)
        assert not done
        assert program.readers.waiting == 20
        refused = await latest.search(program, order)
        assert "Wait a minute" in refused.text
    assert all("Found" in reply.text for reply in await asyncio.gather(*waiting))


# ---------------------------------------------------------------- lists of stories

TITLES = {
    "long": "word " * 2_000,
    "tags": "<b>& &amp; <a href=x>",
    "turned": "\u202ereversed\u202c \u2067more\u2069 \u200fend",
    "broken": "a\0b\ud800c\u2028d",
    "emoji": "🕯" * 300,
    "links": "evil.example @name /help #tag $USD +1 234 567 8901 a@b.example",
    "persian": "کشتار ۱۳۶۷ و Amnesty در «گزارش»",
    "empty": "",
    "blank": " \u200b\u3164",
}


def line(title: str, **changes: object) -> Line:
    """A story."""
    made = Line(
        "s1", title, "https://a.example/x?utm_source=y", title[:200] or "Outlet", "advocacy", "en",
        NOW, ("ebrahim-raisi",), {"state": 2, "world-media": 1}, updated=True,
        first=title, first_kind="state",
    )  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("title", TITLES.values(), ids=TITLES)
def test_hostile_headlines_break_nothing(title: str, language: str) -> None:
    sheet = Sheet(catalogue(language)).line("x", "bold")
    done = add_stories(sheet, [line(title)] * 30, "Asia/Tehran", KNOWLEDGE.names.of)
    assert 3 <= done <= 30
    assert utf16_units(sheet.text) <= LONGEST
    entities = [
        {"type": e.type, "offset": e.offset, "length": e.length, "url": e.url or ""}
        for e in sheet.entities
    ]
    assert telegram_accepts(sheet.text, entities) is None
    links = [e for e in sheet.entities if e.type == "text_link"]
    assert len(links) == done
    assert {e.url for e in links} == {"https://a.example/x"}
    assert kept(sheet.text) == sheet.text  # nothing that Telegram drops: offsets stay right


def test_stories_are_attributed_as_in_digests() -> None:
    sheet = Sheet(catalogue("en"))
    one = line("Headline", outlet="NCRI", first="Fars", others={"world-media": 2, "state": 1})
    add_stories(sheet, [one], "UTC", KNOWLEDGE.names.of, first=7)
    assert sheet.text.split("\n") == [
        "7. \u2068Headline\u2069",
        (
            "\u2068NCRI\u2069 (advocacy), 30 July 2026, updated, and 3 other outlets "
            "(2 media, 1 state media), first: \u2068Fars\u2069 (state media)"
        ),
        "named: \u2068Ebrahim Raisi\u2069",
    ]
