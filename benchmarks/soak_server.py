"""The world of `make soak`, in a process of its own, on loopback: feeds, pages, Telegram.

The address that a client connected to tells the site. A feed changes once in some polls: one or two
new entries at the top, now and then another text of one it has; some fail at times. Articles' pages
lie at ever new addresses, so that what is remembered of hosts could grow without end. Telegram
takes every message, and brings updates of ever new people.

It reads the soak's own clock from a file that both have mapped.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import mmap
import random
import struct
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from benchmarks.words import on_subject, sentences, title

LISTED = 12  # entries of a feed
CHANGES = 25  # polls of a feed until it changes, in the mean
_FAILS = 150  # polls of a feed until one fails
_ON_SUBJECT = 6  # every so many new entries one is on the subject
_TAG = '"{}"'
_TELEGRAM = "127.0.0.1"
_BOT = {"id": 1, "is_bot": True, "first_name": "Soak", "username": "soak_bot"}
_SAID = ("/latest", "/officials", "/search executions", "/help", "/start", "/settings", "/about")


class Clock:
    """The soak's time, in seconds since 1970, as both processes see it."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.write_bytes(struct.pack("d", 0.0))
        with path.open("r+b") as file:
            self._shared = mmap.mmap(file.fileno(), 8)

    @property
    def seconds(self) -> float:
        """Now."""
        value: float = struct.unpack("d", self._shared[:8])[0]
        return value

    @seconds.setter
    def seconds(self, value: float) -> None:
        self._shared[:8] = struct.pack("d", value)


@dataclass(slots=True)
class Entry:
    """What a feed lists."""

    number: int
    at: float
    title: str
    text: str
    place: str


@dataclass(slots=True)
class Site:
    """A feed."""

    number: int
    entries: list[Entry] = field(default_factory=list)
    made: int = 0
    version: int = 0
    body: bytes = b""


class World:
    """All that is answered."""

    def __init__(self, clock: Clock, seed: int) -> None:
        self._clock = clock
        self._rng = random.Random(seed)
        self._sites: dict[str, Site] = {}
        self._messages = 0
        self._updates = 0
        self.port = 0

    # ------------------------------------------------------------ feeds and pages

    def feed(self, address: str, head: str) -> bytes:
        """What a site answers to a poll."""
        site = self._sites.get(address)
        if site is None:
            site = self._sites[address] = Site(len(self._sites))
            for _ in range(LISTED):
                self._add(site, self._clock.seconds - 3600.0)
            self._changed(site)
        elif self._rng.random() < 1 / CHANGES:
            self._change(site)
        if self._rng.random() < 1 / _FAILS:
            return _answer("503 Service Unavailable", b"", "text/plain")
        tag = _TAG.format(site.version)
        if f"if-none-match: {tag}" in head.lower():
            return f"HTTP/1.1 304 Not Modified\r\nETag: {tag}\r\n\r\n".encode()
        return _answer("200 OK", site.body, "application/rss+xml", f"ETag: {tag}\r\n")

    def _change(self, site: Site) -> None:
        if self._rng.random() < 0.2:
            entry = self._rng.choice(site.entries)
            entry.title += f" ({self._rng.randrange(1_000)})"
        else:
            for _ in range(self._rng.randint(1, 2)):
                self._add(site, self._clock.seconds)
        self._changed(site)

    def _add(self, site: Site, at: float) -> None:
        site.made += 1
        rng = self._rng
        if site.made % _ON_SUBJECT:
            head, text = title("en", rng), " ".join(sentences("en", 60, rng))
        else:
            head, opening = on_subject("en", rng)
            text = f"{opening} {' '.join(sentences('en', 40, rng))}"
        place = f"127.{rng.randint(64, 250)}.{rng.randrange(256)}.{rng.randint(1, 254)}"
        site.entries.insert(0, Entry(site.made, at, head, text, place))
        del site.entries[LISTED:]

    def _changed(self, site: Site) -> None:
        site.version += 1
        items = "".join(
            f"<item><title>{one.title}</title>"
            f"<link>http://{one.place}:{self.port}/{site.number}/{one.number}</link>"
            f"<guid isPermaLink='false'>{site.number}-{one.number}</guid>"
            f"<pubDate>{format_datetime(datetime.fromtimestamp(one.at, UTC))}</pubDate>"
            f"<description>{one.text}</description></item>"
            for one in site.entries
        )
        site.body = (
            "<?xml version='1.0'?><rss version='2.0'><channel>"
            f"<title>Feed {site.number}</title>{items}</channel></rss>"
        ).encode()

    def page(self, path: str) -> bytes:
        """An article's page: the same words each time."""
        rng = random.Random(blake2b(path.encode(), digest_size=8).digest())
        text = "".join(f"<p>{line}</p>" for line in sentences("en", 400, rng))
        body = f"<html><body><article><h1>Report</h1>{text}</article></body></html>".encode()
        return _answer("200 OK", body, "text/html; charset=utf-8")

    # ------------------------------------------------------------ Telegram

    async def telegram(self, method: str, given: dict[str, str]) -> Any:
        """What the Bot API answers."""
        if method == "getme":
            return _BOT
        if method == "getupdates":
            await asyncio.sleep(0.5)
            return [self._update()]
        if method in ("sendmessage", "editmessagetext"):
            self._messages += 1
            chat = given.get("chat_id", "")
            return self._message(int(chat) if chat.isdigit() else -100)
        if method == "getwebhookinfo":
            return {"url": "", "has_custom_certificate": False, "pending_update_count": 0}
        return True

    def _message(self, chat: int) -> dict[str, Any]:
        kind = "private" if chat > 0 else "channel"
        place = {"id": chat, "type": kind, "first_name": "x", "title": "x"}
        return {
            "message_id": self._messages, "date": int(self._clock.seconds), "chat": place,
            "text": "x",
        }  # fmt: skip

    def _update(self) -> dict[str, Any]:
        self._updates += 1
        user = 10_000_000 + self._updates
        said = _SAID[self._updates % len(_SAID)]
        message = self._message(user) | {
            "from": {"id": user, "is_bot": False, "first_name": "x", "language_code": "en"},
            "text": said,
            "entities": [{"type": "bot_command", "offset": 0, "length": len(said.split()[0])}],
        }
        return {"update_id": self._updates, "message": message}

    # ------------------------------------------------------------ connections

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        address = writer.get_extra_info("sockname")[0]
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, ValueError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                path = head.split(" ", 2)[1]
                if address != _TELEGRAM:
                    writer.write(self._site_answer(address, path, head))
                    break
                body = (await reader.readexactly(_length(head))).decode()
                method = path.rpartition("/")[2].lower()
                given = dict(parse_qsl(body))
                result = {"ok": True, "result": await self.telegram(method, given)}
                writer.write(_answer("200 OK", json.dumps(result).encode(), "application/json"))
                await writer.drain()
        with contextlib.suppress(ConnectionError):
            writer.close()
            await writer.wait_closed()

    def _site_answer(self, address: str, path: str, head: str) -> bytes:
        if path == "/feed":
            return self.feed(address, head)
        if path == "/robots.txt":
            return _answer("200 OK", b"User-agent: *\nDisallow: /private\n", "text/plain")
        return self.page(path)


def _answer(status: str, body: bytes, kind: str, more: str = "") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n{more}\r\n"
    return head.encode() + body


def _length(head: str) -> int:
    lines = (line.partition(":") for line in head.split("\r\n")[1:])
    return next((int(v) for name, _, v in lines if name.lower() == "content-length"), 0)


async def main(clock: Path, seed: int) -> None:
    """Print the port, then serve until the process is stopped."""
    world = World(Clock(clock), seed)
    listening = await asyncio.start_server(world.serve, "0.0.0.0", 0, backlog=4096)
    world.port = listening.sockets[0].getsockname()[1]
    print(world.port, flush=True)
    await listening.serve_forever()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
