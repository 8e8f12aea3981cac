"""A web server on loopback that answers late and keeps a diary: who asked which host, when.

    python -m benchmarks.late_server SECONDS     prints its port, then serves until it is stopped

It listens on every loopback address; the address that a client connected to is the *host*. A
request that waits for its answer costs no thread, only a timer. Who asks is told by the contact
in the User-Agent, so that two programs are told apart. On 127.0.0.1 it listens to whoever runs
the benchmark: `/visits` answers with the diary as JSON and begins a new one.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

from benchmarks.scale_feeds import answer_of, number_of

CONTROL = "127.0.0.1"
_MOST = 64 * 1024  # bytes of a request's head
_AGENT = b"\r\nuser-agent:"


@dataclass(slots=True)
class Visit:
    """One request; times are monotonic seconds, which all processes of a machine share."""

    host: str
    path: str
    who: str  # the contact in the User-Agent
    began: float
    ended: float = 0.0  # answered or left; 0: still under way
    status: int = 0  # 0: the client left before it was answered


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered, so many seconds late; without a status the connection is cut."""

    status: int
    body: bytes = b""
    headers: bytes = b""  # whole lines
    late: float = 0.0


Site = Callable[[str, str, bytes], Answer]  # host, path, the request's head in lower case


@dataclass
class LateServer:
    """Serves a site in the running loop."""

    site: Site
    visits: list[Visit] = field(default_factory=list)
    port: int = 0

    async def start(self) -> asyncio.Server:
        """Listen on every loopback address, at a port of the system's choice."""
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: _Client(self), "0.0.0.0", 0, backlog=4096)
        self.port = server.sockets[0].getsockname()[1]
        return server


class _Client(asyncio.Protocol):
    """A connection: one request, one answer, and closed."""

    def __init__(self, server: LateServer) -> None:
        self._server = server
        self._received = b""
        self._visit: Visit | None = None
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client came."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Answer once the request is whole."""
        self._received += data
        if self._visit is None and b"\r\n\r\n" in self._received:
            self._asked()
        elif len(self._received) > _MOST:
            self._transport.abort()

    def _asked(self) -> None:
        host = self._transport.get_extra_info("sockname")[0]
        path = self._received.split(b" ", 2)[1].decode("latin-1")
        head = self._received.lower()
        self._visit = Visit(host, path, _who(head), time.monotonic())
        answer = self._server.site(host, path, head)
        if host != CONTROL:
            self._server.visits.append(self._visit)
        if answer.late:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(answer.late, self._answered, answer)
        else:
            self._answered(answer)

    def _answered(self, answer: Answer) -> None:
        assert self._visit is not None
        self._timer = None
        self._visit.ended, self._visit.status = time.monotonic(), answer.status
        if not answer.status:
            self._transport.abort()
            return
        length = b"" if answer.status == 304 else b"Content-Length: %d\r\n" % len(answer.body)
        head = b"HTTP/1.1 %d Said\r\nConnection: close\r\n%b%b\r\n"
        self._transport.write(head % (answer.status, length, answer.headers) + answer.body)
        self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - its signature
        """The client left, or the answer is out."""
        if self._timer is not None and self._visit is not None:
            self._timer.cancel()
            self._visit.ended = time.monotonic()


def _who(head: bytes) -> str:
    start = head.find(_AGENT)
    agent = head[start : head.find(b"\r\n", start + 2)] if start >= 0 else b""
    return agent.partition(b"; +")[2].rstrip(b")").decode("latin-1")


# ---------------------------------------------------------------- the benchmark's process


async def _serve(late: float) -> None:
    taken: list[Visit] = []

    def site(host: str, _path: str, head: bytes) -> Answer:
        if host == CONTROL:
            taken[:], server.visits[:] = server.visits, []
            return Answer(200, json.dumps([_row(visit) for visit in taken]).encode())
        status, headers, body = answer_of(number_of(host), head, datetime.now(UTC))
        return Answer(status, body, headers, late)

    server = LateServer(site)
    async with await server.start() as listening:
        print(server.port, flush=True)
        with contextlib.suppress(asyncio.CancelledError):
            await listening.serve_forever()


def _row(visit: Visit) -> list[Any]:
    return [visit.host, visit.path, visit.who, visit.began, visit.ended, visit.status]


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(float(sys.argv[1])))
