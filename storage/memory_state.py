"""What a `MemoryStore` holds."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from watchers.changes import WatchRow
from watchers.model import Feed, Grouped, Item, LedgerRow, Notice
from watchers.telling import Admin, AuditRecord, Channel, Delivery

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
    addresses: set[str] = field(default_factory=set)
    updates: list[dict[str, object]] = field(default_factory=list)

    @property
    def tells(self) -> bool:
        """Relevant, or an official is named."""
        return self.item.verdict.relevant or bool(self.item.verdict.officials)

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
        )


@dataclass(slots=True)
class MemoryEntry:
    """A stored entry of a feed."""

    article_id: int
    content_key: bytes
    last_seen: datetime


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
        self._stories: set[str] = set()
        self._channels: dict[int, Channel] = {}
        self._slots: set[tuple[int, datetime]] = set()  # channel, slot of a digest
        self._told: set[tuple[int, str]] = set()  # channel, subject
        self._deliveries: dict[int, Delivery] = {}
        self._admins: dict[int, Admin] = {}
        self._audit: list[AuditRecord] = []
        self._values: dict[str, str] = {}
        self._watch_rows: dict[tuple[str, str], WatchRow] = {}  # by section and id
        self._held: set[str] = set()
        # Never reused, as in the databases.
        self._feed_ids = itertools.count(1)
        self._article_ids = itertools.count(1)
        self._channel_ids = itertools.count(1)
        self._digest_ids = itertools.count(1)
        self._delivery_ids = itertools.count(1)
        self._notice_ids = itertools.count(1)

    def _note(self, at: datetime, actor: str, action: str, subject: str, detail: str = "") -> None:
        self._audit.append(AuditRecord(at, actor, action, subject, detail))
