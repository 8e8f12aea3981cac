"""What a simulated time came to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tests.simulation.drive import Diary, Poll
from tests.simulation.world import DAY, GROUPS, MINUTE, Source, World


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one group of feeds, or of all."""

    requests: float  # as a share of polling them all at a fixed interval
    mean: float  # seconds from publication to reading
    usual: float  # 95 of 100 are read sooner
    worst: float
    entries: int

    def __str__(self) -> str:
        minutes = [f"{value / MINUTE:.0f} min" for value in (self.mean, self.usual, self.worst)]
        mean, usual, worst = minutes
        return (
            f"requests {self.requests:.1%}; {self.entries} entries, read after {mean} on average, "
            f"95 of 100 within {usual}, the last after {worst}"
        )


def figures(world: World, diary: Diary, group: str | None = None) -> Figures:
    """Requests and delays; delays without the entries that some disturbance held up."""
    chosen = [source for source in world.sources if group in (None, source.group)]
    end = world.days * DAY
    asked = sum(poll.began < end for source in chosen for poll in diary.polls[source.number])
    delays = sorted(
        read - source.published[index]
        for source in chosen
        for index, read in diary.seen[source.number].items()
        if source.published[index] < end
        and not world.disturbed(source, source.published[index], read)
    )
    return Figures(
        requests=asked / (len(chosen) * end / world.fixed),
        mean=sum(delays) / max(1, len(delays)),
        usual=delays[int(len(delays) * 0.95)] if delays else 0.0,
        worst=max(delays, default=0.0),
        entries=len(delays),
    )


def table(world: World, diary: Diary) -> str:
    """All groups, a line each."""
    lines = [f"{group:7} {figures(world, diary, group)}" for group in GROUPS]
    return "\n".join([*lines, f"all     {figures(world, diary)}"])


def readings(polls: Iterable[Poll]) -> list[Poll]:
    """The polls that read the feed."""
    return [poll for poll in polls if poll.outcome in ("changed", "unchanged")]


def lost(world: World, diary: Diary, source: Source) -> int:
    """Entries that came and went unread although nothing kept us from reading."""
    return sum(
        poll.lost
        for poll in diary.polls[source.number]
        if poll.lost and not world.disturbed(source, poll.read, poll.began)
    )


def is_roomy(diary: Diary, source: Source) -> bool:
    """At all times its listing holds two of its own intervals' worth."""
    return all(
        source.between(poll.now, poll.now + 2 * (poll.planned - poll.now)) <= source.listing
        for poll in readings(diary.polls[source.number])
    )


def is_roomy_for(source: Source, interval: float) -> bool:
    """At all times its listing holds two such intervals' worth, however it is polled."""
    times: Sequence[float] = source.published
    return all(
        later - earlier > 2 * interval
        for earlier, later in zip(times, times[source.listing :], strict=False)
    )
