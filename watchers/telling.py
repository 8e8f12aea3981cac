"""The nouns of telling: channels, digests, deliveries, admins. Frozen values without I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from watchers.model import Gap, Match
from watchers.scope import EVERY_DAY, EVERYTHING, NO_ALERTS, AlertRules, Scope

CONSOLE = "console"


@dataclass(frozen=True, slots=True)
class Channel:
    """A Telegram chat that receives digests (or the virtual ``console``).

    A *private* one is somebody's chat with the bot: a subscriber. It is in no list that admins
    see, and its id in no log and no audit record.
    """

    id: int
    chat: str  # "@name", a numeric id, or "console"
    timezone: str  # IANA
    schedule: tuple[str, ...]  # wall-clock "HH:MM" in that zone
    language: str
    added_at: datetime
    paused: bool = False
    pause_reason: str | None = None
    last_slot: datetime | None = None  # the last scheduled time that was built
    not_before: datetime | None = None  # Telegram asked us to wait until then
    weekdays: tuple[int, ...] = EVERY_DAY
    scope: Scope = EVERYTHING
    alerts: AlertRules = NO_ALERTS
    tells_nothing_new: bool = False  # a short page says so, instead of silence
    needs_approval: bool = False  # an admin looks at each story before a digest goes out
    private: bool = False

    @property
    def is_console(self) -> bool:
        """The virtual channel that prints instead of posting."""
        return self.chat == CONSOLE


@dataclass(frozen=True, slots=True)
class ChannelSpec:
    """A channel as a person names it."""

    chat: str
    timezone: str = "UTC"
    schedule: tuple[str, ...] = ("08:00", "18:00")
    language: str = "en"
    weekdays: tuple[int, ...] = EVERY_DAY
    scope: Scope = EVERYTHING
    private: bool = False


@dataclass(frozen=True, slots=True)
class Tellable:
    """A stored article as a digest sees it."""

    id: int
    url: str  # canonical
    title: str
    host: str
    feed_name: str
    feed_kind: str
    language: str | None
    published: datetime | None
    first_seen: datetime
    relevant: bool
    officials: tuple[str, ...]
    score: float
    duplicate_of: int | None
    story: str | None
    updated: bool = False
    source: str = ""  # the outlet's name, where its link leads to an aggregator
    source_url: str | None = None
    first_published: datetime | None = None  # before any change of its date
    has_text: bool = True
    feed_id: int = 0
    topics: tuple[str, ...] = ()  # that it is of: the massacre, admins' own
    baseline: bool = False  # older than the watch over its feed: no news by itself

    @property
    def place(self) -> str:
        """An address that tells the outlet."""
        return self.source_url or self.url

    @property
    def came_out(self) -> datetime | None:
        """The earliest time that its outlet gave it; None if it never gave one."""
        times = (self.first_published, self.published)
        return min((time for time in times if time is not None), default=None)


@dataclass(frozen=True, slots=True)
class Reasoned:
    """A stored article with what its verdict rests on."""

    article: Tellable
    text: str
    watchlist: str  # the version that judged it
    reasons: tuple[Match, ...]


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of what is watched could be read, for the line under a digest."""

    feeds: int  # watched, paused ones among them
    unreachable: int  # not read for 6 hours or more
    paused: int = 0
    read: int = 0  # not paused, and read at their latest poll
    gaps: tuple[Gap, ...] = ()  # possible gaps found in the span asked about, latest first


@dataclass(frozen=True, slots=True)
class Line:
    """One story, or one article that names an official, as a digest tells it."""

    subject: str  # the story's id, or "article:<id>"
    title: str
    url: str
    outlet: str  # whose headline it is
    outlet_kind: str
    language: str | None
    published: datetime | None  # by that outlet
    officials: tuple[str, ...]  # ids that may be shown as hashtags
    others: Mapping[str, int]  # further outlets by kind, each publisher family once
    updated: bool = False
    weight: float = 0.0
    first: str = ""  # the outlet, one of the others, that published sooner than all
    first_kind: str = ""
    topics: tuple[str, ...] = ()  # admins' own topics
    alerted: bool = False  # the channel had an alert of it
    named: tuple[str, ...] = ()  # ids of all officials in its articles, shown or not


class DigestKind(StrEnum):
    """What sort of message a channel gets."""

    DIGEST = "digest"
    ALERT = "alert"  # one story, at once; the next digest tells it too, and marks it


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A story that was told and is not told any more: taken back or put right by an admin."""

    id: int
    channel_id: int
    subject: str
    at: datetime
    told_at: datetime  # when the page that told it was built
    what: str  # "removed" or "corrected"
    note: str = ""  # the admin's words for readers; empty: none


@dataclass(frozen=True, slots=True)
class Digest:
    """What one channel is told at one time."""

    channel: Channel
    since: datetime
    until: datetime
    stories: tuple[Line, ...]
    named: tuple[Line, ...]
    coverage: Coverage
    left: int = 0  # lines that had no room: told in the next digest
    kind: DigestKind = DigestKind.DIGEST
    withdrawn: tuple[Withdrawal, ...] = ()  # since the last digest, oldest first

    @property
    def lines(self) -> tuple[Line, ...]:
        """All that is told, in reading order."""
        return (*self.stories, *self.named)

    @property
    def is_empty(self) -> bool:
        """Nothing new: by default nothing is posted."""
        return not self.lines and not self.withdrawn


@dataclass(frozen=True, slots=True)
class Entity:
    """A Telegram message entity; offset and length in UTF-16 code units (Bot API)."""

    type: str  # "bold", "italic", "text_link", "hashtag"
    offset: int
    length: int
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a page tells a story; offset and length in UTF-16 code units."""

    subject: str
    offset: int
    length: int
    officials: tuple[str, ...] = ()  # in its articles: `/withdraw` finds it by them


@dataclass(frozen=True, slots=True)
class Page:
    """One message of a digest: text and entities, no markup."""

    text: str
    entities: tuple[Entity, ...] = ()
    placed: tuple[Placed, ...] = ()  # the stories on it, in order


@dataclass(frozen=True, slots=True)
class DigestOrder:
    """A digest that is to be queued."""

    channel_id: int
    slot: datetime
    built_at: datetime
    since: datetime
    subjects: tuple[str, ...]
    pages: tuple[Page, ...]
    scheduled: bool  # moves the channel's last_slot
    kind: DigestKind = DigestKind.DIGEST
    withdrawals: tuple[int, ...] = ()  # ids of those that it tells


class DeliveryState(StrEnum):
    """The life of one page. ``uncertain`` is never resent by itself."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNCERTAIN = "uncertain"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One page for one channel, with its state and receipt."""

    id: int
    channel_id: int
    digest_id: int
    page: int  # from 1
    pages: int
    content: Page
    state: DeliveryState
    attempts: int = 0
    not_before: datetime | None = None
    claimed_at: datetime | None = None
    sent_at: datetime | None = None
    message_id: int | None = None
    error: str | None = None
    queued_at: datetime | None = None  # when its digest was built; None: not asked for


class SendOutcome(StrEnum):
    """What an attempt to send came to."""

    SENT = "sent"
    RETRY = "retry"  # certainly not recorded; try again no sooner than `wait` seconds
    FAILED = "failed"  # certainly not recorded, and trying again would fail as well
    UNCERTAIN = "uncertain"  # it may have been recorded
    PAUSE = "pause"  # not recorded; the channel cannot be posted to until somebody acts
    MIGRATED = "migrated"  # not recorded; the chat has a new id


@dataclass(frozen=True, slots=True)
class SendResult:
    """The outcome of one attempt, with its receipt or its reason."""

    outcome: SendOutcome
    detail: str = ""
    message_id: int | None = None
    wait: float = 0.0
    new_chat: str | None = None
    attempt: int | None = None  # which of the page's it was; None: the last, whichever that is


@dataclass(frozen=True, slots=True)
class Neighbours:
    """What the ledger knows around a page: evidence of whether it arrived (docs/reliability.md)."""

    before: int | None  # message id of the last page certainly sent before it in this chat
    after: int | None  # of the first one certainly sent after it
    ours: tuple[int, ...] = ()  # message ids in between that are other pages' of ours


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that admins are told once."""

    id: int
    at: datetime
    kind: str  # "failing", "moved", "outage", "uncertain", "paused", "disk", ...
    text: str
    told_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Admin:
    """Somebody who may give orders: a numeric Telegram id, never a name."""

    user_id: int
    role: str  # "owner" or "editor"
    added_at: datetime


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """One change that somebody made."""

    at: datetime
    actor: str  # "cli", "system", or a numeric Telegram id
    action: str  # "feed.add", "channel.pause", ...
    subject: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Exported:
    """One stored article, as `dadkhah export` prints it (docs/export.md)."""

    url: str
    canonical_url: str
    title: str
    published: datetime | None
    first_seen: datetime
    feed: str
    feed_kind: str
    language: str | None
    relevant: bool
    officials: tuple[str, ...]
    people: tuple[str, ...]
    topics: tuple[str, ...]
    story: str | None
    duplicate_of: str | None
    also: tuple[str, ...]
    first_published: datetime | None
    updates: tuple[Mapping[str, object], ...]
    reasons: tuple[Match, ...]
    source: str = ""  # as Tellable says
    source_url: str | None = None
    text: str = ""  # in which the reasons' sentences are found
    watchlist: str = ""  # the version that judged it

    @property
    def place(self) -> str:
        """An address that tells the outlet."""
        return self.source_url or self.canonical_url


@dataclass(frozen=True, slots=True)
class Counts:
    """How many rows there are of what people ask for in /status and `db check`."""

    feeds: int
    articles: int
    relevant: int
    stories: int
    queued: int
    uncertain: int
    failed: int
    extra: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
