"""The program's own port, on tornado: `/healthz` (alive), `/readyz` (doing its work), webhook.

tornado is here already: python-telegram-bot's webhooks need it. We listen ourselves, so that
one port serves all three.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPHeaders, HTTPServerRequest, ResponseStartLine

State = Callable[[], Mapping[str, object]]
Answer = tuple[int, str, Mapping[str, object]]

_LARGEST = 1024 * 1024  # bytes of an update: far more than Telegram sends
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

    def __init__(self, alive: State, ready: State, hook: Hook | None = None) -> None:
        self._pages = {"/healthz": alive, "/readyz": ready}
        self._hook = hook
        largest = _LARGEST if hook else 1024
        self._server = HTTPServer(self._answer, max_body_size=largest, idle_connection_timeout=60)

    def listen(self, address: str) -> None:
        """Start at host:port. OSError if it is taken."""
        host, _, port = address.rpartition(":")
        self._server.listen(int(port), host.strip("[]"))

    async def stop(self) -> None:
        """Take no more questions."""
        self._server.stop()
        await self._server.close_all_connections()

    def _answer(self, request: HTTPServerRequest) -> None:
        hook = self._hook
        if hook is not None and request.path == hook.path:
            code, words, state = taken(request, hook)
        else:
            code, words, state = self._page(request.path or "")
        body = json.dumps(state).encode() + b"\n"
        headers = HTTPHeaders(
            {
                "Content-Type": "application/json",
                "Content-Length": str(len(body)),
                "Cache-Control": "no-store",
            }
        )
        connection = request.connection
        if connection is None:
            return
        start = ResponseStartLine("HTTP/1.1", code, words)
        connection.write_headers(start, headers, b"" if request.method == "HEAD" else body)
        connection.finish()

    def _page(self, path: str) -> Answer:
        page = self._pages.get(path)
        if page is None:
            return 404, "Not Found", {"ok": False, "error": "no such page"}
        state = page()
        return (200, "OK", state) if state["ok"] else (503, "Service Unavailable", state)


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
