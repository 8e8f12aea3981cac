"""Stage 1: fetch. The only module that asks the outside world for anything (httpx).

Manners and guards in one place: conditional requests, one request at a time and a pause on
each host, a named client; private addresses refused on the address that is connected to, on
every hop; redirects, size and time bounded; decompression in bounded steps. A fetch never
raises for what servers do: it returns :class:`Fetched` or :class:`FetchFailure`.

Without a proxy a request goes through :mod:`watchers.transport` and :mod:`watchers.dialer`,
with one through httpx's own transport. httpx's client is not used: cookies, authentication
schemes, event hooks and environment variables are what a watcher has to keep out.
"""

from __future__ import annotations

import asyncio
import base64
import ipaddress
import re
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Self

import httpx

from watchers import urls
from watchers.addresses import AllowedHost
from watchers.dialer import Dialer, Refused
from watchers.inflate import Body, Cut, Damaged, TooLarge
from watchers.model import Fetched, FetchFailure, FetchRequest
from watchers.paces import HostPaces, TurnMissed, TurnPort
from watchers.transport import DirectTransport

_PERMANENT = (301, 308)
_REDIRECTS = (301, 302, 303, 307, 308)
_RESTING = (429, 503)  # answers whose Retry-After means "leave me alone until then"
_ACCEPT = (
    "application/rss+xml, application/atom+xml, application/rdf+xml, application/feed+json, "
    "application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, */*;q=0.5"
)
# What we cannot undo. Labels that are no codings at all ("utf-8", "none") are looked past.
_FOREIGN_CODINGS = frozenset({"br", "deflate", "compress", "x-compress", "zstd", "dcb", "dcz"})
_HOST = re.compile(r"[a-z0-9_.-]{1,253}|[0-9a-f:.]{2,45}")
_LONGEST_WAIT = 366 * 24 * 3600  # seconds; what a server asks beyond that is a slip


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """Bounds of one fetch: seconds, bytes after decompression, redirects.

    The seconds are shared by all hops. Waiting for a host's turn is not counted.
    """

    seconds: float = 20.0
    size: int = 10 * 1024 * 1024
    redirects: int = 5


@dataclass(frozen=True, slots=True)
class FetchOptions:
    """How to fetch; settings hand these values down (docs/operating.md)."""

    user_agent: str
    proxy: str | None = None
    allowed: tuple[AllowedHost, ...] = ()
    excluded: tuple[str, ...] = ()  # hosts whose publishers asked to be left out, subdomains too
    host_delay: float = 5.0  # seconds between two starts on one host name
    concurrency: int = 32
    limits: FetchLimits = field(default_factory=FetchLimits)


@dataclass(slots=True)
class _Errand:
    """One fetch under way: what was asked, and the seconds that are left for it."""

    request: FetchRequest
    seconds: float
    size: int


@dataclass(frozen=True, slots=True)
class _Target:
    """An address that can be asked, read once: guard, pace and dialer see the same host."""

    url: httpx.URL
    host: str  # lower-case ASCII without a trailing dot; IPv6 without brackets
    port: int


def host_name(text: str) -> str | None:
    """A host as it is compared: lower-case ASCII (IDNA 2008), no trailing dot; None if it is none.

    IDNA 2008 and not Python's older one, which drops the half-space of Persian names.
    """
    target = _target(f"http://{text.strip()}/")
    is_bare = target is not None and target.url.raw_path == b"/" and not target.url.userinfo
    return target.host if target and is_bare and target.url.port is None else None


def _named(text: str) -> str:
    name = host_name(text)
    if name is None:  # to pass over it would be to ask a publisher who said no
        msg = f"{text!r} is no host name"
        raise ValueError(msg)
    return name


def _target(url: str) -> _Target | None:
    if len(url) > urls.MAX_URL:
        return None
    try:
        parsed = httpx.URL(url)
        host = parsed.raw_host.decode("ascii").rstrip(".").lower()
    except (httpx.InvalidURL, UnicodeError, ValueError):
        return None
    port = parsed.port or (443 if parsed.scheme == "https" else 80)
    if parsed.scheme not in ("http", "https") or not _HOST.fullmatch(host) or port > 65535:
        return None
    return _Target(parsed, host, port)


class Fetcher:
    """One for the process; use as an async context manager."""

    def __init__(
        self,
        options: FetchOptions,
        took: Callable[[float], None] = lambda _: None,
        turns: TurnPort | None = None,
    ) -> None:
        self.options = options
        self._took = took  # told the seconds of each request, without its wait for a turn
        self._transport = _transport(options)
        self._headers = {
            "User-Agent": options.user_agent,
            "Accept": _ACCEPT,
            "Accept-Encoding": "gzip",
            "Connection": "close",  # servers would close it before the next poll anyway
        }
        self._excluded = frozenset(map(_named, options.excluded))
        self._paces = HostPaces(options.host_delay, turns)
        self._slots = asyncio.Semaphore(options.concurrency)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._transport.aclose()

    async def fetch(self, request: FetchRequest) -> Fetched | FetchFailure:
        """Ask for a URL, following redirects; what servers do comes back as a value."""
        limits = self.options.limits
        errand = _Errand(request, limits.seconds, request.size or limits.size)
        url, permanent = request.url, True
        visited = {url}
        for _ in range(limits.redirects + 1):
            answer = await self._hop(url, errand)
            if isinstance(answer, FetchFailure):
                return replace(answer, url=url)
            if answer.status not in _REDIRECTS:
                moved = url if permanent and url != request.url else None
                return _judged(answer, moved, request)
            target = urls.resolve(answer.headers.get("location", ""), url)
            if target is None:
                detail = "redirected to something that is no web address"
                return FetchFailure("refused", detail, url=url)
            permanent = permanent and answer.status in _PERMANENT
            if target in visited:  # we keep no cookies, so nothing would be different next time
                return FetchFailure("redirects", "redirected in a circle", url=url)
            visited.add(target)
            url = target
        return FetchFailure("redirects", f"more than {limits.redirects} redirects", url=url)

    async def _hop(self, url: str, errand: _Errand) -> Fetched | FetchFailure:
        target = _target(url)
        if target is None:
            return FetchFailure("refused", "not an http or https address")
        refused = self._refused_before(target)
        if refused is not None:
            return refused
        try:
            async with self._paces.turn(target.host, self._slots):
                return await self._in_turn(url, target, errand)
        except TurnMissed:  # not the host's fault, nor the feed's
            return FetchFailure("turn", "another machine is asking this host")

    async def _in_turn(self, url: str, target: _Target, errand: _Errand) -> Fetched | FetchFailure:
        started = time.monotonic()
        try:
            async with asyncio.timeout(errand.seconds):
                return await self._ask(url, target, errand)
        except TimeoutError:
            seconds = self.options.limits.seconds
            return FetchFailure("timeout", f"no complete answer within {seconds:g} s")
        except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as error:
            return failure_of(error)
        finally:
            seconds = time.monotonic() - started
            errand.seconds -= seconds
            self._took(seconds)

    def _refused_before(self, target: _Target) -> FetchFailure | None:
        """What needs no address to be refused; behind a proxy the dialer sees only the proxy."""
        host = target.host
        if self._excluded and not self._excluded.isdisjoint(_parents(host)):
            return FetchFailure("refused", f"{host} is left out at its publisher's request")
        if self.options.proxy is None or not urls.is_local_name(host):
            return None
        ip = _literal(host)
        if any(entry.allows(host, target.port, ip) for entry in self.options.allowed):
            return None
        return FetchFailure("refused", f"{host} is a local name or a private address")

    def _headers_for(self, target: _Target, request: FetchRequest) -> dict[str, str]:
        headers = dict(self._headers)
        if request.accept:
            headers["Accept"] = request.accept
        if request.etag:
            headers["If-None-Match"] = request.etag
        if request.last_modified:
            headers["If-Modified-Since"] = request.last_modified
        if target.url.userinfo:
            pair = f"{target.url.username}:{target.url.password}".encode()
            headers["Authorization"] = "Basic " + base64.b64encode(pair).decode("ascii")
        return headers

    async def _ask(self, url: str, target: _Target, errand: _Errand) -> Fetched | FetchFailure:
        request = httpx.Request(
            "GET",
            target.url,
            headers=self._headers_for(target, errand.request),
            extensions={"timeout": httpx.Timeout(errand.seconds).as_dict()},
        )
        response = await self._transport.handle_async_request(request)
        try:
            body = b""
            if response.status_code == 200:
                read = await _body(response, errand.size)
                if isinstance(read, FetchFailure):
                    return read
                body = read
        finally:
            await response.aclose()
        return Fetched(url=url, status=response.status_code, headers=_headers(response), body=body)


def _parents(host: str) -> list[str]:
    """The host and every domain it is in."""
    labels = host.split(".")
    return [".".join(labels[start:]) for start in range(len(labels))]


def _headers(response: httpx.Response) -> dict[str, str]:
    """Headers that could be sent back as they are, by lower-case name; and any Location."""
    return {
        name: value
        for name, value in response.headers.items()
        if name == "location" or (value.isascii() and value.isprintable())
    }


async def _body(response: httpx.Response, limit: int) -> bytes | FetchFailure:
    label = response.headers.get("content-encoding", "").lower()
    foreign = _FOREIGN_CODINGS.intersection(part.strip() for part in label.split(","))
    if foreign:
        coding = min(foreign)
        return FetchFailure("malformed", f"the body is encoded as {coding}; we ask for gzip")
    body = Body(limit)
    assert isinstance(response.stream, httpx.AsyncByteStream)
    try:
        async for chunk in response.stream:
            body.add(chunk)
        return body.whole()
    except TooLarge:
        return FetchFailure("too-large", f"larger than {limit // 1024} kB")
    except Damaged:
        return FetchFailure("malformed", "the body is no valid gzip")
    except Cut:
        return FetchFailure("cut", "the compressed body ends in the middle")


def _transport(options: FetchOptions) -> httpx.AsyncBaseTransport:
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    if options.proxy is None:
        return DirectTransport(Dialer(options.allowed), context)
    # No idle connections: httpx's pool scans them at every request (seen: 64 cost 1 ms,
    # 1,000 cost 23 ms).
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
    return httpx.AsyncHTTPTransport(
        verify=context, proxy=options.proxy, limits=limits, trust_env=False
    )


def _literal(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(name)
    except ValueError:
        return None


def _judged(answer: Fetched, moved: str | None, request: FetchRequest) -> Fetched | FetchFailure:
    """Success is 200, or 304 if we named what we have; all else is a failed feed."""
    url, status = answer.url, answer.status
    is_conditional = request.etag is not None or request.last_modified is not None
    if (status == 304 and is_conditional) or (status == 200 and answer.body.strip()):
        return replace(answer, moved_to=moved)
    if status == 200:
        return FetchFailure("not-a-feed", "the answer is empty", status, url=url)
    if status == 304:
        detail = "the server answered 304 although it was asked for the whole"
        return FetchFailure("status", detail, status, url=url)
    return FetchFailure(
        kind="status",
        detail=f"the server answered {status}",
        status=status,
        retry_after=_retry_after(answer.headers) if status in _RESTING else None,
        url=url,
    )


def _retry_after(headers: Mapping[str, str]) -> int | None:
    """Seconds until the server wants to be asked again (RFC 9110, 10.2.3): a number or a date."""
    said = headers.get("retry-after", "").strip()[:64]
    first = said.partition(",")[0]  # sent twice, it arrives as a list
    if first.isascii() and first.isdigit():
        return min(_LONGEST_WAIT, int(first))
    try:
        then = parsedate_to_datetime(said)
        then = then if then.tzinfo else then.replace(tzinfo=UTC)  # "-0000" gives no zone
        return min(_LONGEST_WAIT, max(0, int(then.timestamp() - time.time())))
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


def _causes(error: BaseException | None) -> list[BaseException]:
    chain: list[BaseException] = []
    while error is not None and len(chain) < 20:
        chain.append(error)
        error = error.__cause__ or error.__context__
    return chain


def failure_of(error: Exception) -> FetchFailure:
    """Httpx's error in our words. The cause decides: httpx folds many into ConnectError."""
    causes = _causes(error)
    for cause in causes:
        if isinstance(cause, Refused):
            return FetchFailure("refused", str(cause))
        if isinstance(cause, socket.gaierror):
            return FetchFailure("dns", "the host name is not found")
        if isinstance(cause, ssl.SSLError):
            reason = getattr(cause, "reason", None) or "the handshake broke"
            return FetchFailure("tls", f"no secure connection: {reason}")
        if isinstance(cause, (TimeoutError, httpx.TimeoutException)):
            return FetchFailure("timeout", "no answer in time")
    if isinstance(error, (httpx.ConnectError, httpx.ProxyError)):
        return FetchFailure("connect", "the server does not accept connections")
    if isinstance(error, (httpx.UnsupportedProtocol, httpx.InvalidURL, UnicodeError)):
        return FetchFailure("refused", "not an address that can be asked")
    if isinstance(error, httpx.RemoteProtocolError) and not _is_cut(error):
        return FetchFailure("malformed", "the answer is no valid HTTP")
    if isinstance(error, (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError)):
        return FetchFailure("cut", "the connection broke in the middle of the answer")
    return FetchFailure("connect", f"the request failed ({type(error).__name__})")


def _is_cut(error: httpx.RemoteProtocolError) -> bool:
    """Behind a proxy httpx's own transport tells an early end in words only."""
    return str(error).startswith(("peer closed", "Server disconnected"))
