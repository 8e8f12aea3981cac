"""What must hold when a run has come to rest: the ledger and Telegram agree, and more."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from tests.campaign.plan import SCALE
from tests.standin.state import AMBIGUOUS, Exchange, SentMessage
from watchers.telling import Channel, Delivery, DeliveryState


@dataclass(frozen=True)
class Span:
    """A span of time, in monotonic seconds."""

    began: float
    ended: float


@dataclass(frozen=True)
class Facts:
    """What there is to judge by, from both sides."""

    channels: Sequence[Channel]
    deliveries: Sequence[Delivery]  # in the order of their ids
    queued: int  # how many pages were ever queued
    chats: Mapping[int, frozenset[int]]  # by channel: the chats that it is or was
    messages: Sequence[SentMessage]  # that readers see, in the order of their arrival
    sends: Sequence[Exchange]
    timeouts: int  # how often the program's HTTP client gave up waiting for an answer
    cut: int  # pages that were in `sending` when a process was killed
    unsure: int  # pages that were ever uncertain
    arrived: Collection[int]  # deliveries that the admin said had arrived
    resent: Collection[int]  # deliveries that the admin had sent again
    kills: Sequence[Span] = ()  # each is somewhere within
    halts: Sequence[Span] = ()  # posting was stopped all the time


def ambiguous(exchange: Exchange) -> bool:
    """Whether a fault left the program without a word on what became of a call.

    Not the slow and the late: what counts of those is whether the program gave up waiting.
    """
    return exchange.fault in AMBIGUOUS - {"slow", "late"}


def problems(facts: Facts) -> list[str]:
    """Every promise that was broken, in a sentence each."""
    return [
        *_twice_or_lost(facts),
        *_disagreements(facts),
        *_too_uncertain(facts),
        *_disorder(facts),
        *_impatience(facts),
        *_crowding(facts),
        *_posted_while_halted(facts),
    ]


def _name(page: Delivery) -> str:
    where = f"channel {page.channel_id}, digest {page.digest_id}, page {page.page}"
    return f"delivery {page.id} ({where}, {page.state.value})"


def _shown(facts: Facts, page: Delivery) -> list[SentMessage]:
    chats = facts.chats[page.channel_id]
    return [m for m in facts.messages if m.text == page.content.text and m.chat_id in chats]


def _twice_or_lost(facts: Facts) -> Iterator[str]:
    for page in facts.deliveries:
        if len(_shown(facts, page)) > 1:
            yield f"twice: {_name(page)} is there {len(_shown(facts, page))} times"
    if len(facts.deliveries) != facts.queued:
        yield f"lost: {facts.queued} pages were queued, the ledger has {len(facts.deliveries)}"
    known = {page.content.text for page in facts.deliveries}
    for message in facts.messages:
        if message.text not in known:
            yield f"stray: message {message.id} in {message.chat_id} is in no ledger"


def _disagreements(facts: Facts) -> Iterator[str]:
    paused = {channel.id for channel in facts.channels if channel.paused}
    for page in facts.deliveries:
        shown = _shown(facts, page)
        match page.state:
            case DeliveryState.SENT:
                yield from _receipt(facts, page, shown)
            case DeliveryState.UNCERTAIN:
                pass
            case DeliveryState.FAILED:
                if shown:
                    yield f"disagree: {_name(page)} failed, and is there"
            case DeliveryState.QUEUED:
                if shown:
                    yield f"disagree: {_name(page)} is still to be sent, and is there"
                if page.channel_id not in paused:
                    yield f"lost: {_name(page)} is still queued, and nothing holds it up"
            case _:
                yield f"lost: {_name(page)} at rest"


def _receipt(facts: Facts, page: Delivery, shown: Sequence[SentMessage]) -> Iterator[str]:
    if not shown:
        yield f"lost: {_name(page)} was sent, and is not there"
    elif page.id in facts.arrived:
        return  # an admin's word, without a number
    elif page.message_id not in {message.id for message in shown}:
        found = [message.id for message in shown]
        yield f"disagree: {_name(page)} has the receipt {page.message_id}, not {found}"


def _too_uncertain(facts: Facts) -> Iterator[str]:
    faults = sum(ambiguous(exchange) for exchange in facts.sends)
    if facts.unsure > faults + facts.timeouts + facts.cut:
        yield (
            f"uncertain: {facts.unsure} pages, but only {faults} faults that leave it open, "
            f"{facts.timeouts} time-outs and {facts.cut} pages under way at a kill"
        )


def _disorder(facts: Facts) -> Iterator[str]:
    """Pages are seen in their order, but those that came late or by an admin's word."""
    late = {
        exchange.recorded.text
        for exchange in facts.sends
        if exchange.fault == "late" and exchange.recorded is not None
    }
    place = {id(message): number for number, message in enumerate(facts.messages)}
    last: dict[int, tuple[int, Delivery]] = {}
    for page in sorted(facts.deliveries, key=lambda d: (d.channel_id, d.digest_id, d.page)):
        shown = _shown(facts, page)
        if not shown or page.id in facts.resent or page.content.text in late:
            continue
        at = place[id(shown[0])]
        before = last.get(page.channel_id)
        if before is not None and before[0] > at:
            yield f"order: {_name(page)} is seen before {_name(before[1])}"
        last[page.channel_id] = (at, page)


def _by_channel(facts: Facts) -> Iterator[list[Exchange]]:
    for chats in facts.chats.values():
        names = {str(chat) for chat in chats}
        yield [e for e in facts.sends if str(e.params.get("chat_id")) in names]


def _killed_between(facts: Facts, began: float, ended: float) -> bool:
    return any(began <= span.ended and span.began <= ended for span in facts.kills)


def _impatience(facts: Facts) -> Iterator[str]:
    """Retry-After is obeyed, whichever process comes next (unless killed before it kept that)."""
    for sends in _by_channel(facts):
        for refused, following in pairwise(sends):
            if refused.fault != "retry_after" or refused.ended is None:
                continue
            asked = refused.retry_after or 0
            waited = (following.began - refused.began) * SCALE
            if waited < asked and not _killed_between(facts, refused.began, following.began):
                yield f"impatient: {waited:.2f} s after a 429 that asked for {asked}"


def _crowding(facts: Facts) -> Iterator[str]:
    """One at a time in a chat: no send begins before the one before it was answered or given up."""
    for sends in _by_channel(facts):
        for one, following in pairwise(sends):
            given_up = one.status is None or one.fault in ("slow", "late")
            ended = one.ended or one.began
            if following.began < ended and not given_up:
                yield f"crowding: two sends at once in {one.params.get('chat_id')}"


def _posted_while_halted(facts: Facts) -> Iterator[str]:
    """A page that was claimed before the halt may still go: one a channel."""
    for halt in facts.halts:
        for sends in _by_channel(facts):
            count = sum(halt.began < e.began < halt.ended for e in sends)
            if count > 1:
                yield f"halted: {count} sends in one channel while posting was stopped"


def count_faults(sends: Iterable[Exchange]) -> Counter[str]:
    """How many of each kind struck."""
    return Counter(e.fault for e in sends if e.fault is not None)
