"""Faults at random points, the same ones for the same seed and the same order of calls."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.standin.rules import Params

Arguments = Mapping[str, Any]


@dataclass
class Storm:
    """How often each kind of fault strikes calls of a method.

    `kinds`: the share of calls, 0 to 1, by kind; together at most 1. `arguments`: by kind, the
    sets of arguments one of which is drawn. `left`: how many may still strike (None: no end).
    """

    method: str
    seed: int
    kinds: Mapping[str, float]
    arguments: Mapping[str, tuple[Arguments, ...]] = field(default_factory=dict)
    left: int | None = None
    chat_id: int | None = None

    def __post_init__(self) -> None:
        """Start the dice."""
        self._random = random.Random(self.seed)

    def strike(self, method: str, params: Params) -> tuple[str, dict[str, Any]] | None:
        """What hits this call: a kind and its arguments, or nothing."""
        if self.method not in (method.lower(), "*") or self.left == 0:
            return None
        if self.chat_id is not None and str(params.get("chat_id")) != str(self.chat_id):
            return None
        drawn = self._random.random()
        for kind, share in self.kinds.items():
            drawn -= share
            if drawn < 0:
                if self.left is not None:
                    self.left -= 1
                return kind, dict(self._random.choice(self.arguments.get(kind, ({},))))
        return None
