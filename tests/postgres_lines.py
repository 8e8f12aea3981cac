"""PostgreSQL as it may be reached: a relay that goes silent, a server that says what it is told."""

import contextlib
import os
import selectors
import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Self


class Relay:
    """Loopback TCP to a server's Unix socket; `silent` swallows everything from then on.

    The kernel goes on acknowledging: so a machine looks whose programs stand still, or a
    firewall that lost its table.
    """

    def __init__(self, folder: Path) -> None:
        """Listen; `folder` is where the server's socket is."""
        self._target = str(folder / ".s.PGSQL.5432")
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.silent = False
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._ending, self._end = os.pipe()
        self._selector.register(self._ending, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._run, name="relay", daemon=True)

    def url(self, database: str) -> str:
        """A database's URL through this relay."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        os.write(self._end, b"x")
        self._thread.join()
        for key in list(self._selector.get_map().values()):
            if isinstance(key.fileobj, socket.socket):
                key.fileobj.close()
        self._selector.close()
        os.close(self._ending)
        os.close(self._end)

    def _run(self) -> None:
        while True:
            for key, _ in self._selector.select():
                if key.fileobj == self._ending:
                    return
                if key.fileobj is self._listener:
                    self._accept()
                elif isinstance(key.fileobj, socket.socket):
                    self._pass_on(key.fileobj, key.data)

    def _accept(self) -> None:
        near, _ = self._listener.accept()
        far = socket.socket(socket.AF_UNIX)
        try:
            far.connect(self._target)
        except OSError:
            near.close()
            far.close()
            return
        self._selector.register(near, selectors.EVENT_READ, far)
        self._selector.register(far, selectors.EVENT_READ, near)

    def _pass_on(self, here: socket.socket, there: socket.socket) -> None:
        data = b""
        with contextlib.suppress(OSError):
            data = here.recv(65_536)
        if not data:
            self._close(here)
            if not self.silent:
                self._close(there)
        elif not self.silent:
            with contextlib.suppress(OSError):
                there.sendall(data)

    def _close(self, one: socket.socket) -> None:
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(one)
        one.close()


def _message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!I", len(body) + 4) + body


def refused(code: str, words: str) -> bytes:
    """The server's FATAL, as it answers a connection."""
    fields = (b"SFATAL", b"VFATAL", b"C" + code.encode(), b"M" + words.encode())
    return _message(b"E", b"".join(field + b"\0" for field in fields) + b"\0")


def welcomed(version: str) -> bytes:
    """A connection taken, by a server of this version that then says nothing."""
    parameters = {"server_version": version, "client_encoding": "UTF8", "TimeZone": "UTC"}
    told = b"".join(
        _message(b"S", f"{name}\0{value}\0".encode()) for name, value in parameters.items()
    )
    return _message(b"R", struct.pack("!I", 0)) + told + _message(b"Z", b"I")


@contextlib.contextmanager
def answering(answer: bytes | None) -> Iterator[int]:
    """The port of a server that gives each connection this answer, or none at all."""
    listener = socket.create_server(("127.0.0.1", 0))
    held: list[socket.socket] = []

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = listener.accept()
                held.append(near)
                if answer is not None:
                    _greet(near, answer)

    thread = threading.Thread(target=serve, name="fake-postgres", daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
        for one in (*held, listener):
            one.close()


def _greet(near: socket.socket, answer: bytes) -> None:
    """Read what it wants; no encryption; then the answer."""
    near.settimeout(5)
    while True:
        (length,) = struct.unpack("!I", near.recv(4, socket.MSG_WAITALL))
        wanted = near.recv(length - 4, socket.MSG_WAITALL)
        if struct.unpack("!I", wanted[:4])[0] in (80877103, 80877104):  # TLS, GSSAPI
            near.sendall(b"N")
            continue
        near.sendall(answer)
        return
