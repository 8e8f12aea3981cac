"""Do feedparser's own entries and ours agree on every generated feed, broken ones included?

    python -m benchmarks.agreement [COUNT]      (default: 1000); 1 if they do not

Where a field differs, ours must be what the generator wrote, or stand beside it as a repair
that the reading itself lists (`ParsedFeed.repairs`) without feedparser's being what was
written; anything else is a disagreement. A feed that feedparser finds entries in must not be
refused, and none may be found in what is no feed.
"""

from __future__ import annotations

import calendar
import io
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import feedparser

from benchmarks.corpus import Corpus
from benchmarks.entries import Written
from benchmarks.plans import UNREADABLE, Plan
from watchers.errors import FeedUnreadable
from watchers.model import Entry, ParsedFeed
from watchers.parse import parse

FIELDS = ("guid", "link", "title", "summary", "content", "published")
_AT = datetime(2026, 11, 22, 9, tzinfo=UTC)

Fields = tuple[object, ...]  # in the order of FIELDS


@dataclass(frozen=True, slots=True)
class Difference:
    """One field of one entry in which the two differ, or a whole feed (`field` is "entries")."""

    feed: int
    what: str  # the feed's fault or kind
    field: str
    ours: object
    theirs: object
    repairs: tuple[str, ...]  # that our reading lists
    excused: bool  # ours is what was written, or theirs is not and a repair says why


def differences(corpus: Corpus, number: int, version: int = 0) -> Iterator[Difference]:
    """Where our reading of a feed differs from feedparser's."""
    feed, document = corpus.plans[number], corpus.document(number, version)
    url = f"http://{feed.address}/feed"
    theirs = [_theirs(one) for one in _feedparser(document.body, document.content_type, url)]
    try:
        reading = parse(document.body, document.content_type, url)
    except FeedUnreadable as error:
        if theirs or feed.fault not in UNREADABLE:
            yield _whole(feed, error.kind, len(theirs), (), excused=False)
        return
    ours = [_ours(one) for one in reading.entries]
    truth = [_true(one, feed) for one in corpus.entries(number, version)]
    if len(ours) != len(theirs):
        right = feed.format == "json" and len(ours) == len(truth)
        excused = right or (bool(reading.repairs) and len(ours) > len(theirs))
        yield _whole(feed, len(ours), len(theirs), reading.repairs, excused=excused)
        return
    for rows in zip(ours, theirs, truth, strict=False):
        yield from _in_entry(feed, reading, *rows)


def _whole(
    feed: Plan, ours: object, theirs: int, repairs: tuple[str, ...], *, excused: bool
) -> Difference:
    return Difference(
        feed.number, feed.fault or feed.format, "entries", ours, theirs, repairs, excused
    )


def _in_entry(
    feed: Plan, reading: ParsedFeed, ours: Fields, theirs: Fields, truth: Fields
) -> Iterator[Difference]:
    for name, our, their, true in zip(FIELDS, ours, theirs, truth, strict=True):
        if our != their:
            excused = our == true or (bool(reading.repairs) and their != true)
            what = feed.fault or feed.charset
            yield Difference(feed.number, what, name, our, their, reading.repairs, excused)


def _feedparser(body: bytes, content_type: str, url: str) -> list[Any]:
    """What feedparser finds by itself; nothing where it breaks.

    Without cleaning of HTML and resolving of links in it, which are done elsewhere.
    """
    try:
        found = feedparser.parse(
            io.BytesIO(body),
            response_headers={"content-type": content_type, "content-location": url},
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except Exception:  # noqa: BLE001 - whatever it is, it found nothing
        return []
    return list(found.entries)


def _ours(entry: Entry) -> Fields:
    published = entry.published.replace(microsecond=0) if entry.published else None
    return (
        entry.guid or "",
        entry.link or "",
        entry.title,
        entry.summary,
        entry.content,
        published,
    )


def _theirs(entry: Any) -> Fields:
    """The same fields as feedparser has them; a summary that repeats the content is none."""
    contents = [one.get("value") or "" for one in entry.get("content", ())]
    summary = entry.get("summary") or ""
    # `dict.get`: feedparser's own falls back from one date to another.
    time = dict.get(entry, "published_parsed") or dict.get(entry, "updated_parsed")
    return (
        entry.get("id") or "",
        entry.get("link") or "",
        entry.get("title") or "",
        "" if summary in contents else summary,
        max(contents, key=len, default=""),
        datetime.fromtimestamp(calendar.timegm(time), UTC) if time else None,
    )


def _true(entry: Written, feed: Plan) -> Fields:
    guid = entry.guid or (entry.link if feed.format in ("rdf", "json") else "")
    published = entry.published.replace(microsecond=0) if entry.published else None
    return (guid, entry.link, entry.title, entry.summary, entry.content, published)


def told(found: Iterable[Difference]) -> Iterator[str]:
    """The differences, counted by kind, and the first of each kind that nothing excuses."""
    counts: Counter[tuple[str, str, str, str]] = Counter()
    examples: dict[tuple[str, str, str, str], Difference] = {}
    for one in found:
        verdict = "better" if one.excused else "DISAGREE"
        kind = (verdict, one.what, one.field, " + ".join(one.repairs) or "none listed")
        counts[kind] += 1
        examples.setdefault(kind, one)
    for kind, count in sorted(counts.items()):
        verdict, what, field, repairs = kind
        yield f"{verdict:8} {what}, {field}: {count} (repairs: {repairs})"
        if verdict == "DISAGREE":
            one = examples[kind]
            yield f"         feed {one.feed}: ours {one.ours!r:.150}, theirs {one.theirs!r:.150}"


def main(count: int) -> int:
    """Compare them all; 1 if anything is not excused."""
    corpus = Corpus(count, _AT)
    found: list[Difference] = []
    for number in range(count):
        found += differences(corpus, number)
    print(*told(found), sep="\n")
    wrong = sum(not one.excused for one in found)
    feeds = len({one.feed for one in found})
    print(f"{count} feeds; {feeds} with differences, {wrong} fields that nothing excuses")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000))
