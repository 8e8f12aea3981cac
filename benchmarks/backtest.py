"""What other thresholds would change: stored articles are grouped twice, and compared.

    python -m benchmarks.backtest [--database URL] [--since DAYS] [--near 0.5] [--join 1.2] ...

The articles of a database are read (nothing in it is changed) and settled in two databases of
their own, once with the thresholds of the program and once with those given. Every pair that is
a copy, or in one story, in only one of them is printed with its headlines. Prints figures only
where nothing changed. docs/dedupe.md says what each threshold means.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track

import config
from config.settings import load
from storage import open_store
from watchers.cluster import Clusterer
from watchers.concepts import parse_concepts
from watchers.dedupe import THRESHOLDS, Thresholds, fingerprint
from watchers.errors import DadkhahError
from watchers.model import Article, FeedSpec, Item, PollResult, Verdict
from watchers.ports import Store
from watchers.settler import settle
from watchers.telling import Exported
from watchers.text import key

_TOGETHER = 500  # articles stored at a time
_MOST_SHOWN = 200  # pairs of a kind


@dataclass(frozen=True, slots=True)
class Grouped:
    """An article as one of the runs grouped it."""

    title: str
    outlet: str
    copies: str  # the first of its copies
    story: str | None


Run = Mapping[str, Grouped]  # by canonical URL


def item_of(article: Exported) -> Item:
    """A stored article as its poll brought it, its fingerprint made anew."""
    verdict = Verdict(
        article.relevant, article.officials, article.people, article.topics, (), 0.0,
        article.watchlist,
    )  # fmt: skip
    return Item(
        Article(
            url=article.url,
            canonical_url=article.canonical_url,
            url_key=key(article.canonical_url),
            guid_key=key(article.canonical_url),
            content_key=key(article.title, article.text),
            title=article.title,
            text=article.text,
            published=article.published,
            language=article.language,
        ),
        verdict,
        fingerprint(article.title, article.text, close=verdict.kept_close),
    )


def regrouped(articles: Iterable[Exported], limits: Thresholds, clusterer: Clusterer) -> Run:
    """These articles, grouped in a database of their own."""
    with tempfile.TemporaryDirectory(prefix="dadkhah-backtest-") as scratch:
        store = open_store(f"sqlite:///{Path(scratch) / 'backtest.db'}", create=True)
        try:
            _fill(store, articles)
            settle(store, clusterer, limits)
            rows = store.export()
            return {
                row.canonical_url: Grouped(
                    row.title, row.feed, row.duplicate_of or row.canonical_url, row.story
                )
                for row in rows
            }
        finally:
            store.close()


def _fill(store: Store, articles: Iterable[Exported]) -> None:
    feeds: dict[str, int] = {}
    waiting: dict[tuple[str, datetime], list[Item]] = defaultdict(list)
    for number, article in enumerate(articles, 1):
        if article.feed not in feeds:
            spec = FeedSpec(article.feed, kind=article.feed_kind)
            added = store.add_feed(spec, at=article.first_seen, actor="backtest")
            feeds[article.feed] = added.id
        waiting[article.feed, article.first_seen].append(item_of(article))
        if number % _TOGETHER == 0:
            _save(store, feeds, waiting)
    _save(store, feeds, waiting)


def _save(
    store: Store, feeds: Mapping[str, int], waiting: dict[tuple[str, datetime], list[Item]]
) -> None:
    store.save_polls(
        [
            PollResult(feeds[feed], at, at, 900, 0.0, "changed", items=tuple(items))
            for (feed, at), items in waiting.items()
        ]
    )
    waiting.clear()


def changed(before: Run, after: Run) -> Iterator[str]:
    """A line for each pair that is together in one run only."""
    for what in ("copies", "story"):
        one, other = _pairs(before, what), _pairs(after, what)
        name = "copies" if what == "copies" else "one story"
        yield f"{name}: {len(one)} pairs before, {len(other)} after"
        yield from _listed(f"now {name}", other - one, after)
        yield from _listed(f"no longer {name}", one - other, after)


def _pairs(run: Run, what: str) -> set[tuple[str, str]]:
    groups: dict[str, list[str]] = defaultdict(list)
    for url, article in sorted(run.items()):
        # Of a story the firsts only: copies are with them, and told already.
        if what == "story" and article.copies != url:
            continue
        name = getattr(article, what)
        if name is not None:
            groups[name].append(url)
    return {pair for group in groups.values() for pair in combinations(group, 2)}


def _listed(title: str, pairs: set[tuple[str, str]], run: Run) -> Iterator[str]:
    for number, (one, other) in enumerate(sorted(pairs)):
        if number == _MOST_SHOWN:
            yield f"  ... and {len(pairs) - _MOST_SHOWN} more pairs that are {title}"
            return
        yield f"  {title}:"
        yield from (f"    {run[url].title[:90]}  <{url}>" for url in (one, other))


# ---------------------------------------------------------------- the command


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.backtest", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--database", help="its URL; by default that of the settings")
    parser.add_argument("--since", type=float, default=60, help="days back (first seen)")
    for one in fields(Thresholds):
        value = getattr(THRESHOLDS, one.name)
        shown = value / timedelta(days=1) if isinstance(value, timedelta) else value
        unit = " days" if isinstance(value, timedelta) else ""
        parser.add_argument(f"--{one.name}", type=float, help=f"default {shown:g}{unit}")
    parser.add_argument("--join", type=float, help="closeness that makes one story")
    return parser


def _limits(options: argparse.Namespace) -> Thresholds:
    given: dict[str, Any] = {}
    for one in fields(Thresholds):
        value = getattr(options, one.name)
        if value is not None:
            is_time = isinstance(getattr(THRESHOLDS, one.name), timedelta)
            given[one.name] = timedelta(days=value) if is_time else value
    return replace(THRESHOLDS, **given)


def main(arguments: list[str]) -> int:
    """Group twice, print what differs; 0."""
    options = _options().parse_args(arguments)
    store = open_store(options.database or load().database, create=False)
    try:
        since = datetime.now(UTC) - timedelta(days=options.since)
        articles = list(store.export(since=since))
    finally:
        store.close()
    concepts = parse_concepts(config.shipped_concepts(), "concepts.toml")
    runs: list[Run] = []
    console = Console(stderr=True)
    other = Clusterer(concepts) if options.join is None else Clusterer(concepts, options.join)
    for limits, clusterer in ((THRESHOLDS, Clusterer(concepts)), (_limits(options), other)):
        name = "as it is" if not runs else "changed"
        shown = track(articles, f"storing ({name})", console=console, transient=True)
        runs.append(regrouped(shown, limits, clusterer))
    print(f"{len(articles)} articles of {options.since:g} days")
    print(*changed(*runs), sep="\n")
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `| head` is no failure
    try:
        sys.exit(main(sys.argv[1:]))
    except DadkhahError as error:
        sys.exit(f"error: {error}")
