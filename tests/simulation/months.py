"""Longer times and more worlds than a test can afford; prints the figures.

python -m tests.simulation.months --days 30 --seeds 1
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace

from tests.simulation import figures
from tests.simulation.drive import Driver
from tests.simulation.world import DAY, MINUTE, make_world


def main() -> None:
    """Simulate, print, judge nothing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=float, default=1)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--feeds", type=int, default=300)
    parser.add_argument("--free", action="store_true", help="no publisher asks for any wait")
    options = parser.parse_args()
    for seed in range(options.seeds):
        world = make_world(seed, options.feeds, options.days)
        if options.free:
            sources = [replace(one, ttl=0, max_age=0) for one in world.sources]
            world = replace(world, sources=sources)
        began = time.perf_counter()
        diary = Driver(world, seed).run((options.days + 1) * DAY)
        print(f"seed {seed}: {options.days:g} days in {time.perf_counter() - began:.0f} s")
        print(figures.table(world, diary))
        own = [one for one in world.sources if figures.is_roomy(diary, one)]
        fixed = [
            one
            for one in world.sources
            if figures.is_roomy_for(one, max(15 * MINUTE, one.ttl * MINUTE, one.max_age))
        ]
        missed = [sum(figures.lost(world, diary, one) for one in some) for some in (own, fixed)]
        polls = [(s, poll) for s in world.sources for poll in diary.polls[s.number]]
        turned = [
            poll for s, poll in polls if poll.before > 0 and poll.count - poll.before >= s.listing
        ]
        print(
            f"missed {missed[0]} of {len(own)} feeds that list two of their intervals, "
            f"{missed[1]} of {len(fixed)} that list 30 minutes; gaps: {len(turned)} made, "
            f"{sum(poll.gap is not None for _, poll in polls)} named, "
            f"{sum(poll.lost == 0 for poll in turned)} of them without a loss; "
            f"in our outages {diary.blamed} blamed, {diary.excused} wrongly excused, "
            f"{len(diary.outages)} changes told of {len(world.outages)} outages\n"
        )


if __name__ == "__main__":
    main()
