"""The whole way by chat: an admin adds a feed, it is polled, the channel is told. `dadkhah run`."""

import contextlib
import json
import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tornado.netutil import bind_sockets

from tests.feedserver import FeedServer
from tests.integration.test_run import ADMIN, Chat, Running, free_port
from tests.journey.harness import (
    CHAT,
    NAMED,
    OTHER,
    RELEVANT,
    TOLD,
    CommandLine,
    Environment,
    environment,
    feed_list,
    links,
    rss,
)
from tests.standin import BotApiStandin, BotApiThread
from tests.standin.judge import telegram_accepts
from tests.standin.webhook import SECRET_HEADER

ONCE = dict.fromkeys(TOLD, 1)


@pytest.fixture
def feeds() -> Iterator[FeedServer]:
    """One feed with nothing to tell, and one that nobody knows of yet."""
    with FeedServer() as server:
        server.set("/quiet.xml", rss(OTHER, "Quiet"))
        server.set("/news.xml", rss((*RELEVANT, *NAMED), "News"))
        yield server


@pytest.fixture
def values(tmp_path: Path, feeds: FeedServer, channel: BotApiStandin) -> Environment:
    """An admin, a channel whose digests fall due at night only, and the quiet feed."""
    night = (datetime.now(UTC) + timedelta(hours=12)).strftime("%H:%M")
    made = environment(tmp_path, None, channel)
    made["DADKHAH_FEEDS"] = str(feed_list(tmp_path, feeds.url("/quiet.xml")))
    return made | {"DADKHAH_SCHEDULE": night, "DADKHAH_ADMINS": str(ADMIN)}


class Ledger:
    """The ledger of deliveries, read beside the program."""

    def __init__(self, values: Environment) -> None:
        self._file = Path(values["DADKHAH_DATA_DIR"]) / "dadkhah.db"

    def rows(self) -> list[tuple[str, int | None]]:
        """State and message id of each page, in the order of digests and pages."""
        with contextlib.closing(sqlite3.connect(self._file)) as connection:
            return connection.execute(
                "SELECT state, message_id FROM delivery ORDER BY digest_id, page"
            ).fetchall()

    @property
    def settled(self) -> int:
        """How many articles are grouped."""
        with contextlib.closing(sqlite3.connect(self._file)) as connection:
            (count,) = connection.execute("SELECT count(*) FROM article WHERE settled").fetchone()
            return int(count)

    @property
    def states(self) -> list[str]:
        """The states alone."""
        return [state for state, _ in self.rows()]


def posts(telegram: BotApiStandin) -> list[str]:
    """What the channel's readers see, in order."""
    return telegram.texts(CHAT)


def add_feed(chat: Chat, telegram: BotApiStandin, running: Running, address: str) -> None:
    """/addfeed, and yes to whatever it asks back."""

    def said() -> str:
        return "\n".join(telegram.texts(ADMIN))

    chat.ask(f"/addfeed {address}")
    shown = [m for m in telegram.sent if m.chat_id == ADMIN][-1]
    if "is watched" not in said() and shown.reply_markup:
        first = shown.reply_markup["inline_keyboard"][0][0]
        telegram.callback(ADMIN, first["callback_data"], shown.id)
    running.until(lambda: "is watched" in said())


def digest(chat: Chat, running: Running, ledger: Ledger) -> None:
    """/digest, once all that was polled is grouped."""
    running.until(lambda: ledger.settled == len(TOLD) + len(OTHER))
    running.until(lambda: "queued" in chat.ask("/digest"))


def by_polling(values: Environment, _: pytest.MonkeyPatch) -> Environment:
    """The program asks for updates."""
    return values


def by_webhook(values: Environment, patch: pytest.MonkeyPatch) -> Environment:
    """Updates are brought to the program, where its health page listens."""
    port = free_port()
    patch.setattr("tests.integration.test_run.free_port", lambda: port)
    hook = f"http://127.0.0.1:{port}/telegram/hook"
    return values | {"DADKHAH_WEBHOOK_URL": hook, "DADKHAH_WEBHOOK_SECRET": "s3cret-of-the-hook_"}


MODES = [pytest.param(by_polling, id="polling"), pytest.param(by_webhook, id="webhook")]


@pytest.mark.parametrize("mode", MODES)
def test_a_feed_that_is_added_by_chat_is_told_in_order_and_once(
    mode: Callable[[Environment, pytest.MonkeyPatch], Environment],
    values: Environment, feeds: FeedServer, channel: BotApiStandin, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    values = mode(values, monkeypatch)
    with Running(values, tmp_path) as running:
        running.has("telegram_connected")
        chat = Chat(channel, running)
        add_feed(chat, channel, running, feeds.url("/news.xml"))
        ledger = Ledger(values)
        digest(chat, running, ledger)
        running.until(lambda: links(channel) == ONCE)
        running.until(lambda: set(ledger.states) == {"sent"})
        shown = [message for message in channel.sent if message.chat_id == CHAT]
        assert [number for _, number in ledger.rows()] == [message.id for message in shown]
        assert len(shown) >= 2
        for number, message in enumerate(shown, 1):
            assert f"{number}/{len(shown)}" in message.text
            assert telegram_accepts(message.text, message.entities) is None

        # The subject itself first, then officials in other news.
        whole = "\n".join(posts(channel))
        assert max(whole.index(n.title[:40]) for n in RELEVANT) < min(
            whole.index(n.title[:40]) for n in NAMED if n.title[:40] in whole
        )
        assert "nothing new" in chat.ask("/digest")
        assert running.stop() < 10
    assert links(channel) == ONCE


def test_nobody_but_telegram_gives_orders_by_the_webhook(
    values: Environment, feeds: FeedServer, channel: BotApiStandin, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    import httpx

    values = by_webhook(values, monkeypatch)
    update = {
        "update_id": 1,
        "message": {
            "message_id": 1, "date": 1, "text": f"/addfeed {feeds.url('/news.xml')}",
            "chat": {"id": ADMIN, "type": "private"},
            "from": {"id": ADMIN, "is_bot": False, "first_name": "X"},
        },
    }  # fmt: skip
    with Running(values, tmp_path) as running:
        running.has("telegram_connected")
        for headers in ({}, {SECRET_HEADER: "s3cret-of-the-hooks"}):
            answer = httpx.post(
                values["DADKHAH_WEBHOOK_URL"], json=update, headers=headers, trust_env=False
            )
            assert answer.status_code in (401, 403)
        assert "relevant: 0" in Chat(channel, running).ask("/status")
        running.stop()
    assert feeds.asked("/news.xml") == []


def settle(dadkhah: CommandLine, telegram: BotApiStandin) -> dict[str, int]:
    """Decide on uncertain pages as an admin who looks at the channel."""
    decided: dict[str, int] = {}
    rows = [json.loads(line) for line in dadkhah("deliveries", "list", "--json").out.splitlines()]
    for row in rows:
        there = any(f"{row['page']}/{row['pages']}" in text for text in posts(telegram))
        decision = "arrived" if there else "resend"
        assert dadkhah("deliveries", "settle", str(row["id"]), decision).code == 0
        decided[decision] = decided.get(decision, 0) + 1
    return decided


def test_faults_on_the_way_lose_and_repeat_nothing(
    values: Environment, feeds: FeedServer, channel: BotApiStandin, tmp_path: Path,
    dadkhah: CommandLine,
) -> None:  # fmt: skip
    channel.fault("sendMessage", "retry_after", seconds=2, chat_id=CHAT)
    channel.fault("sendMessage", "server_error", status=502, chat_id=CHAT)
    channel.fault("sendMessage", "drop_after", chat_id=CHAT)
    dadkhah.use(values)
    with Running(values, tmp_path) as running:
        running.has("telegram_connected")
        chat = Chat(channel, running)
        add_feed(chat, channel, running, feeds.url("/news.xml"))
        ledger = Ledger(values)
        digest(chat, running, ledger)
        running.until(lambda: "queued" not in ledger.states and "sending" not in ledger.states)

        # A 502 may have been recorded, a cut connection was: neither is sent again by itself.
        assert ledger.states[:2] == ["uncertain", "uncertain"]
        sends = [e for e in channel.sends() if e.params["chat_id"] == str(CHAT)]
        assert [e.fault for e in sends[:3]] == ["retry_after", "server_error", "drop_after"]
        assert (sends[1].at - sends[0].at).total_seconds() >= 2
        assert not set(links(channel).values()) - {1}

        assert settle(dadkhah, channel) == {"resend": 1, "arrived": 1}
        running.until(lambda: links(channel) == ONCE)
        running.until(lambda: set(ledger.states) == {"sent"})
        running.stop()
    assert links(channel) == ONCE


def test_what_became_due_while_telegram_was_out_of_reach_is_told_later(
    values: Environment, feeds: FeedServer, tmp_path: Path,
    dadkhah: CommandLine, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    port = free_port()
    monkeypatch.setattr(
        "tests.standin.server.bind_sockets", lambda _, host: bind_sockets(port, host)
    )
    later = values | {"DADKHAH_TELEGRAM_API_URL": f"http://127.0.0.1:{port}"}
    dadkhah.use(later)
    with Running(later, tmp_path) as running:
        running.has("telegram_unreachable")
        assert dadkhah("feeds", "add", feeds.url("/news.xml")).code == 0
        running.until(lambda: len(feeds.asked("/news.xml")) >= 2)  # checked, then polled
        ledger = Ledger(later)
        running.until(lambda: ledger.settled == len(TOLD) + len(OTHER))
        assert dadkhah("digest").code == 0
        running.has("page_not_sent")
        assert set(ledger.states) <= {"queued", "sending"}
        assert running.page("/healthz")[0] == 200
        with BotApiThread() as telegram:
            telegram.add_chat(CHAT)
            running.until(lambda: links(telegram) == ONCE, timeout=60)
            running.until(lambda: set(ledger.states) == {"sent"})
            running.has("telegram_connected")
            assert "Feeds: 2" in Chat(telegram, running).ask("/status")
            running.stop()
            assert links(telegram) == ONCE
