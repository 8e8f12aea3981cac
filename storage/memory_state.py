"""What a `MemoryStore` holds."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from storage.notices import Telling
from storage.revised import TOLD_KINDS
from storage.taking_back import WAITING
from watchers.approving import Approval
from watchers.articles import Revision
from watchers.changes import WatchRow
from watchers.correcting import CorrectionState
from watchers.model import (
    Feed,
    Grouped,
    Item,
    LedgerRow,
)
from watchers.search_text import Indexable
from watchers.stories import end_of
from watchers.telling import (
    Admin,
    AuditRecord,
    Channel,
    Delivery,
    DigestOrder,
    Notice,
    Page,
    Withdrawal,
)

_P = ParamSpec("_P")
_R = TypeVar("_R")
_S = TypeVar("_S", bound="MemoryState")


def synchronised(
    method: Callable[Concatenate[_S, _P], _R],
) -> Callable[Concatenate[_S, _P], _R]:
    """Hold the store's lock during the call, which is the transaction; refuse naive times."""

    @wraps(method)
    def locked(self: _S, /, *args: _P.args, **kwargs: _P.kwargs) -> _R:
        for value in (*args, *kwargs.values()):
            if isinstance(value, datetime) and value.utcoffset() is None:
                msg = f"a naive time cannot be stored: {value!r}"
                raise ValueError(msg)
        with self._lock:
            return method(self, *args, **kwargs)

    return locked


@dataclass(slots=True)
class MemoryArticle:
    """A stored article; `item` is what its feed said last."""

    id: int
    feed_id: int
    item: Item
    url: str
    url_key: bytes
    canonical_url: str
    published: datetime | None
    first_published: datetime | None
    first_seen: datetime
    baseline: bool
    settled: bool = False
    duplicate_of: int | None = None
    story: str | None = None
    reason: str | None = None  # of the grouping
    pinned: bool = False  # an admin chose its story
    lead_at: datetime | None = None  # its time, if it leads (watchers.groups)
    resettle: bool = False  # it changed, and is to be settled once more
    text_kept: bool = True  # not yet thrown away
    addresses: set[str] = field(default_factory=set)
    changed_at: datetime | None = None  # its facts, the last time
    gone_at: datetime | None = None
    check_at: datetime | None = None  # when to see whether its page is there
    revisions: list[Revision] = field(default_factory=list)

    @property
    def tells(self) -> bool:
        """As its verdict."""
        return self.item.verdict.tells

    @property
    def updates(self) -> tuple[dict[str, object], ...]:
        """What an export tells of its changes."""
        told = (one for one in self.revisions if one.kind in TOLD_KINDS)
        return tuple({"at": one.at, "fields": one.fields} for one in told)

    @property
    def grouped(self) -> Grouped:
        """The article as grouping sees it."""
        return Grouped(
            id=self.id,
            canonical_url=self.canonical_url,
            title=self.item.article.title,
            text=self.item.article.text,
            published=self.published,
            first_seen=self.first_seen,
            language=self.item.article.language,
            relevant=self.item.verdict.relevant,
            officials=self.item.verdict.officials,
            fingerprint=self.item.fingerprint,
            duplicate_of=self.duplicate_of,
            story=self.story,
            pinned=self.pinned,
            lead_at=self.lead_at,
            people=self.item.verdict.people,
        )


@dataclass(frozen=True, slots=True)
class MemoryTold:
    """By which digest a subject was told, and by which once more, as updated."""

    digest: int
    built_at: datetime
    again: int | None = None


@dataclass(frozen=True, slots=True)
class MemoryCorrection:
    """A change of a posted page; `state` may be `storage.taking_back.WAITING` too."""

    id: int
    channel_id: int
    delivery_id: int
    content: Page | None
    state: str
    at: datetime
    attempts: int = 0
    not_before: datetime | None = None
    error: str | None = None


@dataclass(slots=True)
class MemoryEntry:
    """A stored entry of a feed."""

    article_id: int
    content_key: bytes
    last_seen: datetime


@dataclass(frozen=True, slots=True)
class MemoryDoc:
    """An article as it was indexed for the search, and what it was made of."""

    made_of: Indexable
    stream: str


class MemoryState:
    """The dictionaries, by id unless another key is named."""

    def __init__(self) -> None:
        """Start empty."""
        self._lock = threading.RLock()
        self._feeds: dict[int, Feed] = {}  # removed ones included
        self._removed: set[int] = set()
        self._former: dict[int, dict[str, datetime]] = {}  # a feed's former URLs, until when
        self._listings: dict[int, bytes] = {}  # by feed
        self._marked: dict[int, datetime] = {}  # when a feed's entries were marked as seen
        self._runs: dict[int, list[LedgerRow]] = {}  # by feed, oldest first
        self._rests: dict[str, datetime] = {}  # by host
        self._notices: dict[int, Notice] = {}
        self._notice_keys: set[str] = set()
        self._articles: dict[int, MemoryArticle] = {}
        self._by_url: dict[bytes, int] = {}  # article's id by url key
        self._by_address: dict[bytes, int] = {}  # by the url key of a further address
        self._entries: dict[tuple[int, bytes], MemoryEntry] = {}  # by feed and guid key
        self._stories: dict[str, datetime] = {}  # when each began; merged ones too
        self._merged: dict[str, str] = {}  # a story that was merged, and into which
        self._events: dict[str, str] = {}  # of stories (watchers.groups)
        self._channels: dict[int, Channel] = {}
        self._slots: set[tuple[int, str, datetime]] = set()  # channel, kind, slot of a digest
        self._told: dict[tuple[int, str], MemoryTold] = {}  # by channel and subject
        self._built: dict[int, datetime] = {}  # when each digest was built
        self._digests: dict[int, tuple[int, str, datetime]] = {}  # as `_slots`
        self._alerted: dict[tuple[int, str], tuple[int, datetime]] = {}  # by which digest, when
        self._deliveries: dict[int, Delivery] = {}
        self._corrections: dict[int, MemoryCorrection] = {}
        self._withdrawals: dict[int, Withdrawal] = {}  # that channels were not told of yet
        self._withdrawn: set[tuple[int, str]] = set()  # that they were: channel, subject
        self._said: set[int] = set()  # withdrawals that a digest told
        self._approvals: dict[int, Approval] = {}
        self._muted: set[tuple[str, str]] = set()  # "subject" or "feed", and which
        self._admins: dict[int, Admin] = {}
        self._audit: list[AuditRecord] = []
        self._values: dict[str, str] = {}
        self._watch_rows: dict[tuple[str, str], WatchRow] = {}  # by section and id
        self._held: set[str] = set()
        self._search_docs: dict[int, MemoryDoc] = {}  # by article
        # Never reused, as in the databases.
        self._feed_ids = itertools.count(1)
        self._article_ids = itertools.count(1)
        self._channel_ids = itertools.count(1)
        self._digest_ids = itertools.count(1)
        self._delivery_ids = itertools.count(1)
        self._correction_ids = itertools.count(1)
        self._withdrawal_ids = itertools.count(1)
        self._approval_ids = itertools.count(1)
        self._notice_ids = itertools.count(1)

    def _tell_as(self, channel: int, told: MemoryTold, new: str) -> None:
        """What was told so counts as told as `new` too; the later digest counts."""
        other = self._told.get((channel, new), told)
        again = other.again if other.again is not None else told.again
        later = max(told, other, key=lambda one: one.digest)
        self._told[channel, new] = replace(later, again=again)

    def _followed(self, subjects: Iterable[str]) -> set[str]:
        """These subjects, and what those that were merged were merged into."""
        asked = set(subjects)
        stories = {**dict.fromkeys(self._stories), **self._merged}
        return asked | {end_of(name, stories) for name in asked & self._merged.keys()}

    def _muted_subjects(self) -> set[str]:
        return self._followed(ref for kind, ref in self._muted if kind == "subject")

    def _release(self, delivery_ids: Collection[int]) -> None:
        """As :func:`storage.corrections.release`."""
        for key, one in self._corrections.items():
            if one.delivery_id in delivery_ids and one.state == WAITING:
                self._corrections[key] = replace(one, state=CorrectionState.QUEUED.value)

    def _forget_taken(self, channel_id: int) -> None:
        """Nothing of a channel that is forgotten stays."""
        others = self._corrections.items()
        self._corrections = {k: one for k, one in others if one.channel_id != channel_id}
        told = self._withdrawals.items()
        self._withdrawals = {k: one for k, one in told if one.channel_id != channel_id}
        self._withdrawn = {pair for pair in self._withdrawn if pair[0] != channel_id}
        asked = self._approvals.items()
        self._approvals = {k: one for k, one in asked if one.channel_id != channel_id}

    def _say_withdrawn(self, order: DigestOrder) -> None:
        """A digest tells of these: once."""
        for number in order.withdrawals:
            if number in self._withdrawals and (
                self._withdrawals[number].channel_id == order.channel_id
            ):
                said = self._withdrawals.pop(number)
                self._said.add(number)
                self._withdrawn.add((said.channel_id, said.subject))

    def _tell(self, telling: Telling, at: datetime) -> bool:
        if telling.key in self._notice_keys:
            return False
        self._notice_keys.add(telling.key)
        number = next(self._notice_ids)
        self._notices[number] = Notice(number, at, telling.kind, telling.text)
        return True

    def _note(self, at: datetime, actor: str, action: str, subject: str, detail: str = "") -> None:
        self._audit.append(AuditRecord(at, actor, action, subject, detail))
