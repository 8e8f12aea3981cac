"""A small real web server on loopback, for tests of everything that fetches.

    with FeedServer() as server:
        server.set("/feed.xml", FEED, etag='"v1"')
        fetch(server.url("/feed.xml"))
        assert server.requests[0].headers["User-Agent"]

It serves from a thread of its own, so that tests may block and child programs may fetch.
"""

import asyncio
import gzip
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from http.client import responses
from typing import Any, Self

from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPHeaders
from tornado.iostream import StreamClosedError
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler


@dataclass(frozen=True)
class Request:
    """A request as it came."""

    method: str
    path: str  # with its query
    host: str  # as the client named it, port included
    headers: HTTPHeaders
    at: datetime


@dataclass(frozen=True)
class Route:
    """What one path answers.

    etag, last_modified: sent along, and answered with 304 when the client has them already.
    gzip: compressed for clients that accept it (for a bomb set body and headers yourself).
    delay: seconds before the first byte. drip: seconds between pieces of `piece` bytes.
    endless: the body again and again until the client leaves.
    cut: the connection is closed after this many bytes of a longer promised body.
    """

    body: bytes = b""
    status: int = 200
    content_type: str | None = "application/xml; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)
    etag: str | None = None
    last_modified: datetime | None = None
    gzip: bool = False
    delay: float = 0
    drip: float = 0
    piece: int = 64
    endless: bool = False
    cut: int | None = None


Answer = Route | Callable[[Request], Route]


class _Handler(RequestHandler):
    def initialize(self, feeds: "FeedServer") -> None:
        self.feeds = feeds

    def compute_etag(self) -> str | None:
        return None  # only the route's own

    async def get(self) -> None:
        """Log the request and answer as the route says."""
        request = Request(
            method=str(self.request.method),
            path=str(self.request.uri),
            host=self.request.host,
            headers=self.request.headers,
            at=datetime.now(UTC),
        )
        self.feeds.requests.append(request)
        answer = self.feeds.find(request.path)
        route = answer(request) if callable(answer) else answer
        if route.delay:
            await asyncio.sleep(route.delay)
        try:
            await self.answer(route)
        except StreamClosedError:
            self._auto_finish = False  # the client has left: nobody to answer

    head = get
    post = get

    async def answer(self, route: Route) -> None:
        """Status, headers and body, or 304."""
        self.write_head(route)
        if self.is_known(route):
            self.set_status(304)
            return
        body = self.encoded(route)
        if route.endless or route.drip:
            await self.write_slowly(route, body)
        elif route.cut is not None:
            self.set_header("Content-Length", str(len(body)))
            await self.write_and_hang_up(route, body)
        else:
            self.write(body)

    def write_head(self, route: Route) -> None:
        """The status line and the headers."""
        self.set_status(route.status, responses.get(route.status, "Unknown"))
        self.clear_header("Content-Type")
        if route.content_type is not None:
            self.set_header("Content-Type", route.content_type)
        if route.etag is not None:
            self.set_header("ETag", route.etag)
        if route.last_modified is not None:
            self.set_header("Last-Modified", format_datetime(route.last_modified, usegmt=True))
        for name, value in route.headers.items():
            self.set_header(name, value)

    def is_known(self, route: Route) -> bool:
        """Whether the client's copy is this one; an ETag outweighs a date (RFC 9110, 13.1.3)."""
        tags = self.request.headers.get("If-None-Match")
        if tags is not None:
            return route.etag is not None and route.etag in [t.strip() for t in tags.split(",")]
        since = self.request.headers.get("If-Modified-Since")
        known = route.last_modified
        return known is not None and since == format_datetime(known, usegmt=True)

    def encoded(self, route: Route) -> bytes:
        """The body as it goes over the wire."""
        if route.gzip and "gzip" in self.request.headers.get("Accept-Encoding", ""):
            self.set_header("Content-Encoding", "gzip")
            return gzip.compress(route.body)
        return route.body

    async def write_slowly(self, route: Route, body: bytes) -> None:
        """The body in pieces, once or for ever."""
        going = True
        while going and not self.feeds.stopping:
            for start in range(0, len(body), route.piece):
                self.write(body[start : start + route.piece])
                await self.flush()
                await asyncio.sleep(route.drip)
            going = route.endless

    async def write_and_hang_up(self, route: Route, body: bytes) -> None:
        """Only the beginning of a promised body."""
        lines = [f"HTTP/1.1 {route.status} Cut"]
        lines += [f"{name}: {value}" for name, value in self._headers.get_all()]
        head = "\r\n".join([*lines, "", ""]).encode("latin-1")
        # Past tornado's own writer, which would not let a promise be broken.
        stream = self.detach()
        await stream.write(head + body[: route.cut])
        stream.close()


class FeedServer:
    """Routes that can be set at any time, and a log of what was asked."""

    def __init__(self, hosts: Sequence[str] = ("127.0.0.1",)) -> None:
        """Serve on these loopback addresses, all on one port."""
        self.hosts = tuple(hosts)
        self.port = 0
        self.routes: dict[str, Answer] = {}
        self.requests: list[Request] = []
        self.stopping = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="feeds", daemon=True)

    def url(self, path: str = "/", host: str | None = None) -> str:
        """The address of a path, on the first host or another."""
        return f"http://{host or self.hosts[0]}:{self.port}{path}"

    def set(self, path: str, body: bytes | str = b"", **fields: Any) -> str:
        """Answer a path from now on, with the fields of Route; gives its URL."""
        data = body.encode() if isinstance(body, str) else body
        self.routes[path] = Route(data, **fields)
        return self.url(path)

    def call(self, path: str, answer: Callable[[Request], Route]) -> str:
        """Let a function (run in the server's thread) answer a path; gives its URL."""
        self.routes[path] = answer
        return self.url(path)

    def redirect(self, path: str, to: str, status: int = 301) -> str:
        """Send the client elsewhere; gives the URL that does."""
        return self.set(path, status=status, headers={"Location": to})

    def find(self, path: str) -> Answer:
        """The route of a path: with its query, else without, else 404."""
        missing = Route(b"not found", 404, "text/plain")
        return self.routes.get(path) or self.routes.get(path.partition("?")[0]) or missing

    def asked(self, path: str) -> list[Request]:
        """The requests for one path, whatever their query."""
        return [r for r in list(self.requests) if path in (r.path, r.path.partition("?")[0])]

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        handlers = [(r".*", _Handler, {"feeds": self})]
        server = HTTPServer(Application(handlers, log_function=lambda handler: None))
        try:
            for host in self.hosts:
                sockets = bind_sockets(self.port, host)
                self.port = sockets[0].getsockname()[1]
                server.add_sockets(sockets)
            self._ready.set()
            await self._stop.wait()
        finally:
            self.stopping = True
            self._ready.set()
            server.stop()
            await server.close_all_connections()
            await asyncio.sleep(0.01)  # lets closed connections take leave of the loop

    def __enter__(self) -> Self:
        """Start, and wait until it listens."""
        self._thread.start()
        self._ready.wait(10)
        assert self.port, "the feed server did not start"
        return self

    def __exit__(self, *exc: object) -> None:
        """Stop, and wait until it has."""
        assert self._loop is not None
        assert self._stop is not None
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)
