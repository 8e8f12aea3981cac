"""The lock files: exact versions and hashes, no download addresses.

    python tools/lock.py renew    newest versions that pyproject.toml allows
    python tools/lock.py check    do the lock files still fit pyproject.toml?

`requirements.lock` is what the program needs (the container image is made from it),
`requirements-dev.lock` adds what its tests and checks need. One lock for all systems and for
Python 3.11 and newer (environment markers).
"""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
LOCKS = {"requirements.lock": (), "requirements-dev.lock": ("--extra", "dev")}


def renew() -> int:
    """Resolve anew, with uv; index addresses are kept out of the files."""
    for name, extras in LOCKS.items():
        command = [
            sys.executable, "-m", "uv", "pip", "compile", "pyproject.toml", *extras,
            "--universal", "--python-version", "3.11", "--generate-hashes", "--upgrade", "--quiet",
            "--no-emit-index-url", "--no-emit-find-links", "--no-annotate",
            "--custom-compile-command", "make lock", "--output-file", name,
        ]  # fmt: skip
        subprocess.run(command, cwd=ROOT, check=True)
    return check()


def _locked(name: str) -> dict[str, set[str]]:
    """Name -> versions (several where markers part them) of a lock file."""
    versions: dict[str, set[str]] = {}
    for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
        if line[:1].isalnum():
            requirement = Requirement(line.rstrip(" \\"))
            pins = {spec.version for spec in requirement.specifier}
            versions.setdefault(canonicalize_name(requirement.name), set()).update(pins)
    return versions


def check() -> int:
    """Each requirement of pyproject.toml must be met by a pin; no address may stand in a lock."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = list(project["project"]["dependencies"])
    problems = []
    for name in LOCKS:
        if "dev" in name:
            wanted += project["project"]["optional-dependencies"]["dev"]
            wanted += project["build-system"]["requires"]
        if "://" in (ROOT / name).read_text(encoding="utf-8"):
            problems.append(f"{name} holds an address")
        locked = _locked(name)
        for requirement in map(Requirement, wanted):
            pins = locked.get(canonicalize_name(requirement.name), set())
            if not any(requirement.specifier.contains(pin, prereleases=True) for pin in pins):
                problems.append(f"{name}: {requirement} is not met ({', '.join(pins) or 'absent'})")
    for problem in problems:
        print(problem)
    print("run `make lock`" if problems else "The lock files fit pyproject.toml.")
    return bool(problems)


if __name__ == "__main__":
    sys.exit({"renew": renew, "check": check}[sys.argv[1]]())
