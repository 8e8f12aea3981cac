"""What happens in a run, all of it drawn from the seed; only the machine's timing is not."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from watchers.telling import Entity, Page

SCALE = 60.0  # how much faster than the world's the program's clock runs
READ_TIMEOUT = 0.75  # real seconds that the program waits for an answer (20 in earnest)
CHAT, MOVED = -1001000000000, -1002000000000  # the first channel's chat, and where it moves to
USER = 70_000  # the first subscriber

# The shares of calls that fail, when all of the trouble is drawn; a run has a part of each.
_TROUBLE: Mapping[str, float] = {
    "retry_after": 0.06,
    "too_many": 0.01,
    "server_error": 0.05,
    "error_after": 0.04,
    "drop_before": 0.05,
    "drop_after": 0.06,
    "truncated": 0.04,
    "bad_json": 0.05,
    "slow": 0.03,
    "late": 0.03,
    "not_ok": 0.01,
    "forbidden": 0.02,
    "refuse": 0.05,
}
ARGUMENTS: Mapping[str, tuple[Mapping[str, Any], ...]] = {
    "retry_after": tuple({"seconds": n} for n in (1, 2, 3, 5, 8)),
    "server_error": ({"status": 500}, {"status": 502}, {"status": 503}),
    "error_after": ({"status": 502}, {"status": 504}),
    "slow": ({"seconds": 0.1}, {"seconds": 1.1}),
    "late": ({"seconds": 0.2}, {"seconds": 0.8}),
    "refuse": (
        {"description": "Bad Request: message is too long"},
        {"description": "Bad Request: message is too long"},
        {"description": "Bad Request: need administrator rights in the channel chat"},
        {"code": 401, "description": "Unauthorized"},
        {"code": 409, "description": "Conflict: terminated by other getUpdates request"},
    ),
}

Where = Literal["asked", "recorded", "answered", "store", "time"]


@dataclass(frozen=True)
class Kill:
    """When a process is killed (SIGKILL).

    asked, recorded, answered: at that stage of the `count`-th sendMessage of its life, as Telegram
    sees it; store: at a place ("before", "commit", "after") of the `count`-th call of a method of
    the store; time: after so many seconds.
    """

    where: Where
    count: int = 1
    place: str = ""
    method: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class Stop:
    """All posting is halted after so many seconds, and for how long."""

    after: float
    lasts: float


@dataclass(frozen=True)
class Plan:
    """One run."""

    seed: int
    digests: tuple[tuple[int, ...], ...]  # by channel: how many pages each digest has
    later: tuple[tuple[float, int, int], ...]  # (after seconds, channel, pages), queued meanwhile
    trouble: Mapping[str, float]
    moves: tuple[float, ...]  # by channel: the share of calls at which it migrates, once
    kills: tuple[Kill, ...]
    stops: tuple[Stop, ...]
    processes: int  # that deliver at the same time
    resumes: bool  # whether an admin lifts a pause while it goes on
    stormy: int  # rounds of deciding and delivering before the faults end
    private: tuple[int, ...]  # by subscriber: how many pages their digest in a private chat has


_STORE = {
    "claim_next": 4, "record_send": 4, "abandon_sending": 1,
    "claim_private": 1, "record_sends": 1, "abandon_private": 1,
}  # fmt: skip
_ONCE = ("abandon_sending", "abandon_private")


def plan_of(seed: int) -> Plan:
    """The run of a seed."""
    dice = random.Random(seed)
    channels = dice.choice((1, 2, 2, 3))
    digests = tuple(
        tuple(dice.randint(1, 4) for _ in range(dice.randint(2, 4))) for _ in range(channels)
    )
    later = tuple(
        (dice.uniform(0.02, 0.4), dice.randrange(channels), dice.randint(1, 3))
        for _ in range(dice.choice((0, 0, 1, 2)))
    )
    force = dice.choice((0.3, 0.6, 1.0, 1.5))
    trouble = {
        kind: share * force * dice.choice((0.0, 1.0, 1.0, 2.0)) for kind, share in _TROUBLE.items()
    }
    total = sum(trouble.values())
    if total > 0.8:  # or nothing would ever arrive
        trouble = {kind: share * 0.8 / total for kind, share in trouble.items()}
    return Plan(
        seed=seed,
        digests=digests,
        later=later,
        trouble=trouble,
        moves=tuple(dice.choice((0.0, 0.0, 0.0, 0.2)) for _ in range(channels)),
        kills=tuple(_kill(dice) for _ in range(dice.choice((0, 1, 1, 2, 3, 4)))),
        stops=tuple(
            Stop(dice.uniform(0.0, 0.4), dice.uniform(0.03, 0.15))
            for _ in range(dice.choice((0, 0, 0, 1, 2)))
        ),
        processes=dice.choice((1, 1, 1, 2)),
        resumes=dice.random() < 0.6,
        stormy=dice.choice((1, 1, 2)),
        private=tuple(dice.randint(1, 3) for _ in range(dice.choice((0, 0, 0, 3, 9)))),
    )


def _kill(dice: random.Random) -> Kill:
    where: Where = dice.choice(("asked", "recorded", "answered", "store", "store", "time"))
    if where == "store":
        (method,) = dice.choices(tuple(_STORE), tuple(_STORE.values()))
        count = 1 if method in _ONCE else dice.randint(1, 6)
        return Kill(where, count, dice.choice(("before", "commit", "after")), method)
    if where == "time":
        return Kill(where, seconds=dice.uniform(0.0, 0.5))
    return Kill(where, dice.randint(1, 6))


def pages_of(seed: int, channel: int, digest: int, pages: int) -> tuple[Page, ...]:
    """Pages as they are rendered: a bold heading, linked headlines, the number of the page."""
    made = []
    for number in range(1, pages + 1):
        head = f"1367 \u2013 run {seed}, channel {channel}, digest {digest} ({number}/{pages})"
        line = "\u2068Oslo\u2069 \u2013 \u0622\u0631\u0634\u06cc\u0648 \U0001f56f"
        text = f"{head}\n\n\u2022 {line}"
        at = _units(f"{head}\n\n\u2022 ")
        link = f"https://sample.example/{seed}/{channel}/{digest}/{number}"
        made.append(
            Page(
                text,
                (
                    Entity("bold", 0, _units(head)),
                    Entity("text_link", at, _units(line), link),
                ),
            )
        )
    return tuple(made)


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
