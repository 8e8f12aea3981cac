"""How fast is the search? 200,000 generated articles on SQLite and PostgreSQL, some hundred
questions of all kinds, and the table of spellings.

    python -m benchmarks.search [ARTICLES] [--only sqlite|postgres]

PostgreSQL has the memory that it takes by default (128 MB). What is being built is told as it
grows, on standard error.

Timed is all that somebody waits for: the question read, looked up, put in order, ten articles
with their pieces of text. Exit 1 if the median is above 30 ms, one question takes a second, or
a spelling does not find another.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from benchmarks.search_texts import EVERYWHERE, OFFICIALS, OFTEN, START, YEARS, item, made
from benchmarks.words import LANGUAGES
from bot.searching import Found, look_up, pieces_of
from storage import SqlStore, open_store
from storage.engine import Mode, insert_new, sqlite_path, transaction
from storage.mapping import article_values
from storage.tables import ARTICLE
from tests.conftest import POSTGRES_OPTIONS, PostgresServer
from tests.contract.making import item as small_item
from tests.contract.making import poll
from tests.contract.spellings import SPELLINGS, TEXTS
from watchers.model import FeedSpec
from watchers.search_question import read

MEDIAN, WORST = 0.030, 1.0  # seconds: what is promised
NOW = START + YEARS
_BATCH = 1_000
_TOLD_EVERY = 20_000  # articles
_LIKE_A_REAL_ONE = {"shared_buffers": "128MB", "autovacuum": "on"}
_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Built:
    """What came of building."""

    seconds: float  # of indexing
    articles: int


def build(url: str, count: int) -> Built:
    """Store the articles, and index them by the real job."""
    store = open_store(url, create=True)
    specs = [FeedSpec("https://news.example/feed", "News", None, "world-media")]
    store.add_feeds(specs, at=START, actor="cli")
    (feed,) = store.feeds()
    for start in range(0, count, _BATCH):
        rows = [
            article_values(item(n, count), feed.id, NOW, baseline=False) | {"settled": True}
            for n in range(start, min(start + _BATCH, count))
        ]
        with transaction(store._engine, Mode.WRITE) as connection:  # noqa: SLF001 - not a poll's way: hours
            insert_new(connection, ARTICLE, rows)
        _tell(store, "stored", start + len(rows))
    spelt = [small_item(name, title=title, text=text) for name, (title, text) in TEXTS.items()]
    store.save_poll(poll(feed.id, *spelt, at=NOW))
    began = time.perf_counter()
    indexed = 0
    while (part := store.index_part()).articles:
        indexed += part.articles
        _tell(store, "indexed", indexed)
    seconds = time.perf_counter() - began
    store.close()
    return Built(seconds, indexed)


def _tell(store: SqlStore, what: str, count: int) -> None:
    if count % _TOLD_EVERY == 0:
        name = store._engine.dialect.name  # noqa: SLF001
        print(f"{name}: {count:,} {what}", file=sys.stderr, flush=True)


# ---------------------------------------------------------------- questions


def questions(count: int) -> Iterator[tuple[str, str]]:
    """Their kind, and what is typed."""
    rng = random.Random(7)
    for language in LANGUAGES:
        small = language.small.split()
        some = [made(number) for number in rng.sample(range(count), 60)]
        texts = [one.text.split() for one in some if one.language == language.code] or [
            some[0].text.split()
        ]
        words = rng.choice(texts)
        at = rng.randrange(len(words) - 3)
        yield "one word", rng.choice(words)
        yield "two words", " ".join(rng.sample(words, 2))
        yield "four words", " ".join(rng.sample(words, 4))
        yield "a phrase", f'"{" ".join(words[at : at + 3])}"'
        yield "a common word", rng.choice(small)
        yield "a phrase of common words", f'"{" ".join(rng.sample(small, 2))}"'
        yield "word and language", f"{rng.choice(words)} lang:{language.code}"
        yield "word and outlet", f"{EVERYWHERE} outlet:news{rng.randrange(500)}.example"
    for official in OFFICIALS:
        yield "an official", f"official:{official}"
        yield "word and official", f"{OFTEN} official:{official}"
    yield from _worst(rng)


def _worst(rng: random.Random) -> Iterator[tuple[str, str]]:
    small = [language.small.split() for language in LANGUAGES]
    yield "in every article", EVERYWHERE
    yield "in every article, twice", f"{EVERYWHERE} {OFTEN}"
    yield "never together", f'"{OFTEN} {EVERYWHERE} {OFTEN}"'
    yield "never together", f'"{EVERYWHERE} {EVERYWHERE}"'
    yield "only without", f"-{OFTEN}"
    yield "only without", f"-{EVERYWHERE}"
    yield "in every article, long ago", f"{EVERYWHERE} until:2016-02"
    yield "in every article, one day", f"{EVERYWHERE} since:2020-05-05 until:2020-05-05"
    yield "only a time", "since:2019"
    yield "only a language", "lang:fa"
    yield "two letters", "ba"
    yield "one letter", "b"
    for begin in ("bab", "con", "der", "مان", "کشت", "بان", "res", "про"):
        yield "three letters", begin
    yield "many beginnings", "bab ced dif gah bel mon"
    yield "a hundred words", " ".join(rng.choice(rng.choice(small)) for _ in range(100))
    yield "twelve common words", " ".join(small[0])
    yield (
        "phrases of common words",
        " ".join(f'"{a} {b}"' for a, b in zip(small[0], small[0][1:], strict=False)),
    )
    yield "nothing", "zzzzzzzz"
    yield "odd", '"(" ((*^:~ AND OR NEAR('


def ask(store: SqlStore, question: str) -> tuple[Found, float]:
    """What is found, and the seconds that somebody waits for it."""
    began = time.perf_counter()
    wanted = read(question, now=NOW, people=lambda name: (name,))
    found = look_up(store, wanted, NOW)
    pieces_of(store, wanted, found.articles[:10])
    return found, time.perf_counter() - began


# ---------------------------------------------------------------- told


def measure(name: str, url: str, count: int, built: Built) -> bool:
    """Ask all, tell the figures; whether all promises are kept."""
    store = open_store(url, create=False)
    times: list[float] = []
    by_kind: dict[str, list[float]] = {}
    stopped = []
    for _ in range(_ROUNDS):
        for kind, question in questions(count):
            found, seconds = ask(store, question)
            times.append(seconds)
            by_kind.setdefault(kind, []).append(seconds)
            if found.stopped:
                stopped.append(kind)
    wrong = _misspelt(store)
    rate = built.articles / built.seconds
    print(
        f"\n{name}: {built.articles:,} articles indexed, {rate:,.0f} a second; index {_size(store)}"
    )
    for kind, found_times in by_kind.items():
        middle, worst = statistics.median(found_times), max(found_times)
        print(f"  {kind:28} median {middle * 1e3:8.1f} ms   worst {worst * 1e3:8.1f} ms")
    median, worst = statistics.median(times), max(times)
    said = f"median {median * 1e3:8.1f} ms   worst {worst * 1e3:8.1f} ms, {len(times)} times"
    print(f"  {'all':28} {said}")
    print(f"  stopped for time: {', '.join(sorted(set(stopped))) or 'none'}")
    print(f"  spellings: {len(SPELLINGS) - len(wrong)} of {len(SPELLINGS)} find all")
    for line in wrong:
        print(f"    {line}")
    store.close()
    return median < MEDIAN and worst < WORST and not wrong


def _misspelt(store: SqlStore) -> list[str]:
    wrong = []
    for question, expected in SPELLINGS:
        found, _ = ask(store, question)
        names = {article.url.rpartition("/")[2] for article in found.articles}
        if not names.issuperset(expected) or names & TEXTS.keys() != set(expected):
            wrong.append(f"{question!r}: {sorted(names & TEXTS.keys())} instead of {expected}")
    return wrong


def _size(store: SqlStore) -> str:
    with transaction(store._engine, Mode.READ) as connection:  # noqa: SLF001
        if sqlite_path(store._engine.url) is None:  # noqa: SLF001
            size = connection.exec_driver_sql(
                "SELECT pg_total_relation_size('search_doc')"
            ).scalar_one()
            texts = connection.exec_driver_sql(
                "SELECT pg_total_relation_size('article')"
            ).scalar_one()
        else:
            asked = "SELECT sum(pgsize) FROM dbstat WHERE name LIKE "
            size = connection.exec_driver_sql(f"{asked}'search%'").scalar_one()
            texts = connection.exec_driver_sql(f"{asked}'article%'").scalar_one()
    return f"{size / 1e6:,.0f} MB (articles {texts / 1e6:,.0f} MB)"


def main() -> int:
    """Build both in parallel, then ask one after the other."""
    parser = argparse.ArgumentParser(prog="benchmarks.search")
    parser.add_argument("articles", nargs="?", type=int, default=200_000)
    parser.add_argument("--only", choices=("sqlite", "postgres"))
    asked = parser.parse_args()
    count, urls = asked.articles, {}
    server = PostgresServer(POSTGRES_OPTIONS | _LIKE_A_REAL_ONE)
    with tempfile.TemporaryDirectory(prefix="dadkhah-search-") as folder:
        if asked.only != "postgres":
            urls["SQLite"] = f"sqlite:///{Path(folder) / 'search.db'}"
        try:
            if asked.only != "sqlite":
                server.start()
                urls["PostgreSQL"] = server.url()
            with ProcessPoolExecutor(2) as pool:
                built = dict(
                    zip(urls, pool.map(build, urls.values(), [count] * len(urls)), strict=True)
                )
            kept = [measure(name, url, count, built[name]) for name, url in urls.items()]
        finally:
            server.stop()
    limits = f"median under {MEDIAN * 1e3:.0f} ms, worst under {WORST:.0f} s, every spelling"
    print(f"\n{limits}: {'kept' if all(kept) else 'BROKEN'}")
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
