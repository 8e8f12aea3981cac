"""What the core asks of storage. `storage` ships two stores behind it: SQL and memory.

Every method is one transaction: it happens wholly or not at all, and it is safe to kill the
process at any moment. Methods raise :class:`watchers.errors.StoreError` when the database
says no, and an :class:`watchers.errors.InputInvalid` where named. ``actor`` is who asked
("cli", "system" or a numeric Telegram id); each change leaves an audit record in the same
transaction. Methods block; the program calls them from its one storage thread.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from watchers.approving import ApprovalPort
from watchers.articles import ArticlePort
from watchers.browsing import BrowsePort
from watchers.changes import Rejudged, Stored, WatchRow, WatchRows
from watchers.claiming import ClaimPort
from watchers.correcting import CorrectionPort
from watchers.groups import GroupPort
from watchers.keeping import KeepPort
from watchers.model import (
    Feed,
    FeedSpec,
    Fetched,
    FetchFailure,
    FetchRequest,
    Gap,
    Item,
    LedgerRow,
    PollResult,
    PollSaved,
    Remembered,
    Rhythm,
)
from watchers.muting import MutePort
from watchers.restoring import RestorePort
from watchers.searching import SearchPort
from watchers.stories import StoryPort
from watchers.subscribing import SubscribePort
from watchers.tell_ports import ChannelPort, TellPort
from watchers.telling import (
    Counts,
    Coverage,
    Exported,
    Notice,
)
from watchers.vitals import VitalsPort

if TYPE_CHECKING:  # the store needs none of what reading documents takes
    from watchers.reader import PageJob, Reading, ReadJob


class FetchPort(Protocol):
    """What asks the outside world; :class:`watchers.fetch.Fetcher` is the real one."""

    async def fetch(self, request: FetchRequest) -> Fetched | FetchFailure:
        """Ask for a URL, following redirects; what servers do comes back as a value."""


class ReadPort(Protocol):
    """What reads documents; :class:`watchers.workers.Workers` does it in processes."""

    async def read(self, job: ReadJob) -> Reading | FetchFailure:
        """Read a feed document; one that cannot be read comes back as a value."""

    async def read_page(self, job: PageJob) -> Item | FetchFailure:
        """Read an article again, with the text of its page."""


class FeedPort(Protocol):
    """Feeds and what their polls found."""

    def add_feed(self, spec: FeedSpec, *, at: datetime, actor: str) -> Feed:
        """Watch a feed, due at once. FeedExists if its URL is watched already."""

    def add_feeds(self, specs: Sequence[FeedSpec], *, at: datetime, actor: str) -> int:
        """Watch all that are not watched yet; how many were added. One transaction."""

    def feeds(self) -> tuple[Feed, ...]:
        """All feeds, by id."""

    def feed(self, ref: str) -> Feed:
        """The feed with this id (digits), this URL or this former URL. FeedUnknown."""

    def former_addresses(self, feed_id: int) -> tuple[str, ...]:
        """Where the feed was before permanent redirects moved it, oldest first."""

    def due_feeds(
        self, now: datetime, limit: int, *, per_host: int | None = None
    ) -> tuple[Feed, ...]:
        """Feeds to poll: not paused, due at or before `now`, longest overdue first.

        None of a host that asked to be left alone until later than `now`. With `per_host`: at
        most so many of a host, the first of every host before the second of any, so that one
        host with many feeds does not fill the limit.
        """

    def heal_clock(self, now: datetime) -> int:
        """Make due what a clock that was ahead put off; how many feeds.

        Those due later than `now` that were polled (or added) more than 5 minutes after `now`,
        or are due later than any poll is put off. Hosts at rest for longer than that may be
        asked again.
        """

    def pause_feed(self, feed_id: int, *, paused: bool, at: datetime, actor: str) -> Feed:
        """Stop or resume polling a feed (resumed: due at once). FeedUnknown."""

    def remove_feed(self, feed_id: int, *, at: datetime, actor: str) -> Feed:
        """Stop watching for good; its articles stay. FeedUnknown."""

    def remembered(self, feed_id: int) -> Remembered:
        """The entries that the feed listed at its latest readings (within a week of the last)."""

    def rest_host(self, host: str, until: datetime) -> None:
        """Leave a host alone until then (never sooner than it asked before)."""

    def save_poll(self, result: PollResult) -> PollSaved:
        """`save_polls` of one."""

    def save_polls(self, results: Sequence[PollResult]) -> tuple[PollSaved, ...]:
        """Carry out polls of different feeds in one transaction.

        The feed's state (validators, due time, failures) is replaced. For each item: its
        entry (feed, guid_key) and its address are kept; an article with a new url_key is
        stored (its entry's guid known before under another address: that article gets the
        address instead); content of an article that its outlet changed is replaced, the old kept
        as a revision that says whether facts changed or only wording (`watchers.updates`; whose
        word counts, and for how much, is told in `storage.revised`), and it is settled anew if its
        verdict changed from irrelevant; the full text of one that is kept close stays when the
        feed gives a summary that shows no more. *Baseline*: on the feed's first successful
        poll, articles published before `at` - 24 h, or undated, are never told.
        A feed removed meanwhile: nothing is stored, an empty PollSaved is returned.

        The ledger gets each poll: one with the outcome (and failure kind) of the feed's last
        run lengthens that run, "changed" always begins one. `moved_to` gives the feed its new
        address and keeps the old as a former one, unless another watched feed has the new one,
        it holds a user name or a password, or the feed moved within a day of `at` or ten times
        before; `resting` is as `rest_host`. Notices are added when a feed has failed for 1, 3
        and 7 days, at a 410, and when it moved. "outage" changes only due time and ledger.
        """

    def coverage(self, now: datetime, since: datetime | None = None) -> Coverage:
        """How many feeds there are, were read at their latest poll, or not for 6 hours.

        With `since`: also the possible gaps that were found since then, latest first.
        """


class LedgerPort(Protocol):
    """What each poll came to, and what admins are told of it."""

    def ledger(self, feed_id: int, since: datetime) -> tuple[LedgerRow, ...]:
        """The feed's runs that reach to `since` or later, oldest first."""

    def failed_runs(self, since: datetime) -> tuple[LedgerRow, ...]:
        """The "failed" and "outage" runs of all watched feeds, as `ledger`; by feed, time."""

    def gaps(self, since: datetime, limit: int = 1_000) -> tuple[Gap, ...]:
        """Possible gaps of watched feeds found at or after `since`, latest first."""

    def rhythms(self, since: datetime) -> Mapping[int, Rhythm]:
        """By feed id: how often it gave something new since then."""

    def forget_ledger(self, before: datetime) -> int:
        """Delete runs that ended before then; how many."""

    def add_notice(self, key: str, kind: str, text: str, *, at: datetime) -> bool:
        """Tell admins something once: False, and nothing added, if `key` was added before."""

    def notices(self, *, untold: bool, limit: int = 50) -> tuple[Notice, ...]:
        """Notices, newest first; `untold`: only those not told yet, oldest first."""

    def mark_told(self, notice_id: int, *, at: datetime) -> bool:
        """Claim a notice for telling; False if it is told already."""

    def give_back(self, notice_id: int) -> None:
        """Undo `mark_told`: it certainly reached nobody, and is to be told later."""


class KnowPort(Protocol):
    """The watchlist as admins changed it, and stored articles judged again by it."""

    def watch_revision(self) -> int:
        """How often the watchlist was changed; 0 if never. A small read: asked all the time."""

    def watch_rows(self) -> WatchRows:
        """The admins' rows, by section and id."""

    def save_watch_rows(
        self,
        rows: Sequence[WatchRow],
        *,
        drop: Sequence[tuple[str, str]] = (),
        expected: int,
        action: str,
        detail: str,
        at: datetime,
        actor: str,
    ) -> int:
        """Put these rows, drop those (section, id); the new revision. One audit record.

        WatchlistChanged, and nothing changed, if the revision is not `expected`: somebody else
        changed the watchlist meanwhile. `action` and `detail` are the audit record's.
        """

    def stored(
        self, after: int, limit: int, *, since: datetime | None = None
    ) -> tuple[Stored, ...]:
        """Articles with an id above `after`, by id.
        With `since` only from the first one on that was first seen then or later.
        """

    def save_verdicts(self, items: Sequence[Rejudged]) -> int:
        """Replace the verdicts, matches and fingerprints of these articles; of how many.

        One that has a verdict of that watchlist already, or another `text_key` than what was
        judged, is left alone: a poll brought another text meanwhile. The latter is to be read
        and judged once more.
        An article whose `relevant` or closeness changed is settled anew (its `duplicate_of`
        stays). One that tells something it did not tell before is `baseline` if `quiet`; not
        so one that was named and becomes relevant before any channel was told of it.
        """


class Lock(Protocol):
    """What :meth:`UpkeepPort.lock` yields."""

    def __bool__(self) -> bool:
        """Whether it was got."""

    def held(self) -> bool:
        """Whether it was got and is not lost since, as with the database's restart; asks it."""


class UpkeepPort(Protocol):
    """Export, counts, locks, upkeep."""

    def export(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        official: str | None = None,
        language: str | None = None,
    ) -> Iterator[Exported]:
        """Every stored article in [since, until) of first_seen, by first_seen then id.

        Read in bounded batches: memory does not grow with what is stored.
        """

    def counts(self) -> Counts:
        """Row counts for people."""

    def value(self, name: str) -> str | None:
        """A small named value kept by the program ("feeds_loaded", ...)."""

    def set_value(self, name: str, value: str) -> None:
        """Keep a small named value."""

    def lock(self, name: str) -> AbstractContextManager[Lock]:
        """A lock across processes and machines; yields one that is true if it was got (never
        waits).

        It goes with its holder: after kill -9 it is free at once.
        """

    def check(self) -> tuple[str, ...]:
        """Problems found in the database, one sentence each; empty when sound."""

    def backup(self, target: Path) -> None:
        """A consistent copy while others read and write. StoreError."""

    def hurry(self, seconds: float) -> None:
        """From so many seconds on wait no longer for what another process has locked: then it is
        StoreBusy at once, also for who waits already. For a program that has to end.
        """

    def close(self) -> None:
        """Release connections and files; idempotent."""


class Store(
    FeedPort,
    ClaimPort,
    LedgerPort,
    KnowPort,
    GroupPort,
    StoryPort,
    TellPort,
    ChannelPort,
    UpkeepPort,
    KeepPort,
    ArticlePort,
    ApprovalPort,
    CorrectionPort,
    BrowsePort,
    MutePort,
    SubscribePort,
    RestorePort,
    VitalsPort,
    SearchPort,
    Protocol,
):
    """All of it: what `storage.SqlStore` and `storage.MemoryStore` are."""
