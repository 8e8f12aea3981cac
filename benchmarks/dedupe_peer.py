"""The peer: `datasketch` from PyPI, in a virtual environment of its own.

It gets the same words, folded by us, in the same order: shingles, MinHash and MinHashLSH are its
own. Each article is looked up and then added, all in memory; it is joined with the candidate that
is most alike by the estimate, if that reaches the threshold. There is nothing in it to tell a
template that was filled in anew from a copy.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.dedupe_texts import Made
from benchmarks.peer import ROOT, install_into
from watchers.dedupe import fingerprint
from watchers.folding import fold

VENV = ROOT / "build" / "bench-dedupe-venv"
PACKAGES = ("datasketch==1.6.5",)
_SCRIPT = Path(__file__).resolve().parent / "dedupe_peer_run.py"


def install() -> Path:
    """The interpreter of the peer's environment. CalledProcessError."""
    return install_into(VENV, PACKAGES)


def run(made: Sequence[Made], python: Path) -> dict[str, Any]:
    """Microseconds an article of both, and with which article the peer joined each."""
    lines = (json.dumps(fold(f"{one.title} {one.text}").split(" ")) for one in made)
    given = "\n".join(lines)
    command = [str(python), str(_SCRIPT)]
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=True)
    began = time.process_time()
    for one in made:
        fingerprint(one.title, one.text, close=True)
    ours = (time.process_time() - began) / len(made) * 1e6
    return {**json.loads(done.stdout), "ours": {"folding and fingerprint": ours}}
