"""How well it knows: a labelled sample goes the whole way, and its own scorer judges.

    python -m benchmarks.quality [FOLDER...]   by default our own: tests/data/labelled, .../grouped

FOLDER holds `*.jsonl` (one invented, labelled item a line: feed, url, title, summary, content,
published, lang, wave, labels). The items are served as RSS feeds over HTTP on loopback, polled
by the real command into a database of their own in two waves, exported and scored by
`benchmarks.scoring` (relevance, officials) and `benchmarks.grouping` (copies, traps, updates,
stories, where they are labelled); a `score.py` in FOLDER judges too. A folder of folders is each
of them. Nothing is kept.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections import defaultdict
from datetime import datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from benchmarks import grouping, scoring

Items = list[dict[str, Any]]


def rss(items: Items, name: str) -> bytes:
    """A feed document of these items; content goes into content:encoded."""
    urls = {item["id"]: item["url"] for item in items}
    rows = []
    for item in items:
        same = item["labels"].get("dup_kind") == "guid" and item["labels"]["duplicate_of"]
        guid: str = item.get("guid") or urls.get(same) or item["url"]
        row = f"<title>{escape(item['title'])}</title><link>{escape(item['url'])}</link>"
        row += f'<guid isPermaLink="false">{escape(guid)}</guid>'
        row += f"<description>{escape(item['summary'] or '')}</description>"
        if item["content"]:
            row += f"<content:encoded>{escape(item['content'])}</content:encoded>"
        if item["published"]:
            row += (
                f"<pubDate>{format_datetime(datetime.fromisoformat(item['published']))}</pubDate>"
            )
        rows.append(f"<item>{row}</item>")
    head = (
        '<?xml version="1.0" encoding="utf-8"?><rss version="2.0" '
        'xmlns:content="http://purl.org/rss/1.0/modules/content/">'
        f"<channel><title>{escape(name)}</title>"
    )
    return (head + "".join(rows) + "</channel></rss>").encode()


def serve(feeds: dict[str, Items], wave: list[int]) -> ThreadingHTTPServer:
    """The feeds at /NAME.xml on loopback, with the items of the waves so far."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.strip("/").removesuffix(".xml")
            body = rss([i for i in feeds[name] if i["wave"] <= wave[0]], name)
            self.send_response(200)
            self.send_header("Content-Type", "application/rss+xml; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def main(folder: Path) -> int:
    """Serve, poll twice, export, score; the scorer's exit code."""
    items = [
        json.loads(line)
        for path in sorted(folder.glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").split("\n")
        if line
    ]
    feeds: dict[str, Items] = defaultdict(list)
    for item in items:
        feeds[item["feed"]].append(item)
    wave = [1]
    server = serve(feeds, wave)
    with tempfile.TemporaryDirectory(prefix="dadkhah-quality-") as scratch:
        listed = Path(scratch) / "feeds.toml"
        port = server.server_port
        listed.write_text(
            "".join(
                f'[[feed]]\nurl = "http://127.0.0.1:{port}/{name}.xml"\nname = "{name}"\n'
                f'language = "{own[0]["lang"]}"\n'
                for name, own in feeds.items()
            ),
            encoding="utf-8",
        )
        environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("DADKHAH_")},
            "DADKHAH_DATA_DIR": scratch,
            "DADKHAH_FEEDS": str(listed),
            "DADKHAH_ALLOWED_PRIVATE_HOSTS": f"127.0.0.1:{port}",
            "DADKHAH_HOST_DELAY": "0",
        }

        def dadkhah(*words: str) -> bytes:
            command = [sys.executable, "-m", "bot", *words]
            return subprocess.run(command, env=environment, check=True, capture_output=True).stdout

        for number in (1, 2):
            wave[0] = number
            print(dadkhah("poll", "--all").decode(), end="")
        export = Path(scratch) / "export.jsonl"
        export.write_bytes(dadkhah("export"))
        server.shutdown()
        rows = [json.loads(line) for line in export.read_text(encoding="utf-8").split("\n") if line]
        print(*scoring.of_export(items, rows).lines(), sep="\n")
        if any(item["labels"].get("duplicate_of") for item in items):
            print(*grouping.of_export(items, rows).lines(), sep="\n")
        if not (folder / "score.py").is_file():
            return 0
        score = [sys.executable, str(folder / "score.py"), "--items", str(folder / "items.jsonl")]
        return subprocess.run([*score, "--export", str(export)], check=False).returncode


def folders(given: list[Path]) -> list[Path]:
    """Those that hold items, the given ones or those within them."""
    within = (sorted(path for path in folder.iterdir() if path.is_dir()) for folder in given)
    every = [path for folder, inner in zip(given, within, strict=True) for path in (folder, *inner)]
    return [path for path in every if any(path.glob("*.jsonl"))]


if __name__ == "__main__":
    data = Path(__file__).parent.parent / "tests" / "data"
    named = [Path(name) for name in sys.argv[1:]] or [data / "labelled", data / "grouped"]
    if not all(path.is_dir() for path in named) or not (found := folders(named)):
        sys.exit("usage: python -m benchmarks.quality [FOLDER...]   (labelled items as *.jsonl)")
    codes = []
    for path in found:
        print(f"\n#### {path.parent.name}/{path.name}")
        codes.append(main(path))
    sys.exit(max(codes))
