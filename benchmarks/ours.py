"""Dadkhah: `feeds import` of a list, then cycles in one process, as the service polls.

`start_up` is `poll --all` as a command of its own.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from benchmarks.measure import Measured, measured
from benchmarks.session import Session

ROOT = Path(__file__).resolve().parent.parent


class Ours:
    """A database of its own in a folder, on SQLite."""

    name = "dadkhah"

    def __init__(self, folder: Path, feeds: bytes, port: int, tree: Path = ROOT) -> None:
        self._folder = folder
        self._tree = tree
        listed = folder / "feeds.opml"
        listed.write_bytes(feeds)
        # The database begins with this one feed instead of the shipped list, which is no matter
        # of ours here; the list is then imported as a user would.
        first = folder / "first.opml"
        first.write_bytes(b"\n".join(feeds.splitlines()[:3]) + b"</body></opml>")
        self._env = {
            **_without(os.environ),
            "DADKHAH_DATA_DIR": str(folder),
            "DADKHAH_FEEDS": str(first),
            "DADKHAH_ALLOWED_PRIVATE_HOSTS": f"127.0.0.0/8:{port}",
            "DADKHAH_HOST_DELAY": "0",
            "DADKHAH_HTTP_LISTEN": "",
        }
        self._listed = listed

    @property
    def version(self) -> str:
        """What `dadkhah --version` says."""
        return self._run("--version").output.split()[-1]

    def prepare(self) -> None:
        """Make the database with all feeds."""
        self._run("feeds", "import", str(self._listed))

    def start_up(self) -> Measured:
        """A cycle as a process of its own."""
        return self._run("poll", "--all", "--json")

    def session(self) -> Session:
        """The process that polls all feeds at each order."""
        command = [sys.executable, "-m", "benchmarks.ours_cycle"]
        return Session(command, env=self._env, cwd=self._tree, scratch=self._folder)

    def found(self, poll: Measured) -> Mapping[str, object]:
        """What the cycle came to, for a look at whether it did what it should."""
        told = json.loads(poll.output)
        told.pop("failures", None)
        return dict(told)

    def _run(self, *words: str) -> Measured:
        command = [sys.executable, "-m", "bot", *words]
        return measured(command, env=self._env, cwd=self._tree, scratch=self._folder)


def _without(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment without settings of ours and without proxies."""
    return {
        name: value
        for name, value in environ.items()
        if not name.startswith("DADKHAH_") and not name.lower().endswith("_proxy")
    }
