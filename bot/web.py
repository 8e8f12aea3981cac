"""The health page: `/healthz` (alive) and `/readyz` (doing its work), on tornado.

tornado is here already: python-telegram-bot's webhooks need it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPHeaders, HTTPServerRequest, ResponseStartLine

State = Callable[[], Mapping[str, object]]


class HealthPage:
    """Answers for as long as the event loop turns, which is what it tells."""

    def __init__(self, alive: State, ready: State) -> None:
        self._pages = {"/healthz": alive, "/readyz": ready}
        self._server = HTTPServer(self._answer, max_body_size=1024, idle_connection_timeout=10)

    def listen(self, address: str) -> None:
        """Start at host:port. OSError if it is taken."""
        host, _, port = address.rpartition(":")
        self._server.listen(int(port), host.strip("[]"))

    async def stop(self) -> None:
        """Take no more questions."""
        self._server.stop()
        await self._server.close_all_connections()

    def _answer(self, request: HTTPServerRequest) -> None:
        page = self._pages.get(request.path or "")
        state = dict(page()) if page else {"ok": False, "error": "no such page"}
        code, words = (404, "Not Found") if page is None else (200, "OK")
        if page is not None and not state["ok"]:
            code, words = 503, "Service Unavailable"
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
