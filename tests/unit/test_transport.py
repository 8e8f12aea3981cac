"""Any bytes that a server can send end as a value: a fetch never raises for them."""

from __future__ import annotations

import asyncio
import functools
import gzip
import ssl
from typing import cast

from hypothesis import example, given
from hypothesis import strategies as st

from watchers.dialer import Dialer, Stream
from watchers.fetch import Fetcher, FetchLimits, FetchOptions
from watchers.model import FAILURE_KINDS, Fetched, FetchFailure, FetchRequest
from watchers.transport import DirectTransport

BODY = b"<rss version='2.0'/>"
SOUND = (
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n"
    b'Transfer-Encoding: chunked\r\nContent-Encoding: gzip\r\nETag: "v1"\r\n\r\n'
)
CHUNK = gzip.compress(BODY, mtime=0)
ANSWER = SOUND + b"%x\r\n" % len(CHUNK) + CHUNK + b"\r\n0\r\n\r\n"


class _Wire:
    """Takes what is written; the transport that is dropped at the end."""

    def __init__(self) -> None:
        self.written = b""
        self.dropped = False
        self.transport = self

    def write(self, data: bytes) -> None:
        self.written += data

    def abort(self) -> None:
        self.dropped = True


class Answering(Dialer):
    """No network: every connection gives these bytes and ends."""

    def __init__(self, answer: bytes) -> None:
        super().__init__(())
        self.answer = answer
        self.wires: list[_Wire] = []

    async def connect(self, host: str, port: int, context: ssl.SSLContext | None) -> Stream:
        reader, wire = asyncio.StreamReader(), _Wire()
        reader.feed_data(self.answer)
        reader.feed_eof()
        self.wires.append(wire)
        return reader, cast("asyncio.StreamWriter", wire)


@functools.cache
def _fetcher() -> Fetcher:
    """One for all examples: its TLS context costs 40 ms, a fetch 1 ms."""
    return Fetcher(FetchOptions("Dadkhah/1", host_delay=0, limits=FetchLimits(size=10_000)))


async def _fetch(dialer: Answering) -> Fetched | FetchFailure:
    fetcher = _fetcher()
    fetcher._transport = DirectTransport(dialer, ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    return await fetcher.fetch(FetchRequest("http://feeds.example/x", etag='"v0"'))


def ask(answer: bytes) -> Fetched | FetchFailure:
    dialer = Answering(answer)
    result = asyncio.run(_fetch(dialer))
    assert all(wire.dropped for wire in dialer.wires)  # whatever happened, nothing stays open
    return result


def test_a_sound_answer_is_read() -> None:
    result = ask(ANSWER)
    assert isinstance(result, Fetched)
    assert (result.status, result.body, result.etag) == (200, BODY, '"v1"')


def test_a_request_is_as_it_should_be() -> None:
    dialer = Answering(ANSWER)
    asyncio.run(_fetch(dialer))
    line, *headers = dialer.wires[0].written.decode().rstrip("\r\n").split("\r\n")
    assert line == "GET /x HTTP/1.1"
    sent = dict(header.split(": ", 1) for header in headers)
    assert (sent["Host"], sent["Connection"]) == ("feeds.example", "close")
    assert (sent["If-None-Match"], sent["User-Agent"]) == ('"v0"', "Dadkhah/1")
    assert len(sent) == len(headers) == 6


@given(
    st.integers(0, len(ANSWER)),
    st.integers(0, 40),
    st.binary(max_size=40) | st.sampled_from([b"\r\n", b"\0", b": ", b"-1", b"\xff" * 9]),
)
@example(0, len(ANSWER), b"")
def test_a_spoilt_answer_is_a_value(start: int, length: int, instead: bytes) -> None:
    result = ask(ANSWER[:start] + instead + ANSWER[start + length :])
    if isinstance(result, FetchFailure):
        assert result.kind in FAILURE_KINDS
        assert result.detail
        assert result.url
    else:
        assert len(result.body) <= 10_000


@given(st.binary(max_size=200))
def test_any_headers_are_a_value(head: bytes) -> None:
    result = ask(
        b"HTTP/1.1 301 Moved\r\nLocation: " + head + b"\r\nRetry-After: " + head + b"\r\n\r\n"
    )
    assert isinstance(result, FetchFailure)
    result = ask(b"HTTP/1.1 503 Busy\r\nRetry-After: " + head + b"\r\n\r\n")
    assert isinstance(result, FetchFailure)
