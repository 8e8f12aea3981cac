"""Short ways to make what the stores are given."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import blake2b

from watchers.model import (
    Article,
    Feed,
    FeedSpec,
    FetchFailure,
    Fingerprint,
    Grouping,
    Item,
    Match,
    PollResult,
    Verdict,
)
from watchers.ports import Store
from watchers.telling import Channel, ChannelSpec, DigestOrder, Page

NOW = datetime(2026, 7, 30, 12, 0, 0, 123456, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def key(text: str) -> bytes:
    """A 16-byte key."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def verdict(*, relevant: bool = False, officials: Sequence[str] = ()) -> Verdict:
    """A verdict with a reason for each official."""
    matches = tuple(
        Match(official, "official", "title", official.title(), 0, 4, "name", 0.75)
        for official in officials
    )
    return Verdict(
        relevant,
        tuple(officials),
        ("montazeri",) if relevant else (),
        ("massacre-1988",) if relevant else (),
        matches,
        2.5,
        "w1",
    )


def item(
    name: str,
    *,
    guid: str | None = None,
    url: str | None = None,
    printed: str | None = None,
    title: str | None = None,
    text: str = "Some text.",
    published: datetime | None = NOW,
    language: str | None = "en",
    relevant: bool = False,
    officials: Sequence[str] = (),
    bands: Sequence[int] = (),
    suspicious: bool = False,
) -> Item:
    """An item; its guid and its address come from its name unless given."""
    canonical = url or f"https://news.example/{name}"
    title = title or f"Title of {name}"
    article = Article(
        url=printed or canonical,
        canonical_url=canonical,
        url_key=key(canonical),
        guid_key=key(guid or name),
        content_key=key(title + text),
        title=title,
        text=text,
        published=published,
        language=language,
    )
    found = verdict(relevant=relevant, officials=officials)
    if suspicious:
        found = Verdict(relevant, found.officials, (), (), found.matches, 1.0, "w1", suspicious)
    return Item(
        article, found, Fingerprint("f1", key(text), tuple(abs(b) for b in bands), tuple(bands))
    )


def poll(feed: Feed | int, *items: Item, at: datetime = NOW, **changes: object) -> PollResult:
    """A poll that read these items."""
    values: dict[str, object] = {
        "feed_id": feed if isinstance(feed, int) else feed.id,
        "at": at,
        "next_due": at + HOUR,
        "interval": 3600,
        "failures": 0.0,
        "outcome": "changed",
        "status": 200,
        "items": items,
        "seen": tuple(item.article.guid_key for item in items),
    }
    return PollResult(**{**values, **changes})  # type: ignore[arg-type]


def failed(
    feed: Feed,
    *,
    at: datetime = NOW,
    failures: float = 1.0,
    kind: str = "timeout",
    moved_to: str | None = None,
) -> PollResult:
    """A poll that could not read its feed."""
    failure = FetchFailure(kind, "No answer in 30 seconds.")
    values = {"failure": failure, "failures": failures, "moved_to": moved_to}
    return poll(feed, at=at, outcome="failed", status=None, **values)


def outage(
    feed: Feed, *, at: datetime = NOW, kind: str = "connect", moved_to: str | None = None
) -> PollResult:
    """A poll that failed because of us: the feed is not blamed."""
    return replace(failed(feed, at=at, kind=kind, moved_to=moved_to), outcome="outage")


def add_feed(store: Store, name: str = "a", *, at: datetime = NOW) -> Feed:
    """A feed that was never polled."""
    spec = FeedSpec(f"https://{name}.example/feed", name.upper(), "en", "rights")
    return store.add_feed(spec, at=at, actor="cli")


def old_feed(store: Store, name: str = "a") -> Feed:
    """A feed that was polled before: nothing of it is baseline any more."""
    feed = add_feed(store, name, at=NOW - DAY)
    store.save_poll(poll(feed, at=NOW - DAY))
    return store.feed(str(feed.id))


def add_channel(store: Store, chat: str = "@digest") -> Channel:
    """A channel."""
    return store.add_channel(ChannelSpec(chat, "Asia/Tehran", ("08:00",), "fa"), at=NOW, actor="7")


def settle(store: Store, **stories: str | None) -> None:
    """Settle all that is unsettled; `stories` by the last part of the URL."""
    store.save_groupings(
        [
            Grouping(a.id, None, stories.get(a.canonical_url.rsplit("/", 1)[1]), "first")
            for a in store.unsettled(1000)
        ]
    )


def names(articles: Sequence[object]) -> list[str]:
    """The last part of each one's URL."""
    urls = [str(getattr(a, "canonical_url", None) or getattr(a, "url", "")) for a in articles]
    return [url.rsplit("/", 1)[1] for url in urls]


def queue(
    store: Store,
    channel: Channel,
    *pages: str,
    slot: datetime = NOW,
    subjects: Sequence[str] = (),
    scheduled: bool = True,
) -> int | None:
    """Queue a digest of these pages."""
    order = DigestOrder(
        channel.id,
        slot=slot,
        built_at=slot,
        since=slot - DAY,
        subjects=tuple(subjects),
        pages=tuple(Page(text) for text in pages),
        scheduled=scheduled,
    )
    return store.queue_digests((order,))[0]


def add_subscriber(store: Store, user_id: int) -> Channel:
    """Somebody's chat with the bot."""
    spec = ChannelSpec(str(user_id), "UTC", ("08:00",), "en", private=True)
    return store.add_channel(spec, at=NOW, actor=str(user_id))
