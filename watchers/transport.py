"""One HTTP/1.1 request on a connection of its own (h11), as a transport of httpx.

httpx's own transport pools connections, which a watcher that asks each host every quarter of
an hour cannot use, and costs several times as much for it. Servers are strangers: what they
send is bounded in size, in pieces and in patience before it costs anything.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator

import h11
import httpx

from watchers.dialer import Dialer, Stream

_HEAD = 64 * 1024  # bytes of status line and headers; and of one chunk's size line, of trailers
_HEADERS = 500  # lines; a real answer has 10 to 40
_INTERIM = 20  # "100 Continue" and "103 Early Hints" before the answer
_PIECES = 100_000  # chunks of one body: 10 MB in pieces of a hundred bytes
_BREATH = 256  # pieces after which everybody else gets a turn
_READ = 64 * 1024


class DirectTransport(httpx.AsyncBaseTransport):
    """Dials each request anew and closes when the answer was read; no proxy, no time limit."""

    def __init__(self, dialer: Dialer, context: ssl.SSLContext) -> None:
        self._dialer = dialer
        self._context = context

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request without a body; the answer's body is read from its stream."""
        url = request.url
        is_secure = url.scheme == "https"
        try:
            stream = await self._dialer.connect(
                url.raw_host.decode("ascii"),
                url.port or (443 if is_secure else 80),
                self._context if is_secure else None,
            )
        except OSError as error:
            raise httpx.ConnectError(str(error), request=request) from error
        exchange = _Exchange(stream, request)
        try:
            head = await exchange.begin()
        except BaseException:
            await exchange.aclose()
            raise
        return httpx.Response(head.status_code, headers=list(head.headers), stream=exchange)


class _Exchange(httpx.AsyncByteStream):
    """A request and its answer on one connection."""

    def __init__(self, stream: Stream, request: httpx.Request) -> None:
        self._reader, self._writer = stream
        self._request = request
        self._state = h11.Connection(h11.CLIENT, max_incomplete_event_size=_HEAD)
        self._ended = False  # the server has closed its side

    async def begin(self) -> h11.Response:
        """Send the request; the head of the answer."""
        request = self._request
        try:
            sent = self._state.send(
                h11.Request(
                    method=request.method,
                    target=request.url.raw_path,
                    headers=request.headers.raw,
                )
            )
            self._state.send(h11.EndOfMessage())
        except h11.LocalProtocolError as error:
            raise httpx.LocalProtocolError(str(error), request=request) from error
        self._writer.write(sent or b"")
        for _ in range(_INTERIM + 1):
            event = await self._event()
            if isinstance(event, h11.Response):
                if len(event.headers) > _HEADERS:
                    raise httpx.RemoteProtocolError("too many headers", request=request)
                return event
        raise httpx.RemoteProtocolError("too many interim answers", request=request)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for count in range(1, _PIECES + 1):
            event = await self._event()
            if not isinstance(event, h11.Data):
                return
            yield bytes(event.data)
            if count % _BREATH == 0:
                await asyncio.sleep(0)
        raise httpx.RemoteProtocolError("too many chunks", request=self._request)

    async def _event(self) -> object:
        while True:
            try:
                event = self._state.next_event()
            except h11.RemoteProtocolError as error:
                if self._ended:
                    raise httpx.ReadError(str(error), request=self._request) from error
                raise httpx.RemoteProtocolError(str(error), request=self._request) from error
            if event is not h11.NEED_DATA:
                return event
            try:
                data = await self._reader.read(_READ)
            except OSError as error:
                raise httpx.ReadError(str(error), request=self._request) from error
            self._ended = not data
            self._state.receive_data(data)

    async def aclose(self) -> None:
        """Drop the connection: nothing of it is wanted any more, no farewell either."""
        self._writer.transport.abort()
