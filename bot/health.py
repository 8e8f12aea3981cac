"""How a long-lived process shows that it is well: the page, its metrics, systemd's watchdog.

The same for `dadkhah run`, also one that stands by, and for `dadkhah worker`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Literal

from bot.app import Program
from bot.metrics import Facts, Metrics
from bot.systemd import Notifier
from bot.watchdog import Watchdog
from bot.web import HealthPage, Hook, State
from config.settings import SettingsInvalid


class Health:
    """One for the process. `ready` is what `/readyz` says, with a key "ok"."""

    def __init__(
        self,
        program: Program,
        role: Literal["run", "worker"],
        ready: State,
        *,
        hook: Hook | None = None,
        leased: Callable[[], bool] = lambda: False,
        listening: Callable[[], bool | None] = lambda: None,
    ) -> None:
        self._listen = program.settings.http_listen
        self._ready = ready
        self._leased = leased
        self._listening = listening
        self._labels = {
            "version": version("dadkhah"),
            "engine": program.settings.engine,
            "role": role,
        }
        self.watchdog = Watchdog(program.database.tally)
        self._notifier: Notifier | None = None
        metrics = Metrics(program.database, self._facts)
        self._page = HealthPage(self.alive, ready, hook, metrics.page)

    def alive(self) -> Mapping[str, object]:
        """What `/healthz` says: not ok if a restart would help, with the reason."""
        why = self.watchdog.reason()
        return {"ok": True} if why is None else {"ok": False, "reason": why}

    def _facts(self) -> Facts:
        return Facts(
            leased=self._leased(),
            ready=bool(self._ready()["ok"]),
            healthy=self.watchdog.reason() is None,
            listening=self._listening(),
            labels=self._labels,
        )

    def listen(self) -> None:
        """Open the page, if it is wanted. SettingsInvalid if its address is taken."""
        if not self._listen:
            return
        try:
            self._page.listen(self._listen)
        except OSError as error:
            problem = f"DADKHAH_HTTP_LISTEN: cannot listen at {self._listen}: {error.strerror}"
            raise SettingsInvalid((problem,)) from error

    def started(self, environ: Mapping[str, str]) -> None:
        """Work has begun: systemd is told, if it asks."""
        self._notifier = Notifier(environ)
        self._notifier.ready(self.watchdog.reason)

    def stopping(self) -> None:
        """The end has begun."""
        if self._notifier is not None:
            self._notifier.stopping()

    async def stop(self) -> None:
        """Close the page."""
        await self._page.stop()
