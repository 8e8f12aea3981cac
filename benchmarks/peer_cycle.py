"""What the peer's own interpreter runs: `peer_cycle.py DATABASE prepare|poll|found|version ...`.

Only the standard library and `reader`. Its defaults, except that feeds are asked although they
are not due: `scheduled=False`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from reader import __version__, make_reader  # type: ignore[import-not-found]


def main(database: str, job: str, *words: str) -> None:
    if job == "version":
        print(__version__)
        return
    with make_reader(database) as reader:
        if job == "prepare":
            for url in Path(words[0]).read_text(encoding="utf-8").split():
                reader.add_feed(url)
        elif job == "poll":
            reader.update_feeds(scheduled=False, workers=int(words[0]))
        elif job == "serve":  # a cycle for each line, as a program that goes on would
            for _ in sys.stdin:
                reader.update_feeds(scheduled=False, workers=int(words[0]))
                print("done", flush=True)
        else:
            feeds = reader.get_feed_counts()
            entries = reader.get_entry_counts()
            told = {"feeds": feeds.total, "failed": feeds.broken, "entries": entries.total}
            print(json.dumps(told))


if __name__ == "__main__":
    main(*sys.argv[1:])
