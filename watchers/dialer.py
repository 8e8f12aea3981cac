"""Connections to addresses that were checked: the only place that resolves names and dials.

The address that is checked is the address that is connected to. Checking a name first and
connecting to the name afterwards would resolve it twice, and a hostile name server answers
differently the second time.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterable

from watchers.addresses import AllowedHost, IPAddress, refusal

_LOOKUPS = 64  # names that are looked up at once; a slow name server holds its place until it ends
_PER_FAMILY = 3  # addresses tried of each kind: a name server may answer with thousands
_SHARE = 5.0  # seconds for one address when there is another to try: dead IPv6 is common
_BUFFER = 64 * 1024  # bytes; reading from the socket pauses when twice this waits to be read

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Refused(OSError):
    """Our own guard said no."""


class Resolver:
    """Looks names up in threads of its own, so many at once and no more.

    A look-up cannot be stopped. In the event loop's common threads slow name servers would
    hold up everything else that runs there, and threads that are no daemons would hold up the
    end of the program.
    """

    def __init__(self, lookups: int = _LOOKUPS) -> None:
        self._room = asyncio.Semaphore(lookups)

    async def addresses(self, host: str, port: int) -> list[IPAddress]:
        """The addresses of a name, in the system's order. ``socket.gaierror`` if it has none."""
        await self._room.acquire()
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[list[IPAddress]] = loop.create_future()

        def finish(found: list[IPAddress], error: Exception | None) -> None:
            self._room.release()
            if answer.done():  # nobody waits any more
                return
            if error is None:
                answer.set_result(found)
            else:
                answer.set_exception(error)

        def work() -> None:
            found: list[IPAddress] = []
            error: Exception | None = None
            try:
                found = _looked_up(host, port)
            except Exception as caught:  # noqa: BLE001 - it is raised where the answer is awaited
                error = caught
            with contextlib.suppress(RuntimeError):  # the loop has closed meanwhile
                loop.call_soon_threadsafe(finish, found, error)

        try:
            threading.Thread(target=work, name="dns", daemon=True).start()
        except RuntimeError as error:
            self._room.release()
            raise OSError("no thread to look the name up in") from error
        return await answer


def _looked_up(host: str, port: int) -> list[IPAddress]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [
        ipaddress.ip_address(str(address[0]).partition("%")[0])
        for *_, address in dict.fromkeys(found)
    ]


def _tried(addresses: Iterable[IPAddress]) -> list[IPAddress]:
    """The first few of each family, in the order given."""
    kept: list[IPAddress] = []
    for ip in dict.fromkeys(addresses):
        if sum(other.version == ip.version for other in kept) < _PER_FAMILY:
            kept.append(ip)
    return kept


class Dialer:
    """Connects to what is public, and to what the operator allowed."""

    def __init__(self, allowed: tuple[AllowedHost, ...], resolver: Resolver | None = None) -> None:
        self._allowed = allowed
        self._resolver = resolver or Resolver()

    async def connect(self, host: str, port: int, context: ssl.SSLContext | None) -> Stream:
        """A connection to one of the host's addresses, with TLS if a context is given.

        OSError of the last address tried: ``Refused``, ``socket.gaierror``, ``ssl.SSLError``...
        Has no time limit of its own.
        """
        sock = await self._connected(host, port)
        # From here on the transport owns the socket and closes it, also when cancelled.
        try:
            return await asyncio.open_connection(
                sock=sock,
                limit=_BUFFER,
                ssl=context,
                server_hostname=None if context is None else host.rstrip("."),
            )
        except ssl.SSLError:
            raise
        except OSError as error:
            raise ssl.SSLError("the connection broke in the TLS handshake") from error

    async def _connected(self, host: str, port: int) -> socket.socket:
        addresses = await self._permitted(host, port)
        for ip in addresses[:-1]:
            try:
                async with asyncio.timeout(_SHARE):
                    return await _opened(ip, port)
            except OSError:
                continue
        return await _opened(addresses[-1], port)

    async def _permitted(self, host: str, port: int) -> list[IPAddress]:
        """The addresses to try, at least one. Refused if none of them may be connected to."""
        try:
            found = [ipaddress.ip_address(host.rstrip("."))]  # a number needs no looking up
        except ValueError:
            found = await self._resolver.addresses(host, port)
        reason = "no address"
        permitted = []
        for ip in _tried(found):
            why = refusal(ip)
            if why and not any(entry.allows(host, port, ip) for entry in self._allowed):
                reason = why
            else:
                permitted.append(ip)
        if not permitted:
            raise Refused(f"{host} leads to {reason}")
        return permitted


async def _opened(ip: IPAddress, port: int) -> socket.socket:
    family = socket.AF_INET if ip.version == 4 else socket.AF_INET6
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, (str(ip), port))
    except BaseException:
        sock.close()
        raise
    return sock
