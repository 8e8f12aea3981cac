"""How much of what can be tried for hours is tried: a part by `make test`, all by `make test-long`.

The part is enough to fail when what is tested breaks; the rest looks for what nobody thought of.
"""

from __future__ import annotations

import os
from collections.abc import Callable

LONG = bool(os.environ.get("TESTS_LONG"))


def part(whole: int, fraction: int = 8) -> int:
    """That many of the whole."""
    return whole if LONG else max(1, whole // fraction)


def takes_its_share(
    seconds: Callable[[int], float], small: int, large: int, *, times: float, more: float
) -> bool:
    """Whether the large size takes at most so many times what the small one takes, and `more`.

    `seconds` tells the CPU time of a size. The best of three counts: the machine has other work.
    """
    least = min(seconds(small) for _ in range(3))
    return any(seconds(large) < times * least + more for _ in range(3))
