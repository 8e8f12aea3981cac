"""Stage 1: fetch. The only module that asks the outside world for anything (httpx).

Manners and guards in one place: conditional requests, one request at a time and a pause on
each host, a named client; private addresses refused on the address that is connected to, on
every hop; redirects, size and time bounded; decompression in bounded steps. A fetch never
raises for what servers do: it returns :class:`Fetched` or :class:`FetchFailure`.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
import time
import zlib
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, Self

import httpcore
import httpx

from watchers import urls
from watchers.addresses import AllowedHost, refusal
from watchers.model import Fetched, FetchFailure, FetchRequest

_PERMANENT = (301, 308)
_REDIRECTS = (301, 302, 303, 307, 308)
_ACCEPT = (
    "application/rss+xml, application/atom+xml, application/rdf+xml, application/feed+json, "
    "application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, */*;q=0.5"
)


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """Bounds of one fetch: seconds, bytes after decompression, redirects."""

    seconds: float = 20.0
    size: int = 10 * 1024 * 1024
    redirects: int = 5


@dataclass(frozen=True, slots=True)
class FetchOptions:
    """How to fetch; settings hand these values down (docs/operating.md)."""

    user_agent: str
    proxy: str | None = None
    allowed: tuple[AllowedHost, ...] = ()
    host_delay: float = 5.0  # seconds between two starts on one host name
    concurrency: int = 32
    limits: FetchLimits = field(default_factory=FetchLimits)


class _Refused(httpcore.ConnectError):
    """Our own guard said no."""


class _GuardedBackend(httpcore.AsyncNetworkBackend):
    """Resolves a name itself and connects to an address that it has checked.

    Checking a name first and connecting to the name afterwards would resolve it twice, and a
    hostile name server answers differently the second time.
    """

    def __init__(self, allowed: tuple[AllowedHost, ...]) -> None:
        self._allowed = allowed
        self._dialer = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's interface
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        reason = "no address"
        failure: Exception | None = None
        for *_, address in dict.fromkeys(found):
            ip = ipaddress.ip_address(str(address[0]).partition("%")[0])
            why = refusal(ip)
            if why and not any(entry.allows(host, port, ip) for entry in self._allowed):
                reason = f"{host} leads to {why}"
                continue
            try:
                return await self._dialer.connect_tcp(
                    str(ip), port, timeout, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure or _Refused(reason)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@dataclass(slots=True)
class _Pace:
    """One host's turn; kept while anybody holds it or waits for it."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    last: float = float("-inf")
    users: int = 0


class _HostPaces:
    """One request at a time, and `delay` seconds between starts, for each host name."""

    def __init__(self, delay: float) -> None:
        self._delay = delay
        self._hosts: OrderedDict[str, _Pace] = OrderedDict()

    @asynccontextmanager
    async def turn(self, host: str, slots: asyncio.Semaphore) -> AsyncIterator[None]:
        """Wait for the host's turn, then for one of the slots that all share; hold both."""
        if self._delay <= 0:
            async with slots:
                yield
            return
        pace = self._hosts.setdefault(host, _Pace())
        self._hosts.move_to_end(host)
        pace.users += 1
        try:
            async with pace.lock:
                await asyncio.sleep(max(0.0, pace.last + self._delay - time.monotonic()))
                async with slots:
                    pace.last = time.monotonic()
                    yield
        finally:
            pace.users -= 1
            self._forget_idle()

    def _forget_idle(self) -> None:
        while self._hosts:
            host, pace = next(iter(self._hosts.items()))
            if pace.users or pace.last + self._delay > time.monotonic():
                return
            del self._hosts[host]


class Fetcher:
    """One client for the process; use as an async context manager."""

    def __init__(self, options: FetchOptions) -> None:
        self.options = options
        self._client = httpx.AsyncClient(
            transport=_transport(options),
            headers={"User-Agent": options.user_agent, "Accept": _ACCEPT},
            timeout=httpx.Timeout(options.limits.seconds),
            follow_redirects=False,
            trust_env=False,
            # Keeps no cookies: one client asks for all feeds, and no site is to know it again.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
        )
        self._paces = _HostPaces(options.host_delay)
        self._slots = asyncio.Semaphore(options.concurrency)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def fetch(self, request: FetchRequest) -> Fetched | FetchFailure:
        """Ask for a URL, following redirects; what servers do comes back as a value."""
        url, permanent = request.url, True
        for _ in range(self.options.limits.redirects + 1):
            answer = await self._hop(url, request)
            if isinstance(answer, FetchFailure) or answer.status not in _REDIRECTS:
                moved = url if permanent and url != request.url else None
                return _judged(answer, moved)
            target = urls.resolve(answer.headers.get("location", ""), url)
            if target is None:
                return FetchFailure("refused", "redirected to something that is no web address")
            permanent = permanent and answer.status in _PERMANENT
            url = target
        count = self.options.limits.redirects
        return FetchFailure("redirects", f"more than {count} redirects")

    async def _hop(self, url: str, request: FetchRequest) -> Fetched | FetchFailure:
        refused = self._refused_before(url)
        if refused is not None:
            return refused
        headers = {"Accept-Encoding": "gzip"}
        if request.etag:
            headers["If-None-Match"] = request.etag
        if request.last_modified:
            headers["If-Modified-Since"] = request.last_modified
        async with self._paces.turn(urls.host(url), self._slots):
            try:
                async with asyncio.timeout(self.options.limits.seconds):
                    async with self._client.stream("GET", url, headers=headers) as response:
                        return await self._read(url, response)
            except TimeoutError:
                seconds = self.options.limits.seconds
                return FetchFailure("timeout", f"no complete answer within {seconds:g} s")
            except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as error:
                return failure_of(error)

    def _refused_before(self, url: str) -> FetchFailure | None:
        """Behind a proxy the dialer sees only the proxy: refuse what is plainly local here."""
        name = urls.host(url)
        if urls.resolve(url, url) is None:
            return FetchFailure("refused", "not an http or https address")
        if self.options.proxy is None or not urls.is_local_name(name):
            return None
        parts = httpx.URL(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        ip = _literal(name)
        if any(entry.allows(name, port, ip) for entry in self.options.allowed):
            return None
        return FetchFailure("refused", f"{name} is a local name or a private address")

    async def _read(self, url: str, response: httpx.Response) -> Fetched | FetchFailure:
        headers = {
            name.lower(): value
            for name, value in response.headers.items()
            if value.isascii() and value.isprintable()  # others could not be sent back
        }
        body = b""
        if response.status_code == 200:
            read = await self._body(response)
            if isinstance(read, FetchFailure):
                return read
            body = read
        return Fetched(url=url, status=response.status_code, headers=headers, body=body)

    async def _body(self, response: httpx.Response) -> bytes | FetchFailure:
        limit = self.options.limits.size
        encoding = response.headers.get("content-encoding", "identity").strip().lower()
        if encoding not in ("identity", "", "gzip", "x-gzip"):
            return FetchFailure("malformed", f"the body is encoded as {encoding}; we ask for gzip")
        inflate = zlib.decompressobj(wbits=31) if "gzip" in encoding else None
        body = bytearray()
        try:
            async for chunk in response.aiter_raw():
                room = limit + 1 - len(body)
                body += chunk[:room] if inflate is None else inflate.decompress(chunk, room)
                if len(body) > limit:
                    return FetchFailure("too-large", f"larger than {limit // 1024} kB")
        except zlib.error:
            return FetchFailure("malformed", "the body is no valid gzip")
        if inflate is not None and body and not inflate.eof:
            return FetchFailure("cut", "the compressed body ends in the middle")
        return bytes(body)


def _transport(options: FetchOptions) -> httpx.AsyncHTTPTransport:
    context = ssl.create_default_context()
    # No idle connections: httpx's pool scans them at every request (seen: 64 cost 1 ms,
    # 1,000 cost 23 ms), and servers close them before the next poll anyway.
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
    if options.proxy is not None:
        return httpx.AsyncHTTPTransport(
            verify=context, proxy=options.proxy, limits=limits, trust_env=False
        )
    transport = httpx.AsyncHTTPTransport(verify=context, limits=limits, trust_env=False)
    # httpx has no public way to hand a network backend down to its pool.
    transport._pool = httpcore.AsyncConnectionPool(  # noqa: SLF001
        ssl_context=context,
        max_connections=None,
        max_keepalive_connections=0,
        network_backend=_GuardedBackend(options.allowed),
    )
    return transport


def _literal(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return None


def _judged(answer: Fetched | FetchFailure, moved: str | None) -> Fetched | FetchFailure:
    """Success is 200 or 304; everything else is a failed feed, told with its status."""
    if isinstance(answer, FetchFailure):
        return answer
    if answer.status == 304 or (answer.status == 200 and answer.body.strip()):
        return Fetched(answer.url, answer.status, answer.headers, answer.body, moved)
    if answer.status == 200:
        return FetchFailure("not-a-feed", "the answer is empty", status=200)
    return FetchFailure(
        kind="status",
        detail=f"the server answered {answer.status}",
        status=answer.status,
        retry_after=_retry_after(answer.headers),
    )


def _retry_after(headers: Mapping[str, str]) -> int | None:
    """Seconds until the server wants to be asked again: given as such, or as a date."""
    said = headers.get("retry-after", "").strip()
    if said.isascii() and said.isdigit():
        return int(said[:9])
    try:
        return max(0, int(parsedate_to_datetime(said).timestamp() - time.time()))
    except (ValueError, OverflowError):
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
        if isinstance(cause, _Refused):
            return FetchFailure("refused", str(cause))
        if isinstance(cause, socket.gaierror):
            return FetchFailure("dns", "the host name is not found")
        if isinstance(cause, ssl.SSLError):
            reason = getattr(cause, "reason", None) or "TLS error"
            return FetchFailure("tls", f"no secure connection: {reason}")
    if isinstance(error, httpx.TimeoutException):
        return FetchFailure("timeout", "no answer in time")
    if isinstance(error, (httpx.ConnectError, httpx.ProxyError)):
        return FetchFailure("connect", "the server does not accept connections")
    if isinstance(error, (httpx.UnsupportedProtocol, httpx.InvalidURL, UnicodeError)):
        return FetchFailure("refused", "not an address that can be asked")
    if isinstance(error, (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError)):
        return FetchFailure("cut", "the connection broke in the middle of the answer")
    return FetchFailure("connect", f"the request failed ({type(error).__name__})")
