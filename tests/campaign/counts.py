"""What runs came to: numbers that add up, and a table of them."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

_ROWS = (
    ("runs", "runs"),
    ("runs on PostgreSQL", "postgres"),
    ("runs with two delivering processes", "two"),
    ("channels", "channels"),
    ("private chats", "private"),
    ("pages", "pages"),
    ("sendMessage calls", "sends"),
    ("messages that Telegram recorded", "recorded"),
    ("faults", "faults"),
    ("  that leave it open whether the message is out", "ambiguous"),
    ("time-outs of the program (slow and late answers)", "timeouts"),
    ("kills (SIGKILL)", "kills"),
    ("  pages that were being sent at a kill", "cut"),
    ("starts after the first", "restarts"),
    ("halts of all posting", "stops"),
    ("pauses of a channel (403, no rights)", "pauses"),
    ("migrations followed", "migrated"),
    ("pages refused for good (failed)", "failed"),
    ("pages that became uncertain", "uncertain"),
    ("  that had arrived", "arrived"),
    ("  that had not, and an admin sent again", "resent"),
    ("pages delivered exactly once in the end", "once"),
    ("pages posted twice", "duplicates"),
    ("pages lost", "lost"),
    ("broken promises of any kind", "broken"),
)


@dataclass
class Outcome:
    """What one run came to."""

    seed: int
    counts: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    seconds: float = 0.0


def table(outcomes: Iterable[Outcome]) -> str:
    """The sums, a line each; then the faults by kind."""
    counts: Counter[str] = Counter()
    faults: Counter[str] = Counter()
    for outcome in outcomes:
        counts.update(outcome.counts)
        faults.update(outcome.faults)
        counts["broken"] += len(outcome.problems)
    counts["faults"] = faults.total()
    lines = [f"{name:<54}{counts[key]:>8,}" for name, key in _ROWS]
    lines += ["", "faults by kind"]
    lines += [f"  {kind:<52}{number:>8,}" for kind, number in sorted(faults.items())]
    return "\n".join(lines)
