"""Our program, made once as the service makes it: each line of stdin is a cycle over all feeds.

Answers each with a line: the summary of the cycle, as `poll --json` prints it.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys


async def main() -> None:
    """Serve orders until stdin ends."""
    # Here, as the command line does: reading processes load this module too, and none of these.
    from bot.app import open_database, program
    from bot.poller import Poller
    from config.logs import set_up
    from config.settings import load

    set_up("warning", "text")
    settings = load(os.environ)
    async with program(settings, open_database(settings)) as parts:
        await asyncio.to_thread(parts.workers.start)
        poller = Poller(parts)
        while await asyncio.to_thread(sys.stdin.readline):
            feeds = await parts.database(lambda store: store.feeds())
            summary = await poller.cycle(feeds)
            print(json.dumps(summary.as_dict()), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
