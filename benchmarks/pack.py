"""The generated feeds on disk, compressed once, as the server answers them.

`bodies.bin` holds the gzipped documents one after another, `index.json` what and where they
are. Version 1 is there for the feeds that change.
"""

from __future__ import annotations

import gzip
import json
import multiprocessing
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.corpus import Corpus

_LEVEL = 6


@dataclass(frozen=True, slots=True)
class Packed:
    """One version of a feed in the file."""

    start: int
    size: int  # compressed
    plain: int  # bytes before
    content_type: str


@dataclass(frozen=True, slots=True)
class Shelf:
    """One feed: where it is served, and its versions."""

    address: str
    conditional: bool  # keeps its validators in the third cycle
    versions: tuple[Packed, ...]


def write(corpus: Corpus, folder: Path, progress: Callable[[int], None]) -> list[Shelf]:
    """Make all documents, on all cores; `progress` hears how many feeds are done."""
    shelves: list[Shelf] = []
    with (
        (folder / "bodies.bin").open("wb") as file,
        multiprocessing.get_context("spawn").Pool(initializer=_start, initargs=(corpus,)) as pool,
    ):
        for made in pool.imap(_made, range(corpus.count), chunksize=20):
            feed, versions = corpus.plans[len(shelves)], []
            for body, plain in made:
                versions.append(Packed(file.tell(), len(body), plain, feed.content_type))
                file.write(body)
            shelves.append(Shelf(feed.address, feed.conditional, tuple(versions)))
            progress(len(shelves))
    index = json.dumps([asdict(shelf) for shelf in shelves])
    (folder / "index.json").write_text(index, encoding="utf-8")
    return shelves


def read(folder: Path) -> list[Shelf]:
    """What `write` wrote."""
    rows = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    return [
        Shelf(row["address"], row["conditional"], tuple(Packed(**one) for one in row["versions"]))
        for row in rows
    ]


_corpus: Corpus | None = None


def _start(corpus: Corpus) -> None:
    global _corpus  # noqa: PLW0603 - a worker process is its own world
    _corpus = corpus


def _made(number: int) -> list[tuple[bytes, int]]:
    assert _corpus is not None
    made = []
    for version in range(1 + _corpus.plans[number].changes):
        body = _corpus.document(number, version).body
        made.append((gzip.compress(body, _LEVEL, mtime=0), len(body)))
    return made
