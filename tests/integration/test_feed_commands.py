"""Feeds by chat: a bot in this process, a stand-in of Telegram, sites on loopback."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import pytest

from bot.app import Knowledge, Program, open_database, program
from bot.commands import router
from bot.commands.orders import ALL, PRESS, Choices
from bot.updates import Updates
from config.settings import load
from tests.feedserver import FeedServer
from tests.journey.harness import (
    NAMED,
    OTHER,
    RELEVANT,
    Kept,
    environment,
    inline,
    logging_as_it_was,
    rss,
)
from tests.standin import BotApiStandin
from tests.standin.rules import MAX_CALLBACK_BYTES, MAX_UNITS, utf16_units
from watchers.discovery import Check
from watchers.feedlist import parse_feed_list
from watchers.model import FeedSpec, FetchFailure, PollResult
from watchers.ports import Store

T = TypeVar("T")
ADMIN, STRANGER = 7, 9
KNOWLEDGE = Knowledge()
_TLS = cache(ssl.create_default_context)
RSS = 'rel="alternate" type="application/rss+xml"'


@dataclass
class Bot:
    """A bot that reads its updates, and those who write to it."""

    telegram: BotApiStandin
    program: Program

    async def ask(self, text: str, user: int = ADMIN, **how: Any) -> str:
        """Write, and wait for the first answer."""
        return await self._answer(user, lambda: self.telegram.message(user, text, **how))

    async def send(self, name: str, data: bytes, caption: str = "", user: int = ADMIN) -> str:
        """Send a document, and wait for the answer."""
        return await self._answer(
            user, lambda: self.telegram.document(user, name, data, caption=caption)
        )

    async def press(self, label: str, user: int = ADMIN) -> tuple[str, str]:
        """Press a button of the latest message: what popped up, what was written."""
        data = self.buttons[label]
        before, texts = len(self.telegram.answers), len(self.telegram.texts(ADMIN))
        message = self.telegram.sent[-1].id
        self.telegram.callback(user, data, message, chat_id=ADMIN)
        await self.telegram.until(lambda: len(self.telegram.answers) > before)
        popped = str(self.telegram.answers[before].get("text", ""))
        if not popped:
            await self.telegram.until(lambda: len(self.telegram.texts(ADMIN)) > texts)
        return popped, "\n".join(self.telegram.texts(ADMIN)[texts:])

    @property
    def buttons(self) -> dict[str, str]:
        """The buttons of the latest message that has some: data by label."""
        shown = [m.reply_markup for m in self.telegram.sent if m.reply_markup]
        rows = shown[-1]["inline_keyboard"] if shown else []
        return {button["text"]: button["callback_data"] for row in rows for button in row}

    async def store(self, work: Callable[[Store], T]) -> T:
        """Look into the database."""
        return await self.program.database(work)

    async def urls(self) -> list[str]:
        """What is watched."""
        return [feed.url for feed in await self.store(lambda s: s.feeds())]

    async def _answer(self, user: int, act: Callable[[], object]) -> str:
        before = len([m for m in self.telegram.sent if m.chat_id == user])
        act()

        def answers() -> list[Any]:
            return [m for m in self.telegram.sent if m.chat_id == user][before:]

        await self.telegram.until(lambda: bool(answers()))
        return str(answers()[0].text)


@pytest.fixture(scope="module")
def site() -> Any:
    """A page with three feeds, one of them of comments; a page with one; a page with none."""
    with FeedServer() as server:
        page = f'<link {RSS} href="/comments/feed/"><link {RSS} href="/en.xml">'
        server.set("/many", f"{page}<link {RSS} href='/fa.xml'>", content_type="text/html")
        server.set("/single", f"<link {RSS} href='/one.xml'>", content_type="text/html")
        server.set("/none", "<html><a href='/about'>x</a></html>", content_type="text/html")
        server.set("/en.xml", rss(RELEVANT, "Sample News"))
        fa = rss(RELEVANT[:1], "نمونه").replace("<language>en", "<language>fa")
        server.set("/fa.xml", fa)
        server.set("/one.xml", rss(RELEVANT[1:2], "One"))
        server.set("/officials.xml", rss(NAMED, "Officials"))
        server.set("/comments/feed/", rss(OTHER, "Comments"))
        server.set("/broken", "<rss", content_type="application/xml")
        server.set("/down", "sorry", status=503)
        server.set("/empty", "")
        server.set("/slow.xml", rss(OTHER, "Slow"), delay=0.3)
        yield server


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: Kept) -> None:
    """One feed, which nobody can ask for, in a database that is made once."""
    for name, value in (environment(tmp_path) | {"DADKHAH_ADMINS": str(ADMIN)}).items():
        monkeypatch.setenv(name, value)
    found = load(folder=Path("/nonexistent"))
    kept("one", tmp_path / "data", lambda: open_database(found).close())


@pytest.fixture
async def bot(settings: None, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bot]:
    """A bot that is connected."""
    inline(monkeypatch)
    monkeypatch.setattr(ssl, "create_default_context", _TLS)  # no TLS here; each takes 50 ms
    with logging_as_it_was():
        async with BotApiStandin() as telegram:
            monkeypatch.setenv("DADKHAH_TELEGRAM_API_URL", telegram.api_url)
            monkeypatch.setenv("DADKHAH_TELEGRAM_TOKEN", telegram.token)
            async with _running(telegram) as running:
                yield running


@asynccontextmanager
async def _running(telegram: BotApiStandin) -> AsyncIterator[Bot]:
    found = load(folder=Path("/nonexistent"))
    async with program(found, open_database(found), KNOWLEDGE) as parts:
        updates = Updates(parts)
        await updates.keep_going()
        await telegram.until(lambda: bool(telegram.state.pollers))
        try:
            yield Bot(telegram, parts)
        finally:
            await updates.stop()


# ---------------------------------------------------------------- adding


async def test_feed_is_added_at_once_and_told_what_it_would_have_brought(
    bot: Bot, site: FeedServer
) -> None:
    said = await bot.ask(f"/addfeed {site.url('/one.xml')}")
    assert said.startswith(f"Feed 2 is watched: One\n{site.url('/one.xml')}\n1 entry, 1 of them")
    assert f"\n1 on the subject: “{RELEVANT[1].title[:40]}" in said
    assert (await bot.urls())[1:] == [site.url("/one.xml")]


async def test_page_with_one_feed_shows_what_it_would_have_brought_first(
    bot: Bot, site: FeedServer
) -> None:
    said = await bot.ask(f"/addfeed {site.url('/single')}")
    assert "is a page with 1 feed. Nothing was added yet" in said
    assert f"\n1 on the subject: “{RELEVANT[1].title[:40]}" in said
    assert len(await bot.urls()) == 1
    assert list(bot.buttons) == ["1. One"]
    assert "Feed 2 is watched: One" in (await bot.press("1. One"))[1]
    assert (await bot.urls())[1:] == [site.url("/one.xml")]


async def test_entries_that_name_officials_and_those_that_match_nothing_are_told(
    bot: Bot, site: FeedServer
) -> None:
    said = await bot.ask(f"/addfeed {site.url('/officials.xml')}")
    assert "9 entries, 0 of them on the subject." in said
    assert "\n9 naming officials in other news: “Gholam-Hossein Mohseni-Ejei inspects" in said
    assert said.endswith(" …")
    said = await bot.ask(f"/addfeed {site.url('/slow.xml')}")
    assert said.endswith("\nNothing in its last entries is on the subject or names an official.")


async def test_page_with_several_feeds_is_a_choice_by_buttons(bot: Bot, site: FeedServer) -> None:
    said = await bot.ask(f"/addfeed {site.url('/many')}")
    assert "is a page with 3 feeds. Nothing was added yet" in said
    assert "2. نمونه (fa, 1 entry, the last of 20" in said
    assert "\n3 on the subject: “Parliamentary committee" in said
    assert "\nNothing in its last entries is on the subject" in said  # the comments
    assert len(await bot.urls()) == 1
    assert list(bot.buttons) == ["1. Sample News", "2. نمونه", "3. Comments", "all of them"]
    assert all(len(data.encode()) <= MAX_CALLBACK_BYTES for data in bot.buttons.values())

    assert "Feed 2 is watched: نمونه" in (await bot.press("2. نمونه"))[1]
    popped, _ = await bot.press("2. نمونه")
    assert "watched already: feed 2" in popped
    _, written = await bot.press("all of them")  # but the one that is watched
    assert ("Sample News" in written, "Comments" in written, "نمونه" in written) == (
        True, True, False,
    )  # fmt: skip
    paths = ("/fa.xml", "/en.xml", "/comments/feed/")
    assert (await bot.urls())[1:] == [site.url(path) for path in paths]
    audit = await bot.store(lambda s: [r.actor for r in s.audit() if r.action == "feed.add"])
    assert audit.count(str(ADMIN)) >= 1


async def test_press_counts_only_with_rights_held_now(bot: Bot, site: FeedServer) -> None:
    await bot.ask(f"/addfeed {site.url('/many')}")
    assert "for admins" in (await bot.press("all of them", STRANGER))[0]
    now = datetime.now(UTC)
    await bot.store(lambda s: s.grant(8, "owner", at=now, actor="cli"))  # one there must be
    await bot.store(lambda s: s.revoke(ADMIN, at=now, actor="cli"))
    assert "for admins" in (await bot.press("all of them"))[0]
    assert len(await bot.urls()) == 1


@pytest.mark.parametrize("data", ["feed:gone:0", "feed:gone:all", "feed:", "feed:x:9999999"])
async def test_old_button_answers_politely(bot: Bot, site: FeedServer, data: str) -> None:
    await bot.ask(f"/addfeed {site.url('/many')}")
    before = len(bot.telegram.answers)
    bot.telegram.callback(ADMIN, data, bot.telegram.sent[-1].id)
    await bot.telegram.until(lambda: len(bot.telegram.sent) > 1)
    assert "This button is old" in bot.telegram.sent[-1].text
    assert len(bot.telegram.answers) == before + 1
    assert len(await bot.urls()) == 1


def test_choices_are_bounded_and_name_only_what_was_found() -> None:
    choices = Choices()
    checks = (Check("https://a.example/"), Check("https://b.example/"))
    token = choices.keep(checks)
    assert choices.take(f"{PRESS}:{token}:1") == checks[1:]
    assert choices.take(f"{PRESS}:{token}:{ALL}") == checks
    for data in ("", ":", f"{PRESS}:{token}:2", f"{PRESS}:{token}:-1", f"{PRESS}:{token}:",
                 f"x:{token}:1", f"{PRESS}:{token}:۱"):  # fmt: skip
        assert choices.take(data) == ()
    for _ in range(500):
        choices.keep(checks)
    assert choices.take(f"{PRESS}:{token}:1") == ()


async def test_answer_that_takes_long_is_announced_and_blocks_nobody(
    bot: Bot, site: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(router, "_PATIENCE", 0.01)
    assert "can take a minute" in await bot.ask(f"/addfeed {site.url('/slow.xml')}")
    await bot.telegram.until(lambda: any("Slow" in m.text for m in bot.telegram.sent))


WRONG = {  # what an admin sends: what is answered
    "nothing": ("/addfeed", "Usage: /addfeed URL"),
    "two-words": ("/addfeed https://a.example/ https://b.example/", "Usage: /addfeed URL"),
    "words": ("/addfeed news", "must begin with https://"),
    "no-scheme": ("/addfeed news.example/feed", "Try https://news.example/feed"),
    "file": ("/addfeed file:///etc/passwd", "must begin with https://"),
    "password": ("/addfeed https://me:secret@news.example/", "holds a user name or a password"),
    "private-chat": ("/addfeed https://t.me/+AbCdEfGh", "Only public channels"),
    "private-address": ("/addfeed http://10.1.2.3/feed", "Only public web addresses"),
    "metadata-address": ("/addfeed http://169.254.169.254/latest", "Only public web addresses"),
    "watched": ("/addfeed https://nowhere.example/feed", "watched already: feed 1"),
    "no-feed": ("/feed 99", "/feeds shows the feeds"),
    "no-number": ("/feed x", "/feeds shows the feeds"),
    "huge-number": ("/pausefeed 99999999999999999999999", "/feeds shows the feeds"),
    "superscript": ("/resumefeed ²", "/feeds shows the feeds"),
    "nameless": ("/checkfeed", "Usage: /checkfeed"),
    "page-too-far": ("/feeds 2", "Usage: /feeds [PAGE]"),
    "page-zero": ("/feeds 0", "Usage: /feeds [PAGE]"),
}
UNREADABLE = {  # paths of the site
    "/none": "Nor was a feed found at 8 likely addresses. Give the address of the feed itself",
    "/missing": "the server answered 404. Check the address in a browser",
    "/broken": "was not added",
    "/empty": "the answer is empty",
}


@pytest.mark.parametrize("case", WRONG)
async def test_wrong_order_is_explained_and_changes_nothing(bot: Bot, case: str) -> None:
    order, said = WRONG[case]
    before = await bot.store(lambda s: (s.feeds(), s.audit()))
    answer = await bot.ask(order)
    assert said in answer
    assert "secret" not in answer
    assert "dadkhah " not in answer  # nobody in a chat has a shell
    assert await bot.store(lambda s: (s.feeds(), s.audit())) == before


@pytest.mark.parametrize("path", UNREADABLE)
async def test_what_leads_to_no_feed_is_not_added(bot: Bot, site: FeedServer, path: str) -> None:
    assert UNREADABLE[path] in await bot.ask(f"/addfeed {site.url(path)}")
    assert len(await bot.urls()) == 1


async def test_server_that_is_down_is_added_and_told(bot: Bot, site: FeedServer) -> None:
    said = await bot.ask(f"/addfeed {site.url('/down')}")
    assert "It could not be read now: the server answered 503. It is tried again." in said
    assert (await bot.urls())[1:] == [site.url("/down")]


# ---------------------------------------------------------------- looking and changing


def _failed(feed_id: int, at: datetime) -> PollResult:
    return PollResult(
        feed_id=feed_id, at=at, next_due=at + timedelta(hours=1), interval=900, failures=1.0,
        outcome="failed", status=503,
        failure=FetchFailure("status", "the server answered 503", 503),
    )  # fmt: skip


def _lossy(feed_id: int, at: datetime) -> PollResult:
    return PollResult(
        feed_id=feed_id, at=at, next_due=at + timedelta(hours=1), interval=900, failures=0.0,
        outcome="changed", status=200, size=60_000, full=True, listed=20,
        gap=(at - timedelta(hours=6), at),
    )  # fmt: skip


async def test_feed_is_shown_with_its_polls_by_number_in_any_digits(bot: Bot) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    await bot.store(lambda s: s.save_poll(_lossy(1, now - timedelta(hours=9))))
    await bot.store(lambda s: s.save_poll(_failed(1, now - timedelta(hours=8))))
    said = await bot.ask("/feed ۱")
    for part in (
        "address: https://nowhere.example/feed",
        "state: failing for 8 h: the server answered 503",
        "2 polls, 1 failed",
        "asked: every 15 min, less often while it fails",
        "validators: none",
        "possible gaps: 20",
        "silent: no",
        "failed: status 503",
        "changed, 0 new of 20",
    ):
        assert part in said


async def test_status_tells_what_may_have_been_missed(bot: Bot) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    quiet = await bot.ask("/status")
    assert "gap" not in quiet
    assert "Failing" not in quiet
    await bot.store(lambda s: s.save_poll(_lossy(1, now - timedelta(hours=9))))
    await bot.store(lambda s: s.save_poll(_failed(1, now - timedelta(hours=8))))
    said = await bot.ask("/status")
    assert "Feeds: 1, 0 read at their latest poll, 1 unreachable for 6 hours or more" in said
    assert "Failing since: nowhere.example (8 h ago)." in said
    assert "Possible gaps in the last 24 h (UTC): nowhere.example 20" in said


async def test_feed_is_paused_resumed_and_checked(bot: Bot, site: FeedServer) -> None:
    assert "is paused" in await bot.ask("/pausefeed ۱")
    assert "1. nowhere.example (en): paused" in await bot.ask("/feeds")
    assert "none while it is paused" in await bot.ask("/feed 1")
    assert "polled again" in await bot.ask("/resumefeed 1")
    assert "It can be read: Sample News (en, 3 entries" in await bot.ask(
        f"/checkfeed {site.url('/en.xml')}"
    )
    said = await bot.ask(f"/checkfeed {site.url('/many')}")
    assert "It cannot be read now" in said
    assert "/addfeed looks for the feeds of a page" in said
    actions = [record.action for record in await bot.store(lambda s: s.audit())]
    assert actions[:2] == ["feed.resume", "feed.pause"]


async def test_long_list_of_feeds_comes_in_pages_with_failing_ones_first(bot: Bot) -> None:
    now = datetime.now(UTC)
    specs = [FeedSpec(f"https://{n}.example/", f"{n} {'نام' * 40}", "fa") for n in range(60)]
    await bot.store(lambda s: s.add_feeds(specs, at=now, actor="cli"))
    await bot.store(lambda s: s.save_poll(_failed(50, now)))
    first = await bot.ask("/feeds")
    assert first.startswith("61 feeds, 1 failing:\n50. ")
    assert first.endswith("and 41 more: /feeds 2")
    assert utf16_units(first) < MAX_UNITS
    assert "and" not in await bot.ask("/feeds ۴")
    await asyncio.sleep(0)
    assert len([m for m in bot.telegram.sent if m.chat_id == ADMIN]) == 2


# ---------------------------------------------------------------- lists

GOOD = '<outline text="A" xmlUrl="https://a.example/feed" language="fa" category="un"/>'
BAD = '<outline text="B" xmlUrl="gopher://b.example/"/>'


def opml(*outlines: str) -> bytes:
    return f'<opml version="2.0"><body>{"".join(outlines)}</body></opml>'.encode()


async def test_list_is_added_with_what_was_odd_about_it(bot: Bot) -> None:
    known = '<outline xmlUrl="https://nowhere.example/feed"/>'
    odd = '<outline xmlUrl="https://c.example/" category="blog"/>'
    said = await bot.send("list.opml", opml(GOOD, GOOD, known, odd))
    assert said.startswith("2 feeds added, 1 were watched already.")
    assert "1 address listed twice:\n  https://a.example/feed" in said
    assert "kind 'blog' is none of" in said
    first = (await bot.store(lambda s: s.feeds()))[1]
    assert (first.name, first.language, first.kind) == ("A", "fa", "un")


async def test_list_with_a_bad_row_adds_nothing_unless_it_may_skip_it(bot: Bot) -> None:
    said = await bot.send("list.opml", opml(GOOD, BAD))
    assert "list.opml: nothing was changed." in said
    assert "'gopher://b.example/' is no http(s) address" in said
    assert '"skip bad" to add the 1 other feed' in said
    assert len(await bot.urls()) == 1
    said = await bot.send("list.opml", opml(GOOD, BAD), caption="Skip bad")
    assert said.startswith("1 feed added, 0 were watched already.\n1 row left out:")
    assert (await bot.urls())[1:] == ["https://a.example/feed"]


BROKEN = {
    "a-picture": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "cannot be used"),
    "empty-list": (opml(), "no feed in it"),
    "cut-off": (b"<opml><body>", "not well-formed"),
    "a-feed": (b"<rss><channel/></rss>", "<rss> is no OPML"),
    "bomb": (b'<!DOCTYPE o [<!ENTITY a "b"><!ENTITY c "&a;&a;">]><opml/>', "DOCTYPE"),
    "outside-entity": (b'<!DOCTYPE o SYSTEM "file:///etc/passwd"><opml/>', "DOCTYPE"),
    "too-deep": (b"<opml>" + b"<outline>" * 99, "nested over 50 deep"),
    "too-large": (b"#" * 1_000_001, "too large"),
    "all-bad": (opml(*[BAD] * 200), "and 190 more"),
}


@pytest.mark.parametrize("case", BROKEN)
async def test_document_that_is_no_list_changes_nothing(bot: Bot, case: str) -> None:
    data, said = BROKEN[case]
    answer = await bot.send(f"{case}.opml", data)
    assert said in answer
    assert "othing was changed" in answer
    assert len(await bot.urls()) == 1


async def test_list_of_a_stranger_is_not_even_downloaded(bot: Bot) -> None:
    assert "for admins" in await bot.send("list.opml", opml(GOOD), user=STRANGER)
    assert not [call for call in bot.telegram.calls if call.method.lower() == "getfile"]
    assert len(await bot.urls()) == 1


async def test_too_large_document_is_not_downloaded(bot: Bot) -> None:
    assert "too large" in await bot.send("list.opml", b" " * 1_000_001)
    assert not [call for call in bot.telegram.calls if call.method.lower() == "getfile"]


async def test_document_that_telegram_loses_is_told(bot: Bot) -> None:
    bot.telegram.fault("getFile", "refuse")
    assert "could not be got from Telegram" in await bot.send("list.opml", opml(GOOD))
    assert len(await bot.urls()) == 1


async def test_feeds_come_back_as_a_list(bot: Bot) -> None:
    await bot.send("list.opml", opml(GOOD))
    await bot.ask("/export")
    name, data = bot.telegram.sent[-1].document or ("", b"")
    assert name.endswith(".opml")
    specs = {feed.url: feed for feed in parse_feed_list(data, name).feeds}
    assert specs["https://a.example/feed"].kind == "un"
    assert len(specs) == 2
