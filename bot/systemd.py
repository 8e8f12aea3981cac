"""What systemd is told, if it asks: ready, alive, stopping (sd_notify(3)).

A datagram to the socket that it names in NOTIFY_SOCKET; nothing without one.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable, Mapping

from config import logs

log = logs.get(__name__)

Reason = Callable[[], str | None]


class Notifier:
    """Tells systemd how this process is; a system without systemd is told nothing."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        place = environ.get("NOTIFY_SOCKET", "")
        # "@" is the abstract namespace of Linux, whose names begin with NUL.
        self._place = "\0" + place[1:] if place.startswith("@") else place
        self._seconds = _watchdog_seconds(environ) if place else None
        self._task: asyncio.Task[None] | None = None

    def ready(self, reason: Reason) -> None:
        """The service is up; from now on it says so for as long as `reason` gives none against."""
        self._say("READY=1")
        if self._seconds is not None:
            self._task = asyncio.create_task(self._keep_saying(self._seconds / 2, reason))

    def waits(self, what: str, seconds: float) -> None:
        """The start takes longer: systemd shall not give it up for that."""
        extended = int((seconds + 30) * 1_000_000)
        self._say(f"STATUS={what}\nEXTEND_TIMEOUT_USEC={extended}")

    def stopping(self) -> None:
        """The end has begun; the watchdog is still answered, for it may take its seconds."""
        self._say("STOPPING=1\nWATCHDOG=1")
        if self._task is not None:
            self._task.cancel()

    async def _keep_saying(self, seconds: float, reason: Reason) -> None:
        while True:
            why = reason()
            if why is None:
                self._say("WATCHDOG=1")
            else:
                log.error("standing_still", why=why)
                self._say(f"STATUS={why}")
            await asyncio.sleep(seconds)

    def _say(self, message: str) -> None:
        if not self._place:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out:
                out.setblocking(False)
                out.sendto(message.encode(), self._place)
        except OSError as error:  # it is told again, or systemd has gone
            log.debug("systemd_not_told", why=error.strerror)


def _watchdog_seconds(environ: Mapping[str, str]) -> float | None:
    """How often systemd wants to hear from this process (WatchdogSec); None: it does not."""
    if environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    given = environ.get("WATCHDOG_USEC", "")
    return int(given) / 1e6 if given.isdecimal() and 0 < len(given) < 16 and int(given) else None
