"""Do the documents say what the program is? Run by `make check`.

Settings, commands with their options, export keys, libraries, make targets, links, paths.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import typer
from packaging.requirements import Requirement
from pydantic import SecretStr

from bot.cli import app
from bot.exporting import KEYS
from config.settings import PREFIX, Settings

ROOT = Path(__file__).resolve().parent.parent
WRITTEN_ELSEWHERE = {"docs/container.md"}  # may be linked before it is there

_CODE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
# A path of somebody's machine; the same word inside an address or a longer path is none.
_MACHINE_PATH = re.compile(r"(?<![\w.:/~$})-])/(?:work|root|home)/")


def text(name: str) -> str:
    """A document of the project; empty while it is missing (the checks then tell)."""
    path = ROOT / name
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""


def shown(value: object) -> str:
    """A setting's default as the configuration table writes it."""
    value = value.get_secret_value() if isinstance(value, SecretStr) else value
    value = ",".join(map(str, value)) if isinstance(value, tuple) else value
    value = f"{value:g}" if isinstance(value, float) else value
    return "none" if value in ("", None) else str(value)


def settings_problems(readme: str) -> list[str]:
    """Every setting has a row in README's table, with its default."""
    rows = dict(re.findall(r"^\| `(DADKHAH_\w+)` \| ([^|]*?) \|", readme, re.MULTILINE))
    fields = {PREFIX + name.upper(): field for name, field in Settings.model_fields.items()}
    problems = [f"README.md: {name} is no setting" for name in sorted(rows.keys() - fields)]
    for variable, field in fields.items():
        default = shown(field.default)
        if rows.get(variable, "").strip("`") != default:
            problems.append(f"README.md: no row for {variable} with its default, {default}")
    return problems


def commands(group: Any = None, above: str = "") -> Iterator[tuple[str, frozenset[str]]]:
    """Each command as people write it, with its long options, from typer itself."""
    found: Any = group or typer.main.get_command(app)
    for name, command in found.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, f"{above}{name} ")
            continue
        written = [o for p in command.params for o in (*p.opts, *p.secondary_opts)]
        yield f"{above}{name}", frozenset(o for o in written if o.startswith("--")) - {"--help"}


def command_problems(document: str, readme: str) -> list[str]:
    """Each command has its heading in docs/commands.md with its options; top ones a README row."""
    sections = {part.partition("`")[0]: part for part in document.split("\n### `dadkhah ")[1:]}
    problems, known = [], set()
    for name, options in commands():
        found = [head for head in sections if f"{head} ".startswith(f"{name} ")]
        known.update(found)
        if not found:
            problems.append(f"docs/commands.md: no heading for `dadkhah {name}`")
            continue
        missing = sorted(option for option in options if option not in sections[found[0]])
        problems += [f"docs/commands.md: `dadkhah {name}`: {o} is missing" for o in missing]
    problems += [f"docs/commands.md: `dadkhah {h}` is no command" for h in set(sections) - known]
    tops = {name.partition(" ")[0] for name, _ in commands()}
    absent = sorted(top for top in tops if f"| `{top}` |" not in readme)
    return problems + [f"README.md: `{top}` has no row in the table of commands" for top in absent]


def row_problems(name: str, what: str, keys: Iterable[str], form: str = "| `{}` |") -> list[str]:
    """Every key stands in a document, in this form."""
    document = text(name)
    return [f"{name}: the {what} {k} is missing" for k in keys if form.format(k) not in document]


def _anchor(heading: str) -> str:
    """What a link names behind `#`, as GitHub makes it of a heading."""
    return re.sub(r"[^\w\s-]", "", heading.lower()).strip().replace(" ", "-")


def link_problems(name: str, document: str) -> list[str]:
    """Every relative link leads to a file, and to a heading that is there."""
    problems = []
    for link in _LINK.findall(_CODE.sub("", document)):
        target, _, anchor = link.partition("#")
        path = (ROOT / name).parent / target if target else ROOT / name
        if "://" in link or link.startswith("mailto:"):
            continue
        if not path.exists():
            if path.resolve().relative_to(ROOT).as_posix() not in WRITTEN_ELSEWHERE:
                problems.append(f"{name}: the link {link} leads nowhere")
        elif anchor and anchor not in map(_anchor, _HEADING.findall(path.read_text("utf-8"))):
            problems.append(f"{name}: the link {link} names no heading")
    return problems


def path_problems(name: str, content: str) -> list[str]:
    """No text names a path of one machine."""
    lines = enumerate(content.splitlines(), start=1)
    return [f"{name}:{n}: a path of one machine" for n, s in lines if _MACHINE_PATH.search(s)]


def files() -> Iterator[tuple[str, str]]:
    """Every text file that git keeps or would keep, with its content."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, listed.split("\0")):
        if "\0" not in (content := text(name)):
            yield name, content


def problems() -> list[str]:
    """All of it."""
    readme = text("README.md")
    libraries = tomllib.loads(text("pyproject.toml"))["project"]["dependencies"]
    targets = re.findall(r"^([a-z-]+):.*## ", text("Makefile"), re.MULTILINE)
    found = settings_problems(readme) + command_problems(text("docs/commands.md"), readme)
    found += row_problems("docs/export.md", "key", KEYS)
    found += row_problems("docs/design.md", "library", [Requirement(d).name for d in libraries])
    found += row_problems("CONTRIBUTING.md", "target", targets, "`make {}")
    for name, content in files():
        found += path_problems(name, content)
        found += link_problems(name, content) if name.endswith(".md") else []
    return found


if __name__ == "__main__":
    told = problems()
    print("\n".join(told) or "The documents fit the program.")
    sys.exit(bool(told))
