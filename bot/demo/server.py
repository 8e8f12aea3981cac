"""A loopback server that stands in for an HTTP forward proxy and answers with the sample feeds.

The fetcher is told to use `proxy_url` and asks for `http://rights-monitor.example/feed.xml`:
no name is looked up and nothing leaves the machine, yet every request is real HTTP with
validators (ETag, Last-Modified) and 304.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPHeaders, HTTPServerRequest
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler

from bot.demo.samples import SampleFeed, render, sample_feeds

_HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Exchange:
    """One answered request; `conditional` says that it carried a validator."""

    method: str
    url: str
    status: int
    conditional: bool


@dataclass(frozen=True, slots=True)
class Page:
    """A rendered feed with what HTTP says about it; `modified` has whole seconds."""

    body: bytes
    content_type: str
    modified: datetime

    @property
    def etag(self) -> str:
        """A strong entity tag: equal bytes, equal tag."""
        return f'"{hashlib.sha256(self.body).hexdigest()[:32]}"'


class SampleServer:
    """Serves the sample feeds while entered; needs a running asyncio loop.

    `now` (timezone-aware) is what the samples' dates count from. It stays fixed, so that a
    feed without news has the same bytes, and the same ETag, in both waves. Set `wave` to 2
    to publish the second poll's entries. `log` holds every exchange in order.
    """

    def __init__(self, now: datetime) -> None:
        if now.tzinfo is None:
            raise ValueError("now must be timezone-aware")
        self.log: list[Exchange] = []
        self._waves = {wave: _pages(wave, now) for wave in (1, 2)}
        self._wave = 1
        self._http: HTTPServer | None = None
        self._port = 0

    @property
    def wave(self) -> int:
        """Which poll's contents are served: 1 or 2. Anything else is refused (ValueError)."""
        return self._wave

    @wave.setter
    def wave(self, value: int) -> None:
        if value not in self._waves:
            raise ValueError(f"the samples have waves 1 and 2, not {value}")
        self._wave = value

    @property
    def proxy_url(self) -> str:
        """`http://127.0.0.1:PORT`; RuntimeError while the server is not entered."""
        if self._http is None:
            raise RuntimeError("the sample server is not running")
        return f"http://{_HOST}:{self._port}"

    async def __aenter__(self) -> Self:
        # Tornado logs a warning for each 404; the demonstration prints its own table.
        web = Application([(r".*", _FeedHandler, {"server": self})], log_function=lambda _: None)
        sockets = bind_sockets(0, _HOST)
        self._http = HTTPServer(web)
        self._http.add_sockets(sockets)
        self._port = sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        http, self._http = self._http, None
        if http is not None:
            http.stop()
            await http.close_all_connections()

    def page(self, host: str, path: str) -> Page | None:
        """What the current wave holds for this address, or None when there is nothing."""
        return self._waves[self._wave].get((host.lower(), path))


class _FeedHandler(RequestHandler):
    def initialize(self, server: SampleServer) -> None:
        self._server = server

    def get(self) -> None:
        host, path = _target(self.request)
        page = self._server.page(host, path)
        if page is None:
            self.set_status(404)
            self.finish(f"no sample feed at {host}{path}\n")
            return
        self.set_header("ETag", page.etag)
        self.set_header("Last-Modified", format_datetime(page.modified, usegmt=True))
        if _not_modified(self.request.headers, page):
            self.set_status(304)
            return
        self.set_header("Content-Type", page.content_type)
        self.write(page.body)

    head = get

    def compute_etag(self) -> None:
        """None: the page carries its own ETag, and a 404 needs none."""

    def on_finish(self) -> None:
        headers = self.request.headers
        conditional = "If-None-Match" in headers or "If-Modified-Since" in headers
        method = self.request.method or ""
        self._server.log.append(
            Exchange(method, _url(self.request), self.get_status(), conditional)
        )


def _pages(wave: int, now: datetime) -> dict[tuple[str, str], Page]:
    pages = {}
    for feed in sample_feeds():
        address = urlsplit(feed.url)
        body = render(feed, wave, now)
        modified = _modified(feed, body, now)
        page = Page(body, f"{feed.content_type}; charset={feed.charset}", modified)
        pages[(address.hostname or "", address.path)] = page
    return pages


def _modified(feed: SampleFeed, body: bytes, now: datetime) -> datetime:
    """A minute before `now` for what the first wave already had, `now` for what changed.

    HTTP dates have whole seconds; two waves must not share one.
    """
    base = now.astimezone().replace(microsecond=0)
    return base - timedelta(minutes=1) if body == render(feed, 1, now) else base


def _url(request: HTTPServerRequest) -> str:
    # A proxy's client sends the whole address in the request line (RFC 9112, 3.2.2), and
    # tornado hands it on as the "uri"; a plain client sends the path and a Host header.
    uri = request.uri or ""
    return f"http://{request.host}{uri}" if uri.startswith("/") else uri


def _target(request: HTTPServerRequest) -> tuple[str, str]:
    address = urlsplit(_url(request))
    return address.hostname or "", address.path or "/"


def _not_modified(headers: HTTPHeaders, page: Page) -> bool:
    """If-None-Match decides when present; only otherwise If-Modified-Since (RFC 9110, 13.2.2)."""
    tags = headers.get("If-None-Match")
    if tags is not None:
        return page.etag in [tag.strip().removeprefix("W/") for tag in tags.split(",")]
    since = headers.get("If-Modified-Since")
    if since is None:
        return False
    try:
        return page.modified <= parsedate_to_datetime(since)
    except (TypeError, ValueError):
        return False
