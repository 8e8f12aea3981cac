"""The peer: `reader` from PyPI, in a virtual environment of its own, with its workers on.

`niquests` must not be in that environment: it brings a changed `urllib3`, with which `reader`
hangs. `sgmllib3k` is what `reader` lacks when a newer feedparser brings another module.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.measure import Measured, measured
from benchmarks.session import Session

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / "build" / "bench-venv"
PACKAGES = ("reader==3.26", "sgmllib3k==1.0.0")
WORKERS = 16
_SCRIPT = Path(__file__).resolve().parent / "peer_cycle.py"


def install(venv: Path = VENV) -> Path:
    """The interpreter of the peer's environment, which is made if it is missing.

    CalledProcessError when a package cannot be had.
    """
    return install_into(venv, PACKAGES)


def install_into(venv: Path, packages: Sequence[str]) -> Path:
    """The interpreter of an environment with these packages, which is made if it is missing."""
    python = venv / "bin" / "python"
    stamp = venv / "installed.txt"
    wanted = "\n".join(packages)
    if not stamp.is_file() or stamp.read_text(encoding="utf-8") != wanted:
        print(f"installing {', '.join(packages)} into {venv.name} ...", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *packages], check=True)
        stamp.write_text(wanted, encoding="utf-8")
    return python


class Peer:
    """A database of its own in a folder, on SQLite."""

    name = "reader"

    def __init__(
        self, folder: Path, addresses: list[str], python: Path, workers: int = WORKERS
    ) -> None:
        self._folder = folder
        self._python = python
        self._workers = workers
        self._env = {
            name: value
            for name, value in os.environ.items()
            if name != "PYTHONPATH" and not name.lower().endswith("_proxy")
        }
        (folder / "feeds.txt").write_text("\n".join(addresses), encoding="utf-8")

    @property
    def version(self) -> str:
        """Its version, and how many workers it has."""
        return f"{self._run('version').output.strip()}, {self._workers} workers"

    def prepare(self) -> None:
        """Make the database with all feeds."""
        self._run("prepare", str(self._folder / "feeds.txt"))

    def start_up(self) -> Measured:
        """A cycle as a process of its own."""
        return self._run("poll", str(self._workers))

    def session(self) -> Session:
        """The process that polls all feeds at each order."""
        command = [str(self._python), str(_SCRIPT), str(self._folder / "reader.sqlite")]
        words = ["serve", str(self._workers)]
        return Session([*command, *words], env=self._env, cwd=self._folder, scratch=self._folder)

    def found(self, poll: Measured) -> Mapping[str, object]:  # noqa: ARG002 - as Ours has it
        """What is stored after the cycle (asked for afterwards: not measured)."""
        return dict(json.loads(self._run("found").output))

    def _run(self, *words: str) -> Measured:
        command = [str(self._python), str(_SCRIPT), str(self._folder / "reader.sqlite"), *words]
        return measured(command, env=self._env, cwd=self._folder, scratch=self._folder)
