"""What must hold when several machines polled and told, some of them killed: pure.

What one process must keep (pages and the ledger agree) is :mod:`tests.campaign.judge`'s.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

MOST_TOLD = 10  # problems of one kind that are told one by one


@dataclass(frozen=True)
class Visit:
    """One request, as the server saw it; monotonic seconds."""

    host: str
    path: str
    who: str  # which process asked
    began: float
    ended: float
    status: int = 200  # 0: the client left before it was answered


@dataclass(frozen=True)
class Stories:
    """What was published and what became of it, from both sides."""

    channels: Collection[int]
    wanted: Mapping[str, str | None]  # relevant addresses: what each is told as; None: not stored
    told: Collection[tuple[int, str]]  # channel, subject: the ledger's word
    placed: Sequence[tuple[int, int, str]] = ()  # channel, digest, subject: on its pages
    links: Sequence[tuple[int, str]] = ()  # channel, address: what readers see, once a message


@dataclass(frozen=True)
class Remains:
    """What is left when all have stopped; each must be nothing."""

    hosts_held: int = 0
    locks: int = 0
    jobs_doing: int = 0
    orphans: int = 0  # processes that outlived who started them
    late_stops: Sequence[str] = field(default_factory=tuple)


def by_host(visits: Iterable[Visit]) -> Mapping[str, list[Visit]]:
    """The visits of each host, in the order in which they began."""
    found: dict[str, list[Visit]] = defaultdict(list)
    for visit in sorted(visits, key=lambda visit: visit.began):
        found[visit.host].append(visit)
    return found


def at_once(visits: Iterable[Visit]) -> Iterator[str]:
    """Requests that came to a host while another one was under way there."""
    for host, own in by_host(visits).items():
        latest = own[0]
        for visit in own[1:]:
            if visit.began < latest.ended:
                by = "another" if visit.who != latest.who else "the same"
                late = latest.ended - visit.began
                yield (
                    f"at once: {host}{visit.path} was asked by {visit.who} {late:.3f} s before "
                    f"{latest.path}, asked by {by} ({latest.who}), was over"
                )
            latest = max(latest, visit, key=lambda one: one.ended)


def hurried(visits: Iterable[Visit], pause: float) -> int:
    """How many requests began sooner after the one before on their host than the pause."""
    own = by_host(visits).values()
    return sum(b.began - a.began < pause for some in own for a, b in pairwise(some))


def stories(facts: Stories) -> Iterator[str]:
    """Each relevant story once in each channel: neither lost nor twice."""
    for address, subject in facts.wanted.items():
        if subject is None:
            yield f"lost: {address} was published and is not stored as relevant"
            continue
        for channel in facts.channels:
            if (channel, subject) not in facts.told:
                yield f"lost: {address} ({subject}) was never told in channel {channel}"
    digests: dict[tuple[int, str], set[int]] = defaultdict(set)
    for channel, digest, subject in facts.placed:
        digests[channel, subject].add(digest)
    for (channel, subject), found in digests.items():
        if len(found) > 1:
            yield f"twice: {subject} is on pages of the digests {sorted(found)} of {channel}"
    for (channel, address), count in Counter(facts.links).items():
        if count > 1:
            yield f"twice: {address} is in {count} messages in channel {channel}"


def remains(left: Remains) -> Iterator[str]:
    """Leases, locks, jobs and processes that nobody lets go."""
    for what, count in (
        ("hosts are still held", left.hosts_held),
        ("advisory locks are still held", left.locks),
        ("jobs are still said to be under way", left.jobs_doing),
        ("processes outlived the one that started them", left.orphans),
    ):
        if count:
            yield f"left over: {count} {what}"
    for name in left.late_stops:
        yield f"late: {name}"


def some(problems: Iterable[str]) -> list[str]:
    """The first of them, and how many more there are."""
    found = list(problems)
    more = len(found) - MOST_TOLD
    return found if more <= 0 else [*found[:MOST_TOLD], f"... and {more} more of this kind"]
