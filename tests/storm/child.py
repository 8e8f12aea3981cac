"""`python -m tests.storm.child run|worker`: the command itself, its intervals a sixtieth.

Nothing else is changed: the policy of polling has the same shape, its constants divided by 60;
ticks come sixty times as often, but none more often than twice a second (two cores carry five
processes and a database); the hourly share of pages is a minute's; a second worker helps when two
feeds wait instead of a hundred. Leases of hosts are a tenth only, for a lease is what it is because
machines are slow now and then. Digests are by the wall clock, minutes apart. Telegram is given up
on after 3 seconds instead of 20, so that there is doubt.
"""

import functools
import sys
from typing import Any

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot import client, tasks_orders
from bot.claims import LEASE, RENEW, Claims
from bot.cli import main
from storage import planning
from watchers import pages, polling

SCALE = 60
LEASES = 10  # what those of hosts are divided by
SOONEST = 0.5  # seconds between two ticks
READ_TIMEOUT = 3.0
_POLLING = ("FLOOR", "CEILING", "START", "_LATE", "_OUTAGE_RETRY", "_FULL", "_FULL_DRIFT")


def speed_up() -> None:
    """Divide by SCALE what is measured in hours and minutes."""
    for name in _POLLING:
        setattr(polling, name, getattr(polling, name) // SCALE)
    for name in ("CEILING", "FIRST_INTERVAL"):
        setattr(planning, name, getattr(planning, name) // SCALE)
    defaults = dict(Claims.__init__.__kwdefaults__ or {})
    assert {"lease", "renew"} <= defaults.keys()
    Claims.__init__.__kwdefaults__ = defaults | {"lease": LEASE / LEASES, "renew": RENEW / LEASES}
    tasks_orders.A_JOB = max(1, tasks_orders.A_JOB // SCALE)
    setattr(pages, "_HOUR", getattr(pages, "_HOUR") / SCALE)  # noqa: B009, B010
    add_job = AsyncIOScheduler.add_job

    def faster(self: AsyncIOScheduler, *args: Any, **how: Any) -> Any:
        if "seconds" in how:
            how["seconds"] = max(min(how["seconds"], SOONEST), how["seconds"] / SCALE)
        return add_job(self, *args, **how)

    setattr(AsyncIOScheduler, "add_job", faster)  # noqa: B010
    request = client.request
    setattr(client, "request", functools.partial(request, read=READ_TIMEOUT))  # noqa: B010


if __name__ == "__main__":
    speed_up()
    sys.argv[0] = "dadkhah"
    main()
