"""Servers that behave as badly as the network allows, on loopback; and a canary.

    with Hostile() as hostile:
        url = hostile.serve(Fault(b"HTTP/1.1 200 OK\\r\\n\\r\\n", piece=b"x", times=FOREVER))

Below HTTP and without its libraries, which would not let a promise be broken. Each fault
listens on a port of its own. The canary listens too; whoever connects to it is counted.
"""

import asyncio
import socket
import ssl
import struct
import threading
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import tornado

FOREVER = -1
CANARY = "127.9.9.9"
CERTIFICATE = Path(tornado.__file__).parent / "test" / "test.crt"  # ends in 2033; nobody's CA


@dataclass(frozen=True)
class Fault:
    """What one connection gets: `head`, then `piece` again and again, then `tail`.

    pause: seconds before each piece. times: of the piece. ends: "close", "reset" or "hang".
    after: "request" waits for the client's head before anything, "connect" does not.
    tls: the server speaks TLS. path: of the URL that is asked; {canary} in head and path is the
    canary's host and port, {port} the fault's own.
    """

    head: bytes = b""
    piece: bytes = b""
    times: int = 0
    pause: float = 0
    tail: bytes = b""
    ends: str = "close"
    after: str = "request"
    tls: bool = False
    scheme: str = "http"
    path: str = "/feed"


class Hostile:
    """A thread with a server for each fault, and the canary."""

    def __init__(self) -> None:
        self.canary = 0  # connections that reached it: always 0
        self.asked: dict[int, int] = {}  # connections by port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="hostile", daemon=True)
        self._servers: list[asyncio.Server] = []
        self._conversations: set[asyncio.Task[None]] = set()
        self._canary_port = 0

    @property
    def canary_host(self) -> str:
        """Host and port of the canary."""
        return f"{CANARY}:{self._canary_port}"

    def serve(self, fault: Fault, host: str = "127.0.0.1") -> str:
        """Listen with a fault; the URL to ask."""
        port = self._do(self._listen(fault, host))
        path = fault.path.format(canary=self.canary_host, port=port)
        return f"{fault.scheme}://{host}:{port}{path}"

    async def _listen(self, fault: Fault, host: str) -> int:
        context = None
        if fault.tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(CERTIFICATE, CERTIFICATE.with_suffix(".key"))

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.asked[port] += 1
            task = asyncio.current_task()
            assert task is not None
            self._conversations.add(task)
            task.add_done_callback(self._conversations.discard)
            with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await _talk(filled, reader, writer)
            writer.transport.abort()

        sock = socket.create_server((host, 0), backlog=64)
        port = int(sock.getsockname()[1])
        self.asked[port] = 0
        head = fault.head.replace(b"{canary}", self.canary_host.encode())
        filled = replace(fault, head=head.replace(b"{port}", str(port).encode()))
        self._servers.append(await asyncio.start_server(talk, sock=sock, ssl=context))
        return port

    async def _watch(self) -> int:
        async def caught(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.canary += 1
            writer.close()

        server = await asyncio.start_server(caught, CANARY, 0)
        self._servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    async def _leave(self) -> None:
        for server in self._servers:
            server.close()
        for task in tuple(self._conversations):
            task.cancel()
        await asyncio.gather(*self._conversations, return_exceptions=True)
        await asyncio.sleep(0.01)  # lets closed connections take leave of the loop

    def _do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    def __enter__(self) -> Self:
        """Start, the canary first."""
        self._thread.start()
        self._canary_port = self._do(self._watch())
        return self

    def __exit__(self, *exc: object) -> None:
        """Stop, whatever conversations are under way."""
        self._do(self._leave())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()


async def _talk(fault: Fault, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    if fault.after == "request":
        await reader.readuntil(b"\r\n\r\n")
    writer.write(fault.head)
    await writer.drain()
    sent = 0
    while sent != fault.times:
        if fault.pause:
            await asyncio.sleep(fault.pause)
        writer.write(fault.piece)
        await writer.drain()
        sent += 1
    writer.write(fault.tail)
    await writer.drain()
    if fault.ends == "hang":
        await asyncio.sleep(3600)
    elif fault.ends == "reset":
        await asyncio.sleep(0.01)  # or the reset overtakes what was sent
        raw = writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    else:
        writer.close()
        await writer.wait_closed()
