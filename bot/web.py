"""The program's own port, on tornado: `/healthz`, `/readyz`, `/metrics`, Telegram's webhook.

tornado is here already: python-telegram-bot's webhooks need it. We listen ourselves, so that
one port serves all of them.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPHeaders, HTTPServerRequest, ResponseStartLine
from tornado.iostream import StreamClosedError

from config import logs

log = logs.get(__name__)

State = Callable[[], Mapping[str, object]]
Answer = tuple[int, str, Mapping[str, object]]
Scrape = Callable[[str], Awaitable[tuple[str, bytes]]]
"""What `/metrics` answers an Accept header: content type and body."""

_LARGEST = 1024 * 1024  # bytes of an update: far more than Telegram sends
_SCRAPES = 8  # scrapes under way: they share one look at the database, and take 5 ms each
_SECRET = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - a header's name


@dataclass(frozen=True)
class Hook:
    """Where Telegram brings updates, and what takes them.

    `take` is True if the update was taken, False if it cannot be just now (Telegram brings it
    again), and raises ValueError for what is no update.
    """

    path: str
    secret: str
    take: Callable[[bytes], bool]


class HealthPage:
    """Answers for as long as the event loop turns, which is what it tells."""

    def __init__(
        self, alive: State, ready: State, hook: Hook | None = None, metrics: Scrape | None = None
    ) -> None:
        self._pages = {"/healthz": alive, "/readyz": ready}
        self._hook = hook
        self._metrics = metrics
        self._scrapes: set[asyncio.Task[None]] = set()
        largest = _LARGEST if hook else 1024
        self._server = HTTPServer(self._answer, max_body_size=largest, idle_connection_timeout=60)

    def listen(self, address: str) -> None:
        """Start at host:port. OSError if it is taken."""
        host, _, port = address.rpartition(":")
        self._server.listen(int(port), host.strip("[]"))

    async def stop(self) -> None:
        """Take no more questions."""
        self._server.stop()
        for scrape in tuple(self._scrapes):
            scrape.cancel()
        await self._server.close_all_connections()

    def _answer(self, request: HTTPServerRequest) -> None:
        hook = self._hook
        if hook is not None and request.path == hook.path:
            _send_state(request, taken(request, hook))
        elif request.path != "/metrics" or self._metrics is None:
            _send_state(request, self._page(request.path or ""))
        elif len(self._scrapes) >= _SCRAPES:
            busy = {"ok": False, "error": "asked too often"}
            _send_state(request, (503, "Service Unavailable", busy))
        else:
            scrape = asyncio.ensure_future(_scrape(request, self._metrics))
            self._scrapes.add(scrape)
            scrape.add_done_callback(self._scrapes.discard)

    def _page(self, path: str) -> Answer:
        page = self._pages.get(path)
        if page is None:
            return 404, "Not Found", {"ok": False, "error": "no such page"}
        state = page()
        return (200, "OK", state) if state["ok"] else (503, "Service Unavailable", state)


async def _scrape(request: HTTPServerRequest, metrics: Scrape) -> None:
    """Answer with what is counted; whoever asked may have left meanwhile."""
    try:
        content_type, body = await metrics(request.headers.get("Accept", ""))
    except Exception:
        log.exception("metrics_broke")
        error = {"ok": False, "error": "it was logged"}
        _send_state(request, (500, "Internal Server Error", error))
    else:
        _send(request, (200, "OK"), content_type, body)


def _send_state(request: HTTPServerRequest, answer: Answer) -> None:
    code, words, state = answer
    _send(request, (code, words), "application/json", json.dumps(state).encode() + b"\n")


def _send(
    request: HTTPServerRequest, said: tuple[int, str], content_type: str, body: bytes
) -> None:
    headers = HTTPHeaders(
        {
            "Content-Type": content_type,
            "Content-Length": str(len(body)),
            "Cache-Control": "no-store",
        }
    )
    connection = request.connection
    if connection is None:
        return
    start = ResponseStartLine("HTTP/1.1", *said)
    with contextlib.suppress(StreamClosedError):
        connection.write_headers(start, headers, b"" if request.method == "HEAD" else body)
        connection.finish()


def taken(request: HTTPServerRequest, hook: Hook) -> Answer:
    """What becomes of a request at the webhook's address: only Telegram knows the secret."""
    given = request.headers.get(_SECRET, "")
    if not hmac.compare_digest(given.encode(), hook.secret.encode()):
        return 403, "Forbidden", {"ok": False, "error": "not from Telegram"}
    if request.method != "POST":
        return 405, "Method Not Allowed", {"ok": False, "error": "updates are posted"}
    try:
        got = hook.take(request.body or b"")
    except ValueError:
        # Asked again it would be the same: refused with 200, Telegram does not bring it again.
        return 200, "OK", {"ok": False, "error": "no update"}
    if not got:
        return 503, "Service Unavailable", {"ok": False, "error": "not now"}
    return 200, "OK", {"ok": True}
