"""What speaks for an uncertain page having arrived, and what against it, for an admin.

Message ids of a channel rise by one: between two pages whose ids are consecutive there is no
third. In a gap the bot can be asked for each id whether a message of its own is there, without
changing it (:meth:`bot.sender.TelegramSender.probe`). In private chats and small groups all of
a bot's chats share one row of ids: a gap says nothing there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from bot.database import Database
from bot.sender import Mender, Probe
from watchers.ports import Store
from watchers.telling import Channel, Delivery, DeliveryState, Neighbours

MOST = 5  # ids that are probed for one page
_LOOK = 50  # uncertain pages of the channel that may be in the same gap

Verdict = Literal["arrived", "not-arrived", "unclear"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Which way it points, and a sentence that says why. An admin decides, not this."""

    verdict: Verdict
    text: str


def candidates(around: Neighbours) -> tuple[tuple[int, ...], bool]:
    """The ids that the page may have, nearest to the page before first, at most five; and
    whether these are all.
    """
    ours = set(around.ours)
    if around.before is not None and around.after is not None:
        span = range(around.before + 1, around.after)
        found = [number for number in span[: MOST + len(ours) + 1] if number not in ours]
        return tuple(found[:MOST]), len(found) <= MOST
    if around.before is not None:
        return tuple(range(around.before + 1, around.before + 1 + MOST)), False
    if around.after is not None:
        return tuple(range(max(1, around.after - MOST), around.after)), around.after <= MOST + 1
    return (), False


def weigh(
    around: Neighbours, probed: Mapping[int, Probe] | None = None, rivals: int = 0
) -> Evidence:
    """What the ids around a page, and what stands at those in between, say about it.

    `probed`: None if nothing could be asked; `rivals`: other pages in doubt in the same gap.
    """
    before, after = around.before, around.after
    if before is not None and after is not None and before >= after:
        return Evidence("unclear", "It was tried out of turn: message ids say nothing about it.")
    free, whole = candidates(around)
    if whole and not free:
        return Evidence("not-arrived", _closed(around))
    if probed is None:
        return Evidence("unclear", _open(around))
    mine = [number for number in free if probed.get(number) == "ours"]
    if len(mine) > rivals:
        said = f"Message {mine[0]} answers as one of the bot's own, and is no other known page"
        return Evidence("arrived", f"{said}: it seems to have arrived.")
    if mine:
        said = f"{len(mine)} of {rivals + 1} pages in doubt seem to have arrived"
        return Evidence("unclear", f"{said} (message {_listed(mine)}); look which.")
    settled = all(probed.get(number) in ("missing", "not-ours") for number in free)
    if settled and whole:
        said = f"No message of the bot's stands at {_listed(free)}, where it would be"
        return Evidence("not-arrived", f"{said}: it did not arrive, or was deleted.")
    if settled:
        said = f"No message of the bot's stands at {_listed(free)}"
        return Evidence("unclear", f"{said}, so it probably did not arrive; look at the chat.")
    return Evidence("unclear", f"{_open(around)} Telegram did not say what is there.")


def _closed(around: Neighbours) -> str:
    if around.before is None:
        return f"Message {around.after}, posted later, is among the first: it did not arrive."
    if around.ours:
        return (
            f"Every message id from {around.before} to {around.after} is another known page's: "
            "it did not arrive."
        )
    return (
        f"The pages before and after it have consecutive message ids, {around.before} and "
        f"{around.after}: it did not arrive."
    )


def _open(around: Neighbours) -> str:
    before, after = around.before, around.after
    if before is not None and after is not None:
        return (
            f"Between messages {before} and {after} there is room for it: something may be there."
        )
    if before is not None:
        return f"Nothing is known to be posted since message {before}; the next page may tell."
    return "There is no known page before it to compare message ids with."


def _listed(numbers: Sequence[int]) -> str:
    if len(numbers) == 1:
        return str(numbers[0])
    return f"{', '.join(map(str, numbers[:-1]))} and {numbers[-1]}"


async def evidence_of(database: Database, page: Delivery, mender: Mender | None = None) -> Evidence:
    """Gather what there is about an uncertain page; asks Telegram at most five times, and only
    about a channel's page. DeliveryUnknown, StoreError.

    `mender`: None without a token, or where nobody is to be asked.
    """

    def gather(store: Store) -> tuple[Neighbours, Channel | None, int]:
        around = store.neighbours(page.id)
        own = next((one for one in store.channels() if one.id == page.channel_id), None)
        doubtful = store.deliveries(
            DeliveryState.UNCERTAIN, limit=_LOOK, channel_id=page.channel_id
        )
        others = (one.id for one in doubtful if one.id != page.id)
        rivals = sum(_same_gap(store.neighbours(number), around) for number in others)
        return around, own, rivals

    around, channel, rivals = await database(gather)
    if channel is None:
        return _of_private(around)
    free, _ = candidates(around)
    probed = None
    if mender is not None and free:
        probed = {number: await mender.probe(channel.chat, number) for number in free}
    return weigh(around, probed, rivals)


def _same_gap(one: Neighbours, other: Neighbours) -> bool:
    return (one.before, one.after) == (other.before, other.after)


def _of_private(around: Neighbours) -> Evidence:
    """Ids of private chats: consecutive ones tell, a gap may be anybody's."""
    free, whole = candidates(around)
    if whole and not free:
        return Evidence("not-arrived", _closed(around))
    text = "In private chats message ids say nothing: other chats' messages are counted with them."
    return Evidence("unclear", text)
