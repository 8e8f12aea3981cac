"""Pages that tell stories, posted and taken back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tests.contract.making import DAY, NOW
from watchers.correcting import Posted
from watchers.ports import Store
from watchers.telling import (
    Channel,
    ChannelSpec,
    DeliveryState,
    DigestKind,
    DigestOrder,
    Page,
    Placed,
    SendOutcome,
    SendResult,
)


def page(*subjects: str, text: str = "", officials: Sequence[str] = ()) -> Page:
    """A page that tells these subjects; each line names the officials."""
    text = text or f"Digest of {', '.join(subjects)}"
    return Page(text, (), tuple(Placed(name, 0, 1, tuple(officials)) for name in subjects))


def subscriber(store: Store, user: int) -> Channel:
    """Somebody's private chat."""
    spec = ChannelSpec(str(user), "UTC", ("08:00",), "en", private=True)
    return store.add_channel(spec, at=NOW, actor=str(user))


def queue_pages(
    store: Store, channel: Channel, *pages: Page, slot: datetime = NOW, alert: bool = False
) -> int:
    """Queue a digest, or an alert, of these pages."""
    order = DigestOrder(
        channel.id,
        slot=slot,
        built_at=slot,
        since=slot - DAY,
        subjects=tuple(dict.fromkeys(part.subject for one in pages for part in one.placed)),
        pages=pages,
        scheduled=False,
        kind=DigestKind.ALERT if alert else DigestKind.DIGEST,
    )
    digest = store.queue_digests([order])[0]
    assert digest is not None
    return digest


def send(store: Store, channel: Channel, *results: SendResult, first: int = 100) -> list[int]:
    """Claim the channel's pages, and record these results (or that all were sent); their ids."""
    ids: list[int] = []
    while (delivery := store.claim_next(channel.id, NOW)) is not None:
        sent = SendResult(SendOutcome.SENT, message_id=first + len(ids))
        result = results[len(ids)] if len(ids) < len(results) else sent
        store.record_send(delivery.id, result, at=NOW)
        ids.append(delivery.id)
    return ids


def told(store: Store, chat: str = "@digest", *subjects: str) -> tuple[Channel, Posted]:
    """A channel that got one page of these subjects."""
    channel = store.add_channel(ChannelSpec(chat), at=NOW, actor="7")
    queue_pages(store, channel, page(*(subjects or ("s1",)), text=f"To {chat}"))
    send(store, channel)
    (posted,) = (p for p in store.posted(subject=(subjects or ("s1",))[0]) if p.chat == chat)
    return channel, posted


def state_of(store: Store, delivery_id: int) -> DeliveryState:
    """Of one delivery."""
    return next(one.state for one in store.deliveries() if one.id == delivery_id)


def content_of(store: Store, delivery_id: int) -> Page:
    """What one delivery is to read."""
    return next(one.content for one in store.deliveries() if one.id == delivery_id)
