"""Whatever a server does, a fetch ends in bounds and comes back as a value."""

from __future__ import annotations

import asyncio
import base64
import gzip
import inspect
import socket
import ssl
import time
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpcore
import httpx
import pytest

from tests.feedserver import FeedServer, Request, Route
from watchers.addresses import parse_allowed_host
from watchers.fetch import Fetcher, FetchLimits, FetchOptions, failure_of
from watchers.model import FAILURE_KINDS, Fetched, FetchFailure, FetchRequest

FEED = b"<rss version='2.0'><channel><title>t</title></channel></rss>"
LIMITS = FetchLimits(seconds=3, size=64 * 1024, redirects=3)
LOOPBACK = (parse_allowed_host("127.0.0.0/8"),)
BROKEN = gzip.compress(FEED)[:-8] + bytes(8)  # a checksum of zeros
BOMB = gzip.compress(bytes(50 * 1024 * 1024))


@pytest.fixture(scope="module")
def served() -> Iterator[FeedServer]:
    with FeedServer() as server:
        yield server


@pytest.fixture(autouse=True)
def fresh(served: FeedServer) -> None:
    served.routes.clear()
    served.requests.clear()


def options(**changes: Any) -> FetchOptions:
    values: dict[str, Any] = {
        "user_agent": "Dadkhah/1 (+https://contact.example)",
        "allowed": LOOPBACK,
        "host_delay": 0.0,
        "limits": LIMITS,
    }
    return FetchOptions(**{**values, **changes})


async def fetch(url: str, *, etag: str | None = None, **changes: Any) -> Fetched | FetchFailure:
    async with Fetcher(options(**changes)) as fetcher:
        return await fetcher.fetch(FetchRequest(url, etag))


async def failed(url: str, **changes: Any) -> FetchFailure:
    answer = await fetch(url, **changes)
    assert isinstance(answer, FetchFailure), answer
    assert answer.kind in FAILURE_KINDS
    assert answer.detail
    return answer


async def succeeded(url: str, **changes: Any) -> Fetched:
    answer = await fetch(url, **changes)
    assert isinstance(answer, Fetched), answer
    return answer


# ---------------------------------------------------------------- answers

ANSWERS: dict[str, tuple[Route, str, int | None]] = {
    "404": (Route(b"x", 404), "status", 404),
    "410": (Route(b"x", 410), "status", 410),
    "401": (Route(b"x", 401), "status", 401),
    "500": (Route(b"x", 500), "status", 500),
    "503": (Route(b"x", 503), "status", 503),
    "empty": (Route(b""), "not-a-feed", 200),
    "white space": (Route(b" \r\n "), "not-a-feed", 200),
    "too large": (Route(b"x" * (LIMITS.size + 1)), "too-large", None),
    "endless": (Route(b"x" * 8192, endless=True, piece=8192), "too-large", None),
    "gzip bomb": (Route(BOMB, headers={"Content-Encoding": "gzip"}), "too-large", None),
    "gzip that breaks": (Route(BROKEN, headers={"Content-Encoding": "gzip"}), "malformed", None),
    "gzip cut short": (
        Route(gzip.compress(FEED)[:-12], headers={"Content-Encoding": "gzip"}),
        "cut",
        None,
    ),
    "brotli": (Route(b"\x0b\x02\x80", headers={"Content-Encoding": "br"}), "malformed", None),
    "two encodings": (Route(b"x", headers={"Content-Encoding": "gzip, br"}), "malformed", None),
    "cut": (Route(b"x" * 5000, cut=100), "cut", None),
    "cut before the body": (Route(b"x" * 5000, cut=0), "cut", None),
}


@pytest.mark.parametrize(("route", "kind", "status"), ANSWERS.values(), ids=ANSWERS)
async def test_a_hostile_or_failed_answer_is_a_failure_of_its_kind(
    served: FeedServer, route: Route, kind: str, status: int | None
) -> None:
    served.routes["/x"] = route
    failure = await failed(served.url("/x"))
    assert (failure.kind, failure.status) == (kind, status)


async def test_a_slow_drip_ends_at_the_time_limit(served: FeedServer) -> None:
    url = served.set("/x", b"x" * 1000, drip=0.05, piece=1)
    start = time.monotonic()
    failure = await failed(url, limits=FetchLimits(seconds=0.4))
    assert failure.kind == "timeout"
    assert time.monotonic() - start < 2


async def test_a_server_that_says_nothing_ends_at_the_time_limit(served: FeedServer) -> None:
    url = served.set("/x", FEED, delay=1.5)
    assert (await failed(url, limits=FetchLimits(seconds=0.3))).kind == "timeout"


async def test_nobody_listening_is_a_connection_that_failed() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        failure = await failed(f"http://127.0.0.1:{unused.getsockname()[1]}/")
    assert failure.kind == "connect"


async def test_a_name_that_is_not_known_is_told() -> None:
    assert (await failed("http://nowhere.invalid/")).kind == "dns"


async def test_https_where_there_is_none_is_a_tls_failure() -> None:
    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        assert (await failed(f"https://127.0.0.1:{port}/")).kind == "tls"


ODD = {
    "other scheme": "ftp://feeds.example/x",
    "file": "file:///etc/passwd",
    "no host": "http:///x",
    "bad bracket": "http://[::1",
    "bad port": "http://a.invalid:99999/",
    "long label": f"http://{'a' * 70}.invalid/",
    "empty label": "http://a..invalid/",
    "bad punycode": "http://xn--a.invalid/",
    "empty": "",
}


@pytest.mark.parametrize("url", ODD.values(), ids=ODD)
async def test_what_is_no_web_address_is_refused(url: str) -> None:
    assert (await failed(url)).kind == "refused"


async def test_a_gzip_bomb_ends_with_bounded_memory(served: FeedServer) -> None:
    url = served.set("/x", BOMB, headers={"Content-Encoding": "gzip"})
    await failed(url)
    tracemalloc.start()
    try:
        assert (await failed(url)).kind == "too-large"
        assert tracemalloc.get_traced_memory()[1] < 8 * 1024 * 1024
    finally:
        tracemalloc.stop()


# ---------------------------------------------------------------- success


async def test_a_feed_is_fetched_with_its_headers(served: FeedServer) -> None:
    url = served.set("/x", FEED, etag='"v1"', gzip=True)
    answer = await succeeded(url)
    assert (answer.status, answer.body, answer.etag) == (200, FEED, '"v1"')
    assert answer.content_type == "application/xml; charset=utf-8"
    assert (answer.url, answer.moved_to) == (url, None)


async def test_a_body_of_just_the_limit_is_read(served: FeedServer) -> None:
    answer = await succeeded(served.set("/x", b"x" * LIMITS.size, gzip=True))
    assert len(answer.body) == LIMITS.size


async def test_a_known_etag_is_answered_with_304(served: FeedServer) -> None:
    url = served.set("/x", FEED, etag='"v1"')
    answer = await succeeded(url, etag='"v1"')
    assert (answer.status, answer.body) == (304, b"")
    assert served.requests[0].headers["If-None-Match"] == '"v1"'


async def test_a_known_date_is_answered_with_304(served: FeedServer) -> None:
    changed = datetime(2026, 7, 30, 12, tzinfo=UTC)
    url = served.set("/x", FEED, last_modified=changed)
    said = format_datetime(changed, usegmt=True)
    async with Fetcher(options()) as fetcher:
        answer = await fetcher.fetch(FetchRequest(url, last_modified=said))
    assert isinstance(answer, Fetched)
    assert (answer.status, answer.last_modified) == (304, said)


async def test_a_request_says_who_asks_and_takes_gzip_only(served: FeedServer) -> None:
    await succeeded(served.set("/x", FEED))
    headers = served.requests[0].headers
    assert headers["User-Agent"] == "Dadkhah/1 (+https://contact.example)"
    assert headers["Accept-Encoding"] == "gzip"
    assert "If-None-Match" not in headers
    assert "Cookie" not in headers


async def test_cookies_are_not_carried_to_the_next_request(served: FeedServer) -> None:
    url = served.set("/x", FEED, headers={"Set-Cookie": "a=1; Path=/"})
    async with Fetcher(options()) as fetcher:
        for _ in range(2):
            await fetcher.fetch(FetchRequest(url))
    assert all("Cookie" not in request.headers for request in served.requests)


RETRY: dict[str, tuple[str, int | None]] = {
    "seconds": ("120", 120),
    "none": ("", None),
    "nonsense": ("soon", None),
    "a digit that is none": ("²", None),
    "negative": ("-5", None),
    "beyond numbers": ("9" * 5000, 366 * 24 * 3600),
    "a date long ago": ("Wed, 21 Oct 2015 07:28:00 GMT", 0),
    "a date beyond reason": ("Fri, 31 Dec 9999 23:59:59 GMT", 366 * 24 * 3600),
    "a date that is none": ("Fri, 31 Feb 2026 25:61:61 GMT", None),
    "a zone beyond reason": ("Wed, 21 Oct 2015 07:28:00 +99999999999999", None),
    "a date without a zone": ("Wed, 21 Oct 2015 07:28:00 -0000", 0),
    "twice": ("60, 90", 60),
    "with a fraction": ("1.5", None),
}


@pytest.mark.parametrize(("said", "seconds"), RETRY.values(), ids=RETRY)
async def test_retry_after_is_read(served: FeedServer, said: str, seconds: int | None) -> None:
    url = served.set("/x", b"x", status=429, headers={"Retry-After": said} if said else {})
    failure = await failed(url)
    assert (failure.status, failure.retry_after) == (429, seconds)


@pytest.mark.parametrize("status", [404, 403, 500, 502])
async def test_retry_after_counts_only_where_it_means_leave_me_alone(
    served: FeedServer, status: int
) -> None:
    url = served.set("/x", b"x", status=status, headers={"Retry-After": "120"})
    assert (await failed(url)).retry_after is None


async def test_retry_after_may_be_a_date(served: FeedServer) -> None:
    then = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    failure = await failed(served.set("/x", b"x", status=503, headers={"Retry-After": then}))
    assert failure.retry_after is not None
    assert 3590 <= failure.retry_after <= 3600


# ---------------------------------------------------------------- one request's own wishes


async def test_a_request_may_want_other_media_types(served: FeedServer) -> None:
    url = served.set("/x", FEED)
    async with Fetcher(options()) as fetcher:
        await fetcher.fetch(FetchRequest(url, accept="text/html"))
        await fetcher.fetch(FetchRequest(url))
    first, second = (request.headers["Accept"] for request in served.requests)
    assert first == "text/html"
    assert "application/rss+xml" in second


@pytest.mark.parametrize(("size", "kind"), [(5000, Fetched), (4999, FetchFailure)])
async def test_a_request_may_have_a_limit_of_its_own(
    served: FeedServer, size: int, kind: type
) -> None:
    url = served.set("/x", b"x" * 5000, gzip=True)
    async with Fetcher(options()) as fetcher:
        assert isinstance(await fetcher.fetch(FetchRequest(url, size=size)), kind)


async def test_a_name_and_password_in_the_address_are_sent_to_its_host(served: FeedServer) -> None:
    url = served.set("/x", FEED).replace("http://", "http://reader:p%40ss@")
    await succeeded(url)
    said = base64.b64decode(served.requests[0].headers["Authorization"].removeprefix("Basic "))
    assert said == b"reader:p@ss"
    assert "@" not in served.requests[0].host


# ---------------------------------------------------------------- redirects

CHAINS: dict[str, tuple[tuple[int, ...], bool]] = {
    "permanent": ((301,), True),
    "permanent twice": ((301, 308), True),
    "temporary": ((302,), False),
    "see other": ((303,), False),
    "temporary, kept method": ((307,), False),
    "permanent, then temporary": ((301, 302), False),
    "temporary, then permanent": ((302, 301), False),
    "as many as allowed": ((301, 301, 301), True),
}


@pytest.mark.parametrize(("statuses", "moved"), CHAINS.values(), ids=CHAINS)
async def test_only_a_chain_of_permanent_redirects_moves_a_feed(
    served: FeedServer, statuses: tuple[int, ...], *, moved: bool
) -> None:
    for number, status in enumerate(statuses):
        served.redirect(f"/{number}", f"/{number + 1}", status)
    end = served.set(f"/{len(statuses)}", FEED)
    answer = await succeeded(served.url("/0"))
    assert (answer.url, answer.moved_to) == (end, end if moved else None)


async def test_a_permanent_redirect_to_a_failure_moves_nothing(served: FeedServer) -> None:
    failure = await failed(served.redirect("/0", "/missing"))
    assert (failure.kind, failure.status) == ("status", 404)


async def test_a_redirect_to_nowhere_ends(served: FeedServer) -> None:
    assert (await failed(served.redirect("/0", "", 302))).kind == "redirects"


async def test_a_loop_of_redirects_ends(served: FeedServer) -> None:
    served.redirect("/0", "/1")
    served.redirect("/1", "/0")
    assert (await failed(served.url("/0"))).kind == "redirects"
    assert len(served.requests) == 2  # without cookies nothing would change: no use in going on


async def test_a_redirect_that_never_arrives_ends(served: FeedServer) -> None:
    def onwards(request: Request) -> Route:
        return Route(status=302, headers={"Location": request.path + "x"})

    assert (await failed(served.call("/0", onwards))).kind == "status"
    served.find = lambda path: onwards  # type: ignore[method-assign]
    try:
        assert (await failed(served.url("/0"))).kind == "redirects"
    finally:
        del served.find
    assert len(served.requests) == 2 + LIMITS.redirects + 1


async def test_a_failure_names_the_hop_that_failed(served: FeedServer) -> None:
    end = served.set("/1", b"x", status=503, headers={"Retry-After": "9"})
    failure = await failed(served.redirect("/0", "/1"))
    assert (failure.url, failure.retry_after) == (end, 9)


async def test_all_hops_share_the_time(served: FeedServer) -> None:
    for number in range(3):
        served.set(f"/{number}", status=302, headers={"Location": f"/{number + 1}"}, delay=0.2)
    served.set("/3", FEED, delay=0.2)
    assert (await failed(served.url("/0"), limits=FetchLimits(seconds=0.5))).kind == "timeout"


# ---------------------------------------------------------------- left out on request

EXCLUDED = {
    "the host": ("left-out.example", "http://left-out.example/feed"),
    "a subdomain": ("left-out.example", "https://news.left-out.example/feed"),
    "capitals and a dot": ("Left-Out.Example.", "http://LEFT-out.example./feed"),
    "letters": ("\u062e\u0628\u0631.example", "http://xn--ngblk.example/"),
    "letters, asked as such": ("xn--ngblk.example", "http://\u062e\u0628\u0631.example/"),
}


@pytest.mark.parametrize(("host", "url"), EXCLUDED.values(), ids=EXCLUDED)
async def test_a_publisher_is_left_out_on_request(host: str, url: str) -> None:
    failure = await failed(url, excluded=(host,))
    assert failure.kind == "refused"
    assert "publisher's request" in failure.detail


async def test_a_publisher_is_left_out_on_every_hop(served: FeedServer) -> None:
    url = served.redirect("/0", "http://www.left-out.example/feed", 302)
    failure = await failed(url, excluded=("left-out.example",))
    assert "publisher's request" in failure.detail
    assert failure.url == "http://www.left-out.example/feed"


async def test_a_host_that_only_ends_alike_is_not_left_out(served: FeedServer) -> None:
    served.set("/x", FEED)
    url = served.url("/x", host="localhost")
    assert (await succeeded(url, excluded=("host", "alhost"))).body == FEED


@pytest.mark.parametrize("text", ["", "*.example.org", "a b.example", "http://a.example/"])
def test_a_publisher_that_cannot_be_read_is_not_passed_over(text: str) -> None:
    with pytest.raises(ValueError, match="no host name"):
        Fetcher(options(excluded=(text,)))


TARGETS = {
    "file": "file:///etc/passwd",
    "other scheme": "gopher://127.0.0.1/",
    "script": "javascript:alert(1)",
    "private address": "http://10.0.0.1/",
    "metadata": "http://169.254.169.254/latest/meta-data/",
    "IPv6 loopback": "http://[::1]/",
    "mapped private": "http://[::ffff:10.0.0.1]/",
    "a number": "http://167772161/",
}


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
async def test_a_redirect_into_somebodys_network_is_refused(
    served: FeedServer, target: str
) -> None:
    assert (await failed(served.redirect("/0", target, 302))).kind == "refused"
    assert len(served.requests) == 1


# ---------------------------------------------------------------- addresses

FORMS = {
    "number": "127.0.0.1",
    "another number": "127.0.0.2",
    "name": "localhost",
    "mapped": "[::ffff:127.0.0.1]",
    "decimal": "2130706433",
    "short": "127.1",
    "hexadecimal": "0x7f000001",
    "any": "0.0.0.0",
}


@pytest.mark.parametrize("host", FORMS.values(), ids=FORMS)
async def test_this_machine_is_refused_however_it_is_written(served: FeedServer, host: str) -> None:
    served.set("/x", FEED)
    failure = await failed(served.url("/x", host=host), allowed=())
    assert failure.kind == "refused"
    assert served.requests == []


async def test_a_host_is_allowed_by_name_and_port(served: FeedServer) -> None:
    url = served.set("/x", FEED)
    here = parse_allowed_host(f"127.0.0.1:{served.port}")
    elsewhere = parse_allowed_host(f"127.0.0.1:{served.port + 1}")
    assert (await succeeded(url, allowed=(here,))).body == FEED
    assert (await failed(url, allowed=(elsewhere,))).kind == "refused"


@pytest.mark.parametrize("host", [*FORMS.values(), "printer", "nas.local", "10.0.0.1"])
async def test_behind_a_proxy_local_names_are_refused_before_it(
    served: FeedServer, host: str
) -> None:
    proxy = served.url("").rstrip("/")
    failure = await failed(f"http://{host}/x", allowed=(), proxy=proxy)
    assert failure.kind == "refused"
    assert served.requests == []


async def test_behind_a_proxy_public_names_are_its_to_resolve(served: FeedServer) -> None:
    def answer(request: Request) -> Route:
        return Route(FEED)

    served.call("http://feeds.example/x", answer)
    result = await fetch("http://feeds.example/x", allowed=(), proxy=served.url("").rstrip("/"))
    assert isinstance(result, Fetched)
    assert served.requests[0].host == "feeds.example"


# ---------------------------------------------------------------- manners


class Gauge:
    """Counts requests under way; runs in the server's thread."""

    def __init__(self) -> None:
        self.starts: list[float] = []

    def __call__(self, request: Request) -> Route:
        self.starts.append(time.monotonic())
        return Route(FEED, delay=0.1)


async def _together(count: int, urls: Callable[[int], str], delay: float) -> None:
    async with Fetcher(options(host_delay=delay)) as fetcher:
        answers = await asyncio.gather(
            *(fetcher.fetch(FetchRequest(urls(number))) for number in range(count))
        )
    assert all(isinstance(answer, Fetched) for answer in answers)


async def test_requests_to_one_host_start_a_pause_apart(served: FeedServer) -> None:
    gauge = Gauge()
    served.call("/x", gauge)
    await _together(3, lambda n: served.url(f"/x?{n}"), delay=0.5)
    gaps = [b - a for a, b in zip(gauge.starts, gauge.starts[1:], strict=False)]
    assert all(gap >= 0.3 for gap in gaps)  # the server may hear of a request late


async def test_one_host_is_asked_one_thing_at_a_time(served: FeedServer) -> None:
    gauge = Gauge()
    served.call("/x", gauge)
    await _together(3, lambda n: served.url(f"/x?{n}"), delay=0.001)
    gaps = [b - a for a, b in zip(gauge.starts, gauge.starts[1:], strict=False)]
    assert all(gap >= 0.09 for gap in gaps)  # each answer takes 0.1 s


async def test_a_late_comer_waits_behind_those_who_wait(served: FeedServer) -> None:
    gauge = Gauge()
    served.call("/x", gauge)
    async with Fetcher(options(host_delay=0.001)) as fetcher:

        async def ask(number: int, after: float) -> None:
            await asyncio.sleep(after)
            await fetcher.fetch(FetchRequest(served.url(f"/x?{number}")))

        await asyncio.gather(ask(0, 0), ask(1, 0.02), ask(2, 0.15))
    gaps = [b - a for a, b in zip(gauge.starts, gauge.starts[1:], strict=False)]
    assert all(gap >= 0.09 for gap in gaps)


async def test_hosts_do_not_wait_for_one_another() -> None:
    with FeedServer(["127.0.0.1", "127.0.0.2", "127.0.0.3"]) as server:
        server.set("/x", FEED, delay=0.1)
        start = time.monotonic()
        await _together(3, lambda n: server.url("/x", server.hosts[n]), delay=5)
    assert time.monotonic() - start < 3


async def test_without_a_pause_one_host_is_asked_in_parallel(served: FeedServer) -> None:
    gauge = Gauge()
    served.call("/x", gauge)
    await _together(5, lambda n: served.url(f"/x?{n}"), delay=0)
    assert gauge.starts[-1] - gauge.starts[0] < 0.4


async def test_no_more_than_so_many_requests_are_under_way(served: FeedServer) -> None:
    gauge = Gauge()
    served.call("/x", gauge)
    async with Fetcher(options(concurrency=1)) as fetcher:
        await asyncio.gather(
            *(fetcher.fetch(FetchRequest(served.url(f"/x?{n}"))) for n in range(3))
        )
    gaps = [b - a for a, b in zip(gauge.starts, gauge.starts[1:], strict=False)]
    assert all(gap >= 0.09 for gap in gaps)


# ---------------------------------------------------------------- errors of the library

_REQUEST = httpx.Request("GET", "http://a.example/")


def _errors() -> dict[str, Exception]:
    """One of each exception class of httpx; a new one is here by itself."""
    made: dict[str, Exception] = {}
    for name, kind in vars(httpx).items():
        if inspect.isclass(kind) and issubclass(kind, (httpx.HTTPError, httpx.InvalidURL)):
            made[name] = (
                kind("x", request=_REQUEST, response=httpx.Response(500))
                if kind is httpx.HTTPStatusError
                else kind("x")
            )
    return made


KINDS = {
    "CloseError": "connect", "ConnectError": "connect", "ConnectTimeout": "timeout",
    "DecodingError": "connect", "HTTPError": "connect", "HTTPStatusError": "connect",
    "InvalidURL": "refused", "LocalProtocolError": "connect", "NetworkError": "connect",
    "PoolTimeout": "timeout", "ProtocolError": "connect", "ProxyError": "connect",
    "ReadError": "cut", "ReadTimeout": "timeout", "RemoteProtocolError": "malformed",
    "RequestError": "connect", "TimeoutException": "timeout", "TooManyRedirects": "connect",
    "TransportError": "connect", "UnsupportedProtocol": "refused", "WriteError": "cut",
    "WriteTimeout": "timeout",
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(_errors()))
def test_each_error_of_the_library_is_a_failure_of_a_known_kind(name: str) -> None:
    failure = failure_of(_errors()[name])
    assert failure.kind == KINDS[name]  # a class that is new fails here: say what it is
    assert failure.kind in FAILURE_KINDS
    assert failure.detail


CAUSES: dict[str, tuple[Exception, str]] = {
    "name": (socket.gaierror(-2, "unknown"), "dns"),
    "certificate": (ssl.SSLCertVerificationError(1, "expired"), "tls"),
    "handshake": (ssl.SSLError(1, "handshake"), "tls"),
    "refused by the other side": (ConnectionRefusedError(111, "refused"), "connect"),
}


@pytest.mark.parametrize(("cause", "kind"), CAUSES.values(), ids=CAUSES)
def test_the_cause_decides_what_a_connect_error_was(cause: Exception, kind: str) -> None:
    inner = httpcore.ConnectError("inner")
    inner.__cause__ = cause
    error = httpx.ConnectError("outer")
    error.__cause__ = inner
    assert failure_of(error).kind == kind


@pytest.mark.parametrize("etag", ['"caf\u00e9"', '"a\tb"'], ids=["beyond ASCII", "control"])
async def test_a_validator_that_could_not_be_sent_back_is_not_kept(etag: str) -> None:
    answer = b"HTTP/1.1 200 OK\r\nETag: %s\r\nContent-Length: 4\r\n\r\n<a/>" % etag.encode(
        "latin-1"
    )

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        found = await fetch(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/feed")
    assert isinstance(found, Fetched)
    assert found.etag is None
