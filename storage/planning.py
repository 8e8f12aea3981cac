"""What both stores decide alike: pure functions from what is known to what is to be done."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from storage.addressing import Further, Target, further, target_of
from storage.revised import Word, beyond_title, is_bare, is_outlets
from watchers.feed_addresses import has_password
from watchers.model import Feed, Grouping, Item, LedgerRow, PollResult, PollSaved
from watchers.polling import CEILING, START

FIRST_INTERVAL = START  # seconds between a feed's polls until one has set it
# Neighbours looked at, nearest in time first: one chatty or hostile feed can give thousands of
# articles in the same words, and the cost of one article must not grow with them.
MOST_COPIES = 100
MOST_OF_A_TEXT = 20
MOST_OF_A_BAND = 50  # in a period of storage.bands
NEWS_AGE = timedelta(hours=24)  # of a feed's first poll: older and undated entries are baseline
STALE_AGE = timedelta(days=30)
COPY_WINDOW = timedelta(days=30)  # either side: dedupe takes nothing further apart for a copy
LISTED_LATELY = timedelta(days=7)  # entries seen this long before the latest are "listed"
SEEN_AGAIN = timedelta(days=1)  # last_seen is refreshed no oftener: most polls then write less
UNREACHABLE_AFTER = timedelta(hours=6)
MOST_GAPS = 1_000
CLOCK_SLACK = timedelta(minutes=5)  # a time further ahead was set by another clock
LONGEST_WAIT = timedelta(seconds=CEILING) + CLOCK_SLACK
MOST_MOVES = 10  # former addresses: a server can make a new one with each answer
_MOVE_REST = timedelta(days=1)


def already_watched(url: str, feed: Feed) -> str:
    """Why a URL is not watched once more: `feed` has it, or had it before it moved."""
    if feed.url == url:
        return f"{url} is watched already."
    return f"{url} is watched already: feed {feed.id} moved from there to {feed.url}."


@dataclass(frozen=True, slots=True)
class Head:
    """A stored article as a poll needs to see it."""

    id: int
    feed_id: int
    url: str
    relevant: bool
    close: bool  # relevant, an official named, or suspicious
    settled: bool
    is_full: bool  # its text is the whole article's, not a feed's summary
    gone_at: datetime | None = None
    text_kept: bool = True  # not thrown away by age: else there is nothing to compare with
    size: int = 0  # characters that its text has beyond its title


@dataclass(frozen=True, slots=True)
class KnownEntry:
    """A stored entry of the polled feed."""

    article_id: int
    content_key: bytes


@dataclass(frozen=True, slots=True)
class Known:
    """What was known before a poll, of what the poll gave."""

    entries: Mapping[bytes, KnownEntry]  # by guid key
    keys: Mapping[bytes, int]  # article's id by url key, further addresses included
    heads: Mapping[int, Head]
    hosts: Mapping[int, str] = field(default_factory=dict)  # of the heads' feeds, by feed


@dataclass(frozen=True, slots=True)
class Candidate:
    """An article that an item says something else of, perhaps; and whose word that is."""

    head: Head
    item: Item
    word: Word


@dataclass(slots=True)
class PollPlan:
    """What a poll changes. `changed` are candidates: their text has to be compared."""

    new: list[Item] = field(default_factory=list)
    entries: list[tuple[Item, Target]] = field(default_factory=list)
    reread: list[Item] = field(default_factory=list)  # known entries with another content key
    addresses: list[Further] = field(default_factory=list)
    changed: list[Candidate] = field(default_factory=list)
    back: list[Head] = field(default_factory=list)  # had vanished, and are listed again
    copies: int = 0


def plan_poll(feed: Feed, result: PollResult, known: Known) -> PollPlan:
    """Sort the items of a poll: new articles, further addresses, changed ones.

    The canonical URL is the identity; a guid known before decides only when the URL is new
    (`storage.addressing`).
    Two new items with one guid are two articles: some feeds give every item the same guid.
    """
    plan = PollPlan()
    fresh: dict[bytes, Item] = {}
    keys = {key for item in result.items for key in item.article.keys}
    leads: dict[bytes, Target] = {key: known.keys[key] for key in keys if key in known.keys}
    guids: set[bytes] = set()
    changed: dict[int, Candidate] = {}
    for item in result.items:
        article = item.article
        entry = known.entries.get(article.guid_key)
        target = target_of(item, leads, entry.article_id if entry is not None else None)
        if target is None:
            fresh[article.url_key] = item
            plan.new.append(item)
            target = article.url_key
        elif entry is None and article.guid_key not in guids:
            plan.copies += 1
        first_url = (
            fresh[target].article.url if isinstance(target, bytes) else (known.heads[target].url)
        )
        plan.addresses += further(item, target, first_url, leads)
        leads.update((key, target) for key in article.keys if key not in leads)
        if article.guid_key not in guids:
            _plan_entry(plan, item, entry, target)
        guids.add(article.guid_key)
        if isinstance(target, bytes):
            continue
        head = known.heads[target]
        if head.gone_at is not None and _counts(feed, head, known):
            plan.back.append(head)
            plan.reread.append(item)
        word = _word(feed, head, item, entry, known)
        if word is not None and _is_later(item, changed.get(target)):
            changed[target] = Candidate(head, item, word)
    plan.changed = list(changed.values())
    return plan


def _is_later(item: Item, other: Candidate | None) -> bool:
    """Of several entries for one article the latest counts; the first of those undated."""
    if other is None:
        return True
    mine, theirs = item.article.published, other.item.article.published
    return mine is not None and (theirs is None or mine > theirs)


def _plan_entry(plan: PollPlan, item: Item, entry: KnownEntry | None, target: Target) -> None:
    if entry is None:
        plan.entries.append((item, target))
    elif entry.content_key != item.article.content_key:
        plan.reread.append(item)


def _counts(feed: Feed, head: Head, known: Known) -> bool:
    """The first feed's word counts, and that of the outlet's other feeds."""
    first = head.feed_id
    return first == feed.id or is_outlets(feed, head, known.hosts.get(first))


def _word(
    feed: Feed, head: Head, item: Item, entry: KnownEntry | None, known: Known
) -> Word | None:
    """Whose word an item is that may be a change; None if it is none that counts.

    Another's counts too if it shows more: a teaser hides the subject. For the same reason a
    summary replaces no full text that is kept close, not even the first feed's: its page could
    not be read this time. Nothing is said of an article whose text was thrown away.
    """
    same = entry is not None and entry.content_key == item.article.content_key
    if same or not head.text_kept:
        return None
    shows_more = _rises(head, item)
    bare = is_bare(beyond_title(item))
    if head.feed_id != feed.id and bare != is_bare(head.size):
        return None if bare else Word.MORE
    if not _counts(feed, head, known):
        return Word.MORE if shows_more else None
    if head.is_full and head.close and not item.article.is_full and not shows_more:
        return Word.SUMMARY
    is_further = entry is None and head.feed_id != feed.id and not shows_more
    return Word.FURTHER if is_further else Word.OWN


def _rises(head: Head, item: Item) -> bool:
    verdict = item.verdict
    return (verdict.relevant and not head.relevant) or (verdict.kept_close and not head.close)


Work = tuple[Feed, PollResult]


def independent(work: Sequence[Work], known: Mapping[int, Known]) -> tuple[list[Work], list[Work]]:
    """Those polls that can be planned together, and those that need to see what others stored.

    Two polls touch when they share an address or an article: then the later one waits, and so
    does every poll after it that touches that one.
    """
    now: list[Work] = []
    later: list[Work] = []
    touched: set[object] = set()
    for feed, result in work:
        marks: set[object] = set(known[feed.id].heads)
        marks.update(key for item in result.items for key in item.article.keys)
        (now if touched.isdisjoint(marks) else later).append((feed, result))
        touched |= marks
    return now, later


def rounds(results: Sequence[PollResult]) -> Iterator[list[int]]:
    """The places of the results, so that in each round a feed stands once."""
    left = list(range(len(results)))
    while left:
        first: dict[int, int] = {}
        for place in left:
            first.setdefault(results[place].feed_id, place)
        yield list(first.values())
        taken = set(first.values())
        left = [place for place in left if place not in taken]


def is_time_to_mark(marked_at: datetime | None, result: PollResult) -> bool:
    """Whether to renew when the entries that the feed lists were last seen: once a day.

    `last_seen` says which entries a feed listed within a week, so a day more or less is
    nothing, and most polls write less.
    """
    listed = result.seen or result.items
    return bool(listed) and (marked_at is None or marked_at <= result.at - SEEN_AGAIN)


def saved_of(work: Work, new: Sequence[Item], *, copies: int, updated: int) -> PollSaved:
    """What a saved poll changed; `new` are the articles that it brought."""
    feed, result = work
    relevant = sum(item.verdict.relevant for item in new)
    tells = sum(item.verdict.relevant or bool(item.verdict.officials) for item in new)
    return PollSaved(
        feed_id=feed.id,
        new=len(new),
        copies=copies,
        updated=updated,
        relevant=relevant,
        named=tells - relevant,
        baseline=sum(is_baseline(item, feed, result.at) for item in new),
    )


def is_baseline(item: Item, feed: Feed, at: datetime) -> bool:
    """Never to be told: an old or undated entry of a feed's first successful poll.

    The first poll may come late, after days of failures: what appeared since the feed was
    added is news all the same. At any later poll a month-old entry is no news: an archive
    that was rotated, or permalinks that changed.
    """
    published = item.article.published
    if not feed.is_new:
        return published is not None and published < at - STALE_AGE
    return published is None or published < min(at, feed.added_at) - NEWS_AGE


def stays_settled(head: Head, item: Item) -> bool:
    """False when the verdict rose from irrelevant: until it is grouped nothing is told of it.

    Any other change leaves it in its group, and in digests, until it is settled once more.
    """
    return head.settled and not _rises(head, item)


def feed_changes(feed: Feed, result: PollResult) -> dict[str, object]:
    """The feed's columns after a poll; polls of one kind of outcome give the same columns.

    A failed poll keeps the validators and the hash of the last body that was read, or the
    next 304 would hide the failure; an unchanged one keeps what its answer did not repeat.
    Our own outage says nothing about the feed.
    """
    changes: dict[str, object] = {"next_due": result.next_due, "last_polled": result.at}
    if result.outcome == "outage":
        return changes
    failed = result.outcome == "failed"
    changes["interval"] = result.interval
    changes["failures"] = result.failures
    changes["last_error"] = result.failure.detail if result.failure else None
    changes["failing_since"] = (feed.failing_since or result.at) if failed else None
    if failed:
        return changes
    changes["last_success"] = result.at
    unchanged = result.outcome == "unchanged"
    for name in ("etag", "last_modified", "body_key"):
        value = getattr(result, name)
        changes[name] = getattr(feed, name) if value is None and unchanged else value
    for name in ("floor", "span"):
        value = getattr(result, name)
        changes[name] = value or getattr(feed, name) if unchanged else value
    changes["newest"] = result.newest or feed.newest
    changes["last_full"] = result.at if result.full else feed.last_full
    changes["name"] = feed.name or result.title
    return changes


# ---------------------------------------------------------------- the ledger


@dataclass(frozen=True, slots=True)
class Run:
    """The latest run of a feed in the ledger, as the next poll needs to see it."""

    id: int
    outcome: str
    kind: str | None
    has_gap: bool = False


def lengthens(run: Run | None, result: PollResult) -> bool:
    """The poll came to what the last ones came to. One with a gap keeps its own time."""
    return (
        run is not None
        and result.outcome != "changed"
        and (run.outcome, run.kind) == (result.outcome, kind_of(result))
        and result.gap is None
        and not run.has_gap
    )


def kind_of(result: PollResult) -> str | None:
    """The kind of its failure, if it failed."""
    return result.failure.kind if result.failure else None


def is_down(outcome: str) -> bool:
    """The feed was not reached, whoever was to blame."""
    return outcome in ("failed", "outage")


def begun_run(result: PollResult, new: int) -> LedgerRow:
    """A run of this poll alone; `new` articles came of it."""
    return LedgerRow(
        feed_id=result.feed_id,
        since=result.at,
        until=result.at,
        polls=1,
        outcome=result.outcome,
        status=result.status,
        size=result.size,
        listed=result.listed,
        new=new,
        overlap=result.overlap,
        kind=kind_of(result),
        gap=result.gap,
    )


def following_move(feed: Feed, result: PollResult) -> str | None:
    """Where the feed moved for good, if that may be believed.

    Only a feed that was read there, and never from https to http: whoever sits between could
    otherwise move a feed to where he can change what it says. Never to an address with a
    password: it would be stored and shown.
    """
    to = result.moved_to
    if is_down(result.outcome) or not to or to == feed.url or has_password(to):
        return None
    if feed.url[:6].lower() == "https:" and to[:6].lower() != "https:":
        return None
    return to


def may_move(moves: Collection[datetime], at: datetime) -> bool:
    """Whether a feed that moved at these times may move again: once a day, ten times in all."""
    return len(moves) < MOST_MOVES and all(abs(at - moved) >= _MOVE_REST for moved in moves)


def resolve_groupings(
    groupings: Sequence[Grouping], firsts: Mapping[int, int | None], have_copies: Collection[int]
) -> list[Grouping]:
    """The groupings without chains, and none re-pointed.

    `firsts` is the stored duplicate_of of every article that the groupings name,
    `have_copies` the articles that others are copies of already: those stay firsts.
    """
    current = dict(firsts)
    parents = set(have_copies)
    resolved = []
    for grouping in groupings:
        first = current.get(grouping.article_id)
        if first is None and grouping.duplicate_of is not None:
            first = current.get(grouping.duplicate_of) or grouping.duplicate_of
            if first == grouping.article_id or grouping.article_id in parents:
                first = None
        if first is not None:
            parents.add(first)
        current[grouping.article_id] = first
        resolved.append(replace(grouping, duplicate_of=first))
    return resolved
