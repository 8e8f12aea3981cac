"""Whatever a hostile server does costs one failed or bounded fetch, and reaches nobody else.

Two tables: what a server can do to a fetch, and what a document can do to its reader. Each
row ends within its limits, with the kind of failure that it names or as a bounded success.
"""

from __future__ import annotations

import asyncio
import gzip
import multiprocessing
import resource
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Awaitable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

import config
from tests.hostile import CANARY, CERTIFICATE, FOREVER, Fault, Hostile
from watchers import workers as workers_module
from watchers.addresses import parse_allowed_host
from watchers.fetch import Fetcher, FetchLimits, FetchOptions
from watchers.model import Fetched, FetchFailure, FetchRequest
from watchers.reader import Reading, ReadJob
from watchers.watchlist import parse_watchlist
from watchers.workers import Workers

LIMITS = FetchLimits(seconds=10, size=256 * 1024)
SHORT = replace(LIMITS, seconds=0.5)  # for what is expected to take for ever
FEED = (
    b"<?xml version='1.0' encoding='utf-8'?><rss version='2.0'><channel><title>t</title><item>"
    b"<title>One</title><link>https://a.example/1</link><guid>1</guid></item></channel></rss>"
)
OK = b"HTTP/1.1 200 OK\r\n"
LONG = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
MB = 1024 * 1024
ZIPPED = gzip.compress(FEED)
BOMB = gzip.compress(bytes(20 * MB))


def whole(body: bytes, *headers: bytes, status: bytes = b"200 OK") -> bytes:
    lines = [b"HTTP/1.1 " + status, b"Content-Length: %d" % len(body), *headers, b"", body]
    return b"\r\n".join(lines)


def to(target: bytes, status: bytes = b"302 Found") -> Fault:
    return Fault(b"HTTP/1.1 " + status + b"\r\nLocation: " + target + b"\r\n\r\n")


def coded(body: bytes, coding: bytes = b"gzip") -> Fault:
    return Fault(whole(body, b"Content-Encoding: " + coding))


# Behaviour and the kinds of failure that may come of it; "" is a success.
FAULTS: dict[str, tuple[Fault, str]] = {
    # connection and TLS
    "closed at once": (Fault(after="connect"), "cut"),
    "reset at once": (Fault(after="connect", ends="reset"), "cut"),
    "closed after the request": (Fault(), "cut"),
    "reset after the request": (Fault(ends="reset"), "cut"),
    "silent from the start": (Fault(after="connect", ends="hang"), "timeout"),
    "silent after the request": (Fault(ends="hang"), "timeout"),
    "TLS where there is none": (
        Fault(b"HTTP/1.1 400 Bad\r\n\r\n", scheme="https", after="connect"),
        "tls",
    ),
    "a request that is answered with TLS": (Fault(tls=True), "cut malformed"),
    "a certificate of nobody": (Fault(whole(FEED), tls=True, scheme="https"), "tls"),
    "TLS that never begins": (Fault(scheme="https", after="connect", ends="hang"), "timeout"),
    "TLS that is closed": (Fault(scheme="https", after="connect"), "tls"),
    "TLS that is reset": (Fault(scheme="https", after="connect", ends="reset"), "tls"),
    # the head
    "closed in the head": (Fault(OK + b"Content-Ty"), "cut"),
    "reset in the head": (Fault(OK + b"Content-Ty", ends="reset"), "cut"),
    "a head in drips": (
        Fault(OK, piece=b"a: b\r\n", times=FOREVER, pause=0.02),
        "timeout",
    ),
    "a head without end": (Fault(OK, piece=b"a: b\r\n" * 99, times=FOREVER), "malformed"),
    "a header line without end": (Fault(OK, piece=b"a" * 4096, times=FOREVER), "malformed"),
    "a header line of 1 MB": (
        Fault(OK + b"a: " + b"b" * MB + b"\r\n\r\n", tail=FEED),
        "malformed cut",
    ),
    "20,000 headers": (Fault(OK + b"a: b\r\n" * 20_000 + b"\r\n" + FEED), "malformed"),
    "300 cookies": (Fault(whole(FEED, *[b"Set-Cookie: a%d=b" % n for n in range(300)])), ""),
    "a header without a colon": (Fault(whole(FEED, b"nonsense")), "malformed"),
    "a header with NUL": (Fault(whole(FEED, b"a: \0")), "malformed"),
    "a header in UTF-8": (Fault(whole(FEED, "a: \u062e\u0628\u0631".encode())), ""),
    "a folded header": (Fault(whole(FEED, b"a: b\r\n c")), ""),
    "interim answers without end": (
        Fault(piece=b"HTTP/1.1 100 Continue\r\n\r\n" * 50, times=FOREVER),
        "malformed",
    ),
    "early hints without end": (
        Fault(piece=b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", times=FOREVER),
        "malformed",
    ),
    "one interim answer": (Fault(b"HTTP/1.1 100 Continue\r\n\r\n" + whole(FEED)), ""),
    "another protocol": (Fault(b"HTTP/1.1 101 Switching Protocols\r\n\r\n"), "malformed cut"),
    "HTTP/0.9": (Fault(FEED), "malformed cut"),
    "HTTP/2": (Fault(b"\0\0\x12\4\0\0\0\0\0\0\3\0\0\0\x80\0\4\0\1\0\0\0\5\0"), "malformed"),
    "another server": (Fault(b"SSH-2.0-OpenSSH_9.2\r\n", ends="hang"), "malformed timeout"),
    "a status that is no number": (Fault(b"HTTP/1.1 OK\r\n\r\n" + FEED), "malformed"),
    "random bytes": (Fault(bytes(range(256)) * 999), "malformed cut"),
    # statuses
    "204": (Fault(b"HTTP/1.1 204 No Content\r\n\r\n"), "status"),
    "206": (Fault(whole(FEED, b"Content-Range: bytes 0-9/99", status=b"206 P")), "status"),
    "226": (Fault(whole(FEED, b"IM: feed", status=b"226 IM Used")), "status"),
    "300": (Fault(whole(b"", b"Location: http://{canary}/", status=b"300 M")), "status"),
    "304 that nobody asked for": (Fault(b"HTTP/1.1 304 Not Modified\r\n\r\n"), "status"),
    "999": (Fault(whole(FEED, status=b"999 Denied")), "status"),
    "503 for a thousand years": (
        Fault(whole(b"", b"Retry-After: " + b"9" * 60, status=b"503 S")),
        "status",
    ),
    "an error whose body never ends": (
        Fault(b"HTTP/1.1 500 E\r\n\r\n", piece=b"x" * 4096, times=FOREVER),
        "status",
    ),
    "nothing": (Fault(whole(b"")), "not-a-feed"),
    "refresh to elsewhere": (Fault(whole(FEED, b"Refresh: 0; url=http://{canary}/")), ""),
    # lengths and chunks
    "shorter than promised": (Fault(LONG + FEED), "cut"),
    "reset in the body": (Fault(LONG + FEED, ends="reset"), "cut"),
    "longer than promised": (Fault(whole(FEED) + b"x" * 9999), ""),
    "a length below zero": (Fault(OK + b"Content-Length: -1\r\n\r\n" + FEED), "malformed"),
    "a length in letters": (Fault(OK + b"Content-Length: ten\r\n\r\n" + FEED), "malformed"),
    "two lengths": (Fault(whole(FEED, b"Content-Length: 7")), "malformed"),
    "the length twice": (Fault(whole(FEED, b"Content-Length: %d" % len(FEED))), ""),
    "a length beyond reason": (Fault(OK + b"Content-Length: " + b"9" * 18 + b"\r\n\r\n"), "cut"),
    "a length of many digits": (
        Fault(OK + b"Content-Length: " + b"9" * 9000 + b"\r\n\r\n"),
        "malformed",
    ),
    "a length and chunks": (
        Fault(
            CHUNKED[:-2] + b"Content-Length: 3\r\n\r\n%x\r\n" % len(FEED) + FEED + b"\r\n0\r\n\r\n"
        ),
        "",
    ),
    "an unknown transfer coding": (
        Fault(OK + b"Transfer-Encoding: gzip\r\n\r\n" + ZIPPED),
        "malformed",
    ),
    "chunk sizes that are none": (Fault(CHUNKED + b"xyz\r\nabc\r\n"), "malformed"),
    "a chunk size below zero": (Fault(CHUNKED + b"-5\r\nabcde\r\n"), "malformed"),
    "a chunk size beyond reason": (Fault(CHUNKED + b"F" * 20 + b"\r\nabc"), "cut"),
    "a chunk size line without end": (
        Fault(CHUNKED, piece=b"0" * 999, times=FOREVER),
        "malformed",
    ),
    "chunks that end early": (Fault(CHUNKED + b"ff\r\nabc"), "cut"),
    "chunks without end": (
        Fault(CHUNKED, piece=b"1000\r\n" + b"x" * 4096 + b"\r\n", times=FOREVER),
        "too-large",
    ),
    "chunks of one byte": (
        Fault(CHUNKED, piece=b"1\r\nx\r\n" * 1000, times=FOREVER),
        "malformed timeout",
    ),
    "trailers without end": (
        Fault(CHUNKED + b"0\r\n", piece=b"a: b\r\n" * 99, times=FOREVER),
        "malformed",
    ),
    "a body without end": (Fault(OK + b"\r\n", piece=b"x" * 4096, times=FOREVER), "too-large"),
    "a body in drips": (Fault(LONG, piece=b"x", times=FOREVER, pause=0.02), "timeout"),
    "a body that stops": (Fault(LONG + FEED, ends="hang"), "timeout"),
    # compression
    "a bomb": (coded(BOMB), "too-large"),
    "a bomb in a bomb": (coded(gzip.compress(BOMB)), "too-large"),
    "a bomb that is not labelled": (Fault(whole(BOMB)), "too-large"),
    "gzip in gzip": (coded(gzip.compress(ZIPPED)), ""),
    "gzip in gzip, labelled twice": (coded(gzip.compress(ZIPPED), b"gzip, gzip"), ""),
    "gzip without a label": (Fault(whole(ZIPPED)), ""),
    "gzip in several members": (
        coded(gzip.compress(FEED[:50]) + gzip.compress(b"") + gzip.compress(FEED[50:])),
        "",
    ),
    "members without end that hold nothing": (
        Fault(
            OK + b"Content-Encoding: gzip\r\n\r\n",
            piece=gzip.compress(b"") * 99,
            times=FOREVER,
        ),
        "malformed",
    ),
    "gzip and padding": (coded(ZIPPED + bytes(512)), ""),
    "gzip and padding without end": (
        Fault(OK + b"\r\n" + ZIPPED, piece=bytes(4096), times=FOREVER),
        "too-large",
    ),
    "gzip cut short": (coded(ZIPPED[:-12]), "cut"),
    "gzip with a wrong checksum": (coded(ZIPPED[:-8] + bytes(8)), "malformed"),
    "gzip that breaks in the middle": (coded(ZIPPED[:30] + bytes(99)), "malformed"),
    "a plain body labelled gzip": (coded(FEED), ""),
    "a label that is no coding": (coded(FEED, b"UTF-8"), ""),
    "deflate": (coded(zlib.compress(FEED), b"deflate"), "malformed"),
    "brotli": (coded(b"\x0b\x02\x80", b"br"), "malformed"),
    "zstd": (coded(b"\x28\xb5\x2f\xfd", b"gzip, ZSTD"), "malformed"),
    # redirects
    "a circle": (to(b"/feed"), "redirects"),
    "a spiral": (to(b"?again"), "redirects"),
    "a redirect to nowhere": (Fault(b"HTTP/1.1 302 Found\r\n\r\n"), "redirects"),
    "a redirect of 1 MB": (to(b"/" * MB), "malformed cut"),
    "a redirect of 10 kB": (to(b"/" + b"a" * 10_000), "refused"),
}
TARGETS = {
    "another address": b"http://{canary}/",
    "without a scheme": b"//{canary}/",
    "by TLS": b"https://{canary}/",
    "behind a user": b"http://127.0.0.1:{port}@{canary}/",
    "behind a backslash": b"http://127.0.0.1:{port}\\@{canary}/",
    "after a tab": b"ht\ttp://{canary}/",
    "a mapped address": b"http://[::ffff:127.9.9.9]/",
    "a compatible address": b"http://[::127.9.9.9]/",
    "a translated address": b"http://[64:ff9b::127.9.9.9]/",
    "a locally translated address": b"http://[64:ff9b:1::808:808]/",
    "a 6to4 address": b"http://[2002:7f09:909::1]/",
    "an address with a zone": b"http://[fe80::1%25lo]/",
    "a number": b"http://2131298569/",
    "a hexadecimal number": b"http://0x7f090909/",
    "an octal number": b"http://0177.011.011.011/",
    "a short form": b"http://127.592137/",
    "a dot at the end": b"http://127.9.9.9./",
    "quoted": b"http://127.9.9.%39/",
    "wide dots": "http://127。9。9。9/".encode(),
    "wide digits": "http://１２７.9.9.9/".encode(),
    "this machine": b"http://localhost:1/",
    "any address": b"http://0.0.0.0:1/",
    "a cloud's metadata": b"http://169.254.169.254/latest/meta-data/",
    "another cloud's metadata": b"http://168.63.129.16/machine",
    "a third cloud's metadata": b"http://100.100.100.200/latest/",
    "metadata by IPv6": b"http://[fd00:ec2::254]/latest/",
    "a file": b"file:///etc/passwd",
    "FTP": b"ftp://{canary}/",
    "gopher": b"gopher://{canary}/1",
    "a script": b"javascript:alert(1)",
    "data": b"data:application/rss+xml,<rss/>",
    "a port beyond": b"http://127.0.0.1:65536/",
    "port 0": b"http://{canary}0000/",
    "a name that leads there": b"http://canary.example/",
    "a name that changes": b"http://rebinding.example/",
}
FAULTS |= {f"a redirect to {name}": (to(target), "refused") for name, target in TARGETS.items()}


@pytest.fixture(scope="module")
def hostile() -> Iterator[Hostile]:
    with Hostile() as made:
        yield made
        assert made.canary == 0, "a request reached the canary"


@pytest.fixture(autouse=True)
def no_canary(hostile: Hostile) -> Iterator[None]:
    yield
    assert hostile.canary == 0, "a request reached the canary"


CONTEXT = ssl.create_default_context()  # costs 40 ms, which would be half of a test's time


@pytest.fixture(autouse=True)
def one_context(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ssl, "create_default_context", lambda: CONTEXT)


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names that lead to the canary: at once, or after a public address was looked at."""
    real, asked = socket.getaddrinfo, {"rebinding.example": 0}

    def lookup(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        if host == "canary.example":
            return real(CANARY, port, *args, **kwargs)
        if host in asked:
            asked[host] += 1
            number = "::ffff:127.9.9.9" if asked[host] == 1 else CANARY
            return real(number, port, *args, **kwargs)
        return real(host, port, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", lookup)


def fetcher(*urls: str, **changes: Any) -> Fetcher:
    """One that may ask just these servers, by network and port."""
    ports = {urlsplit(url).port for url in urls}
    values: dict[str, Any] = {
        "user_agent": "Dadkhah/1",
        "allowed": tuple(parse_allowed_host(f"127.0.0.1/32:{port}") for port in ports),
        "host_delay": 0.0,
        "limits": LIMITS,
    }
    return Fetcher(FetchOptions(**{**values, **changes}))


def kind_of(answer: Fetched | FetchFailure | Reading) -> str:
    if isinstance(answer, FetchFailure):
        assert answer.detail
        return answer.kind
    return ""


@pytest.mark.parametrize(("fault", "kinds"), FAULTS.values(), ids=FAULTS)
async def test_what_a_server_does_ends_in_bounds(
    hostile: Hostile, fault: Fault, kinds: str
) -> None:
    url = hostile.serve(fault)
    limits = SHORT if "timeout" in kinds else LIMITS
    start = time.monotonic()
    async with fetcher(url, limits=limits) as fetching:
        answer = await fetching.fetch(FetchRequest(url))
    assert kind_of(answer) in (kinds.split() or [""]), answer
    assert time.monotonic() - start < limits.seconds + 2
    if isinstance(answer, Fetched):
        assert answer.body == FEED
    elif fault.after == "request":
        assert answer.url


def test_the_table_is_long_enough() -> None:
    assert len(FAULTS) + len(DOCUMENTS) >= 60


async def test_sound_feeds_are_unharmed_by_all_of_it_at_once(hostile: Hostile) -> None:
    bad = [hostile.serve(fault) for fault, _ in FAULTS.values()]
    good = [hostile.serve(Fault(whole(FEED))) for _ in range(20)]
    before = _peak()
    async with fetcher(*bad, *good, concurrency=500, limits=replace(LIMITS, seconds=4)) as fetching:
        trouble = asyncio.gather(*(fetching.fetch(FetchRequest(url)) for url in bad))
        answers = []
        for url in good:
            answers.append(await fetching.fetch(FetchRequest(url)))
            await asyncio.sleep(0.05)
        kinds = {kind_of(answer) for answer in await trouble}
    assert [kind_of(answer) for answer in answers] == [""] * len(good)
    assert {"cut", "timeout", "too-large", "malformed", "refused", "tls"} <= kinds
    assert _peak() - before < 200 * MB


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


async def test_a_queue_before_a_host_does_not_count_against_the_time(hostile: Hostile) -> None:
    url = hostile.serve(Fault(b"", piece=b"", pause=0.3, times=1, tail=whole(FEED)))
    async with fetcher(url, host_delay=0.1, limits=replace(LIMITS, seconds=1)) as fetching:
        answers = await asyncio.gather(*(fetching.fetch(FetchRequest(url)) for _ in range(5)))
    assert [kind_of(answer) for answer in answers] == [""] * 5  # together they take 1.5 s


async def test_a_sound_certificate_is_accepted(
    hostile: Hostile, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(CERTIFICATE)
    monkeypatch.setattr(ssl, "create_default_context", lambda: context)
    url = hostile.serve(Fault(whole(FEED), tls=True, scheme="https"))
    named = url.replace("127.0.0.1", "foo.example.com")
    real = socket.getaddrinfo

    def lookup(host: Any, *args: Any, **kwargs: Any) -> Any:
        return real("127.0.0.1" if host == "foo.example.com" else host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    async with fetcher(url) as fetching:
        wrong = await fetching.fetch(FetchRequest(url))
        right = await fetching.fetch(FetchRequest(named))
    assert (kind_of(wrong), kind_of(right)) == ("tls", "")


# ---------------------------------------------------------------- names


async def test_slow_name_servers_do_not_hold_up_other_threads(
    hostile: Hostile, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: gate.wait(30) and [])
    try:
        async with fetcher(concurrency=200, limits=SHORT) as fetching:
            start = time.monotonic()
            waiting = asyncio.gather(
                *(fetching.fetch(FetchRequest(f"http://n{n}.example/")) for n in range(100))
            )
            await asyncio.sleep(0)
            await asyncio.to_thread(lambda: None)
            assert time.monotonic() - start < 5  # the common threads had no work to wait for
            answers = await waiting
    finally:
        gate.set()
    assert {kind_of(answer) for answer in answers} == {"timeout"}


async def test_of_many_addresses_a_few_are_tried(
    hostile: Hostile, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = hostile.serve(Fault(whole(FEED)))
    port = urlsplit(url).port
    found = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", (number, port))
        for number in (CANARY, "10.0.0.1", "127.0.0.1")
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: found)
    async with fetcher(url) as fetching:
        answer = await fetching.fetch(FetchRequest(f"http://many.example:{port}/"))
    assert kind_of(answer) == ""


# ---------------------------------------------------------------- behind a proxy

LOCAL = {
    "another address": "http://{canary}/",
    "a mapped address": "http://[::ffff:127.9.9.9]/",
    "a number": "http://2131298569/",
    "a hexadecimal number": "http://0x7f090909/",
    "an octal number": "http://0177.011.011.011/",
    "a short form": "http://127.592137/",
    "a dot at the end": "http://127.9.9.9./",
    "quoted": "http://127.9.9.%39/",
    "wide dots": "http://127。9。9。9/",
    "a wide digit": "http://１27.9.9.9/",
    "this machine": "http://localhost/",
    "this machine, with a dot": "http://LOCALHOST./",
    "a single label": "http://intranet/",
    "a local name": "http://printer.local/",
    "metadata by name": "http://metadata.google.internal/",
    "metadata": "http://168.63.129.16/",
    "by TLS": "https://169.254.169.254/",
    "behind a user": "http://feeds.example@{canary}/",
}


@pytest.mark.parametrize("proxy", ["http", "socks5"])
@pytest.mark.parametrize("url", LOCAL.values(), ids=LOCAL)
async def test_local_names_are_refused_before_a_proxy(
    hostile: Hostile, proxy: str, url: str
) -> None:
    address = hostile.serve(Fault(ends="hang", after="connect"))
    port = urlsplit(address).port
    async with fetcher(proxy=f"{proxy}://127.0.0.1:{port}") as fetching:
        answer = await fetching.fetch(FetchRequest(url.format(canary=hostile.canary_host)))
    assert kind_of(answer) == "refused"
    assert hostile.asked[port or 0] == 0


async def test_a_redirect_behind_a_proxy_is_refused_before_it(hostile: Hostile) -> None:
    proxy = hostile.serve(to(b"http://{canary}/"))
    port = urlsplit(proxy).port
    async with fetcher(proxy=f"http://127.0.0.1:{port}") as fetching:
        answer = await fetching.fetch(FetchRequest("http://feeds.example/"))
    assert (kind_of(answer), hostile.asked[port or 0]) == ("refused", 1)


async def test_names_go_to_a_socks_proxy_and_not_to_the_resolver(hostile: Hostile) -> None:
    """Tor resolves names itself; asking our own name server would tell on the reader."""
    heard: list[bytes] = []

    async def socks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(3)
        writer.write(b"\5\0")
        request = await reader.readexactly(5)
        heard.append(await reader.readexactly(request[4] + 2))
        writer.write(b"\5\0\0\1\0\0\0\0\0\0")
        await reader.readuntil(b"\r\n\r\n")
        writer.write(whole(FEED))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(socks, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        async with fetcher(proxy=f"socks5://127.0.0.1:{port}") as fetching:
            answer = await fetching.fetch(FetchRequest("http://feeds.example/"))
    assert kind_of(answer) == ""
    assert heard == [b"feeds.example\0P"]


PROXIED = ("a bomb", "a body in drips", "chunks that end early", "a head without end", "999")


@pytest.mark.parametrize("name", PROXIED)
async def test_the_bounds_hold_behind_a_proxy_too(hostile: Hostile, name: str) -> None:
    fault, kinds = FAULTS[name]
    port = urlsplit(hostile.serve(fault)).port
    limits = SHORT if "timeout" in kinds else LIMITS
    async with fetcher(proxy=f"http://127.0.0.1:{port}", limits=limits) as fetching:
        answer = await fetching.fetch(FetchRequest("http://feeds.example/"))
    assert kind_of(answer) in kinds.split()


# ---------------------------------------------------------------- documents


def rss(inside: bytes, before: bytes = b"") -> bytes:
    return before + b"<rss version='2.0'><channel><title>t</title>" + inside + b"</channel></rss>"


def item(inside: bytes, number: int = 1) -> bytes:
    guid = b"<guid>%d</guid><link>https://a.example/%d</link>" % (number, number)
    return b"<item>" + guid + b"<title>x</title>" + inside + b"</item>"


def _entities(depth: int) -> bytes:
    lines = b"".join(b'<!ENTITY e%d "%s">' % (n, b"&e%d;" % (n - 1) * 10) for n in range(1, depth))
    return b'<!DOCTYPE rss [<!ENTITY e0 "ha">' + lines + b"]>"


EXTERNAL = b'<!DOCTYPE rss [<!ENTITY x SYSTEM "%s">]>'
REMOTE_DTD = b'<!DOCTYPE rss SYSTEM "http://{canary}/a.dtd">'
PARAMETER = b'<!DOCTYPE rss [<!ENTITY % p SYSTEM "http://{canary}/b.dtd"> %p;]>'
JSON_FEED = b'{"version": "https://jsonfeed.org/version/1.1", "items": '
# A body, and the kinds of failure that may come of it; "" is a reading.
DOCUMENTS: dict[str, tuple[bytes, str]] = {
    "an entity bomb": (rss(item(b"<description>&e9;</description>"), _entities(10)), " malformed"),
    "a quadratic entity bomb": (
        rss(
            item(b"<description>" + b"&e;" * 20_000 + b"</description>"),
            b'<!DOCTYPE rss [<!ENTITY e "' + b"a" * 50_000 + b'">]>',
        ),
        " malformed",
    ),
    "an external file": (
        rss(item(b"<description>&x;</description>"), EXTERNAL % b"file:///etc/passwd"),
        " malformed",
    ),
    "an external address": (
        rss(item(b"<description>&x;</description>"), EXTERNAL % b"http://{canary}/x"),
        " malformed",
    ),
    "a document type elsewhere": (rss(item(b""), REMOTE_DTD), " malformed"),
    "a parameter entity elsewhere": (rss(item(b""), PARAMETER), " malformed"),
    "XInclude": (
        rss(
            item(
                b"<xi:include xmlns:xi='http://www.w3.org/2001/XInclude' href='file:///etc/passwd'/>"
            )
        ),
        "",
    ),
    "a style sheet elsewhere": (
        rss(item(b""), b"<?xml-stylesheet type='text/xsl' href='http://{canary}/a.xsl'?>"),
        "",
    ),
    "nested 100,000 deep": (
        rss(item(b"<d>" * 100_000 + b"</d>" * 100_000)),
        " malformed parser not-a-feed",
    ),
    "HTML nested 100,000 deep": (
        rss(item(b"<description><![CDATA[" + b"<div>" * 100_000 + b"]]></description>")),
        " malformed parser",
    ),
    "never closed": (rss(b"<item><title>" * 50_000), " malformed parser"),
    "200,000 entries": (
        rss(b"<item><title>x</title></item>" * 200_000),
        " malformed too-large parser",
    ),
    "200,000 entries with guids": (
        rss(b"".join(b"<item><guid>%d</guid></item>" % n for n in range(200_000))),
        " malformed too-large parser",
    ),
    "NUL bytes": (rss(item(b"<description>a\0b</description>")), " malformed"),
    "nothing but NUL": (bytes(2 * MB), "malformed not-a-feed parser"),
    "UTF-7": (b"<?xml version='1.0' encoding='utf-7'?>" + rss(item(b"")), " malformed"),
    "UTF-16 garbage": (b"\xff\xfe" + bytes(range(256)) * 2000, "malformed not-a-feed"),
    "UTF-32 without end": (b"\xff\xfe\0\0" + b"\xff" * MB, "malformed not-a-feed"),
    "an encoding that is none": (
        b"<?xml version='1.0' encoding='zip'?>" + rss(item(b"")),
        " malformed",
    ),
    "one element of 10 MB": (
        rss(item(b"<description>" + b"word " * (2 * MB - 999) + b"</description>")),
        " parser",
    ),
    "one word of 10 MB": (
        rss(item(b"<description>" + b"a" * (10 * MB - 999) + b"</description>")),
        " parser",
    ),
    "a title of 1 MB": (
        rss(b"<item><title>" + b"&lt;b&gt;&amp;" * 20_000 + b"</title></item>"),
        "",
    ),
    "a million attributes": (
        rss(b"<item " + b" ".join(b"a%x=''" % n for n in range(1_000_000)) + b"/>"),
        " malformed parser not-a-feed",
    ),
    "500,000 name spaces": (
        rss(item(b"<a " + b" ".join(b"xmlns:a%d='b'" % n for n in range(500_000)) + b"/>")),
        " malformed parser",
    ),
    "ten thousand enclosures": (
        rss(item(b"<enclosure url='http://{canary}/a'/>" * 10_000)),
        "",
    ),
    "a comment without end": (rss(item(b"")) + b"<!--" + b"- " * MB, " malformed parser"),
    "angle brackets": (b"<" * 8 * MB, "malformed not-a-feed parser"),
    "ampersands": (
        rss(item(b"<description>" + b"&" * 4 * MB + b"</description>")),
        " malformed parser",
    ),
    "half a CDATA": (rss(item(b"<description><![CDATA[" * 50_000)), " malformed parser"),
    "JSON that is none": (
        JSON_FEED + b"[",
        "malformed",
    ),
    "JSON nested 100,000 deep": (b"[" * 100_000, "malformed not-a-feed parser"),
    "JSON with 100,000 deep items": (
        JSON_FEED + b"[" * 100_000,
        "malformed not-a-feed parser",
    ),
    "JSON with a number beyond reason": (
        JSON_FEED + b'[{"id": 1' + b"0" * 100_000 + b"}]}",
        " malformed not-a-feed parser",
    ),
    "JSON of the wrong types": (
        JSON_FEED + b'[1, null, {"id": {}, "url": []}]}',
        "",
    ),
    "a web page": (b"<!DOCTYPE html><html><body>" + b"<p>x" * 99_999, "not-a-feed"),
    "a login page": (b"<html><form><input type=password></form></html>", "not-a-feed"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 999, "malformed not-a-feed"),
    "an archive": (b"PK\3\4" + bytes(range(256)) * 999, "malformed not-a-feed"),
    "a site map of 200,000 pages": (
        b"<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>"
        + b"<url><loc>https://a.example/</loc></url>" * 200_000
        + b"</urlset>",
        " not-a-feed malformed too-large parser",
    ),
    "hyphens and dots for a date": (
        rss(item(b"<pubDate>" + b"1-" * 100_000 + b"</pubDate>")),
        "",
    ),
}
READ_SECONDS = 10.0
READ_SHORT = 1.5  # for rows that may end as "parser": most of them would take minutes


@pytest.fixture(scope="module")
def pool() -> Iterator[Workers]:
    watchlist = parse_watchlist(config.shipped_watchlist(), "watchlist.toml")
    with Workers(watchlist, processes=2) as made:
        yield made


def _memory() -> int:
    """The most resident memory that a worker alive has had, in bytes."""
    peaks = [0]
    for child in multiprocessing.active_children():
        try:
            lines = Path(f"/proc/{child.pid}/status").read_text().splitlines()
        except OSError:
            continue  # it has ended just now
        peaks += [int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM")]
    return max(peaks)


async def _watched(reading: Awaitable[Reading | FetchFailure]) -> tuple[Any, int]:
    """What was read, and the most memory that a worker had on the way, ended ones too."""
    task, peak = asyncio.ensure_future(reading), 0
    while not task.done():
        await asyncio.wait([task], timeout=0.03)
        peak = max(peak, _memory())
    return task.result(), peak


@pytest.mark.parametrize(("body", "kinds"), DOCUMENTS.values(), ids=DOCUMENTS)
async def test_what_a_document_does_ends_in_bounds(
    hostile: Hostile, pool: Workers, monkeypatch: pytest.MonkeyPatch, body: bytes, kinds: str
) -> None:
    seconds = READ_SHORT if "parser" in kinds else READ_SECONDS
    monkeypatch.setattr(workers_module, "SECONDS", seconds)
    body = body.replace(b"{canary}", hostile.canary_host.encode())
    url = hostile.serve(Fault(whole(body)))
    async with fetcher(url, limits=FetchLimits()) as fetching:
        fetched = await fetching.fetch(FetchRequest(url))
    assert isinstance(fetched, Fetched)
    job = ReadJob(fetched.body, fetched.content_type, url, None, datetime(2026, 7, 30, tzinfo=UTC))
    start = time.monotonic()
    answer, memory = await _watched(pool.read(job))
    assert time.monotonic() - start < seconds + 10  # a worker that was ended is started anew
    assert kind_of(answer) in kinds.split(" "), answer
    assert 0 < memory < 512 * MB
    if isinstance(answer, Reading):
        assert "root:" not in repr(answer.items)
    monkeypatch.setattr(workers_module, "SECONDS", READ_SECONDS)
    sound = await pool.read(replace(job, body=FEED))
    assert isinstance(sound, Reading)
    assert len(sound.items) == 1
