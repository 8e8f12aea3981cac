"""The generated feeds: `Corpus(count).document(feed, version)`, always the same for one seed.

    python -m benchmarks.corpus 200     what a corpus of 200 feeds is made of

About 70 % RSS, 20 % Atom, 3 % RDF, 2 % JSON Feed and 5 % broken; 13 languages, a tenth in a
legacy charset; about 31 entries and 60 kB a document. Version n + 1 of a feed has one to three
new entries on top of those of version n, and has dropped as many from its end. Nothing is kept:
a document is made when asked for, in about 3 ms.
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from xml.sax.saxutils import quoteattr

from benchmarks.documents import document
from benchmarks.entries import Written, written
from benchmarks.faults import broken_bytes, broken_text
from benchmarks.plans import Plan, plan

SEED = 1988
_FIRST = 1_000  # entries that a feed had before those of version 0


@dataclass(frozen=True)
class Document:
    """What a server answers: the bytes and their Content-Type."""

    body: bytes
    content_type: str


@dataclass(frozen=True)
class Corpus:
    """`count` feeds, as they are at the time `at` (UTC)."""

    count: int
    at: datetime
    seed: int = SEED

    @cached_property
    def plans(self) -> tuple[Plan, ...]:
        """What each feed is like; feed n is the same in a corpus of any size."""
        return tuple(plan(number, self.seed) for number in range(self.count))

    def document(self, number: int, version: int = 0) -> Document:
        """Feed `number` after `version` changes."""
        feed, entries = self.plans[number], self.entries(number, version)
        text = broken_text(document(feed, entries, self.at), feed.fault)
        errors = "strict" if feed.charset == "utf-8" else "xmlcharrefreplace"
        body = text.encode(feed.charset, errors) if text else b""
        return Document(broken_bytes(body, feed.fault), feed.content_type)

    def entries(self, number: int, version: int = 0) -> list[Written]:
        """The entries that the document lists, newest first, before anything is broken."""
        feed = self.plans[number]
        newest = _FIRST + feed.entries
        top = newest + self._added(number, version)
        return [
            written(feed, n, newest=newest, seed=self.seed, at=self.at)
            for n in range(top, top - feed.entries, -1)
        ]

    def opml(self, port: int) -> bytes:
        """The feeds as a list to import, each at an address of its own."""
        rows = "".join(
            f'<outline type="rss" text={quoteattr(f"Feed {feed.number}")} '
            f'xmlUrl="http://{feed.address}:{port}/feed" language="{feed.language}"/>\n'
            for feed in self.plans
        )
        head = '<?xml version="1.0" encoding="utf-8"?>\n<opml version="2.0"><head/><body>\n'
        return f"{head}{rows}</body></opml>\n".encode()

    def _added(self, number: int, version: int) -> int:
        rng = random.Random(f"{self.seed}/added/{number}")
        return sum(rng.randint(1, 3) for _ in range(version))


def described(corpus: Corpus) -> Iterator[str]:
    """What the corpus is made of, a line each."""
    sizes = sorted(len(corpus.document(n).body) for n in range(corpus.count))
    plans, middle = corpus.plans, len(sizes) // 2
    yield f"{corpus.count} feeds, {sum(sizes):,} bytes: mean {sum(sizes) // len(sizes):,}"
    yield f"smallest {sizes[0]:,}, median {sizes[middle]:,}, largest {sizes[-1]:,}"
    yield f"entries a feed: {sum(p.entries for p in plans) / len(plans):.1f}"
    for name in ("format", "fault", "language", "charset", "declared", "changes", "conditional"):
        counts = Counter(str(getattr(p, name)) for p in plans).most_common()
        yield f"{name}: " + ", ".join(f"{value or 'none'} {n}" for value, n in counts)


if __name__ == "__main__":
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    print(*described(Corpus(wanted, datetime.now(UTC))), sep="\n")
