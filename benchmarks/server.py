"""The cheapest web server for the generated feeds: one process, epoll, bodies compressed before.

    python -m benchmarks.server FOLDER     prints its port, then serves until it is stopped

It listens on every loopback address: the address that a client connected to tells the feed.
On 127.0.0.1 it listens to whoever runs the benchmark: `/cycle/N` begins cycle N and answers
with what the last one came to, as JSON.

Cycle 1: all feeds as they are, with validators. Cycle 2: nothing has changed. Cycle 3: the
feeds that change have changed, and those that keep no validators send none and heed none.
Linux only (epoll, TCP_DEFER_ACCEPT; elsewhere 127.0.0.2 does not even exist).
"""

from __future__ import annotations

import contextlib
import gzip
import json
import mmap
import select
import socket
import sys
import time
from collections import Counter
from hashlib import blake2b
from pathlib import Path

from benchmarks.pack import Packed, Shelf, read

_CONTROL = "127.0.0.1"
_LAST_MODIFIED = ("Sat, 21 Nov 2026 08:00:00 GMT", "Sun, 22 Nov 2026 09:00:00 GMT")
_MOST = 64 * 1024  # bytes of a request's head


class Site:
    """What is answered to whom, in the cycle that is under way."""

    def __init__(self, folder: Path) -> None:
        self._shelves = {shelf.address: shelf for shelf in read(folder)}
        with (folder / "bodies.bin").open("rb") as file:
            self._bodies = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._cycle = 1
        self._counts: Counter[str] = Counter()
        self._cpu = time.process_time()

    def answer(self, address: str, head: bytes) -> bytes:
        """The whole answer to a request that came to this address."""
        if address == _CONTROL:
            return self._controlled(head)
        shelf = self._shelves.get(address)
        if shelf is None:
            return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
        version, validators = self._state(shelf)
        self._counts["requests"] += 1
        tag = _tag(address, version)
        if validators and tag in head:
            self._counts["304"] += 1
            return b"HTTP/1.1 304 Not Modified\r\nETag: " + tag + b"\r\n\r\n"
        self._counts["200"] += 1
        return self._whole(shelf.versions[version], head, tag if validators else b"", version)

    def _state(self, shelf: Shelf) -> tuple[int, bool]:
        """Which version the feed is at, and whether it knows validators."""
        if self._cycle < 3:
            return 0, True
        return len(shelf.versions) - 1, shelf.conditional

    def _whole(self, packed: Packed, head: bytes, tag: bytes, version: int) -> bytes:
        body = self._bodies[packed.start : packed.start + packed.size]
        encoding = b"Content-Encoding: gzip\r\n"
        if not _accepts_gzip(head):
            body, encoding = gzip.decompress(body), b""
        self._counts["bytes"] += len(body)
        self._counts["plain"] += packed.plain
        modified = _LAST_MODIFIED[version].encode()
        validators = b"ETag: %b\r\nLast-Modified: %b\r\n" % (tag, modified) if tag else b""
        return b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\nContent-Length: %d\r\n%b%b\r\n%b" % (
            packed.content_type.encode(),
            len(body),
            encoding,
            validators,
            body,
        )

    def _controlled(self, head: bytes) -> bytes:
        """Begin a cycle; answer with what the last one came to."""
        cpu = time.process_time()
        told = {**self._counts, "cycle": self._cycle, "cpu_seconds": cpu - self._cpu}
        self._cycle = int(head.split(b" ", 2)[1].rpartition(b"/")[2])
        self._counts.clear()
        self._cpu = time.process_time()
        body = json.dumps(told).encode()
        return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


def _tag(address: str, version: int) -> bytes:
    return b'"%b"' % blake2b(f"{address}/{version}".encode(), digest_size=8).hexdigest().encode()


def _accepts_gzip(head: bytes) -> bool:
    place = head.lower().find(b"\r\naccept-encoding:")
    return place >= 0 and b"gzip" in head[place + 2 : head.find(b"\r\n", place + 2)]


class Server:
    """Connections, one thread, each answered as soon as its request is whole."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._poll = select.epoll()
        self._open: dict[int, _Client] = {}
        self._listener = socket.create_server(("0.0.0.0", 0), backlog=4096)
        # Connections are handed over with their request: no waiting for it.
        self._listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, 1)
        self._listener.setblocking(False)
        self._poll.register(self._listener, select.EPOLLIN)

    @property
    def port(self) -> int:
        """Where it listens, on every address."""
        port: int = self._listener.getsockname()[1]
        return port

    def serve(self) -> None:
        """Serve until the process is stopped."""
        while True:
            for number, _ in self._poll.poll():
                if number == self._listener.fileno():
                    self._accept()
                else:
                    self._advance(self._open[number])

    def _accept(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while True:
                connection, _ = self._listener.accept()
                connection.setblocking(False)
                client = _Client(connection)
                self._open[connection.fileno()] = client
                self._poll.register(connection, select.EPOLLIN)
                self._advance(client)

    def _advance(self, client: _Client) -> None:
        """Read what is there, answer what is whole, send what goes; close at the end."""
        number = client.socket.fileno()
        try:
            if client.unsent:
                client.send()
            elif client.receive():
                client.unsent = memoryview(self._site.answer(client.address, client.taken()))
                client.send()
            self._poll.modify(number, select.EPOLLOUT if client.unsent else select.EPOLLIN)
        except BlockingIOError:
            return
        except OSError:
            self._poll.unregister(number)
            del self._open[number]
            client.socket.close()


class _Client:
    """A connection with what came and what is still to go."""

    __slots__ = ("address", "received", "socket", "unsent")

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self.address: str = connection.getsockname()[0]
        self.received = b""
        self.unsent = memoryview(b"")

    def receive(self) -> bool:
        """Whether a request is whole. OSError when the client left."""
        chunk = self.socket.recv(_MOST)
        if not chunk or len(self.received) > _MOST:
            raise ConnectionResetError
        self.received += chunk
        return self.received.endswith(b"\r\n\r\n")

    def taken(self) -> bytes:
        """The request, which is dealt with then."""
        head, self.received = self.received, b""
        return head

    def send(self) -> None:
        """Send what the socket takes."""
        with contextlib.suppress(BlockingIOError):
            self.unsent = self.unsent[self.socket.send(self.unsent) :]


if __name__ == "__main__":
    server = Server(Site(Path(sys.argv[1])))
    print(server.port, flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        server.serve()
