"""The stand-in in a thread of its own, for tests that block or start another program."""

import asyncio
import threading
from typing import Any

from tests.standin.server import BotApiStandin


class BotApiThread:
    """`with BotApiThread() as standin:` serves until the block ends."""

    def __init__(self, **state: Any) -> None:
        """Take the fields of State, as BotApiStandin does."""
        self.standin = BotApiStandin(**state)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="standin", daemon=True)

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        try:
            async with self.standin:
                self._ready.set()
                await self._stop.wait()
        finally:
            self._ready.set()

    def __enter__(self) -> BotApiStandin:
        """Start, and wait until it listens."""
        self._thread.start()
        self._ready.wait(10)
        assert self.standin.port, "the stand-in did not start"
        return self.standin

    def __exit__(self, *exc: object) -> None:
        """Stop, and wait until it has."""
        assert self._loop is not None
        assert self._stop is not None
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)
