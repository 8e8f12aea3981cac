"""`python -m tests.integration.hasty run`: the command itself, its short ticks twice a second."""

import sys
from typing import Any

from bot import service
from bot.cli import main
from bot.every import Every

SOONEST = 0.5  # seconds between two of the same tick
_SHORT = 20.0  # what comes more rarely is left alone


def _hurry() -> None:
    def soon(seconds: float, **how: Any) -> Every:
        return Every(seconds=SOONEST if SOONEST < seconds < _SHORT else seconds, **how)

    setattr(service, "Every", soon)  # noqa: B010


if __name__ == "__main__":
    _hurry()
    sys.argv[0] = "dadkhah"
    main()
