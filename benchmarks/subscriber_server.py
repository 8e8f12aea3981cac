"""Telegram's side of `make bench-subscribers`: takes every message at once, and notes when.

A process of its own, so that its work is not ours. It knows one method, sendMessage, and
answers whatever else is asked with `true`. Loopback only.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any
from urllib.parse import parse_qs

_HEAD = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n"


class TakesAll:
    """What came: the chat, the first line of the text, and when."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, str, float]] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, kept alive."""
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                body = await reader.readexactly(_length(head))
                method = head.split(" ", 2)[1].rpartition("/")[2].lower()
                answer = self._taken(body) if method == "sendmessage" else True
                said = json.dumps({"ok": True, "result": answer}).encode()
                writer.write(_HEAD.format(len(said)).encode() + said)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def _taken(self, body: bytes) -> dict[str, Any]:
        asked = parse_qs(body.decode())
        chat, text = asked["chat_id"][0], asked["text"][0]
        self.taken.append((chat, text.split("\n", 1)[0], time.time()))
        return {
            "message_id": len(self.taken),
            "date": int(time.time()),
            "chat": {"id": 1, "type": "private", "first_name": "x"},
            "text": "x",
        }


def _length(head: str) -> int:
    lines = (line.partition(":") for line in head.split("\r\n")[1:])
    return next((int(v) for name, _, v in lines if name.lower() == "content-length"), 0)


def _run(pipe: Connection) -> None:
    asyncio.run(_serve(pipe))


async def _serve(pipe: Connection) -> None:
    server = TakesAll()
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    pipe.send(listening.sockets[0].getsockname()[1])
    while (await asyncio.to_thread(pipe.recv)) == "how many":
        pipe.send(len(server.taken))
    pipe.send(server.taken)
    listening.close()


class Server:
    """The server as the measuring process sees it."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self.url = f"http://127.0.0.1:{pipe.recv()}"

    def count(self) -> int:
        """How many messages it took."""
        self._pipe.send("how many")
        return int(self._pipe.recv())

    def end(self) -> list[tuple[str, str, float]]:
        """Stop; all that it took: chat, first line of the text, time."""
        self._pipe.send("end")
        taken: list[tuple[str, str, float]] = self._pipe.recv()
        return taken


@contextmanager
def server() -> Iterator[Server]:
    """Serve on a free port of loopback."""
    ours, theirs = get_context("spawn").Pipe()
    process = get_context("spawn").Process(target=_run, args=(theirs,), daemon=True)
    process.start()
    try:
        yield Server(ours)
    finally:
        process.terminate()
        process.join()
