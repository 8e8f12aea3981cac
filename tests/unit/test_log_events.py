"""Every event that is logged has a plain name, and stands in docs/operating.md; no ghosts there."""

import ast
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from config import logs
from tests.journey.harness import logging_as_it_was

ROOT = Path(__file__).parents[2]
LEVELS = ("debug", "info", "warning", "error", "exception", "critical")
TREES = {
    path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
    for folder in ("bot", "storage", "watchers", "config")
    for path in sorted((ROOT / folder).rglob("*.py"))
}
# Where the name is chosen from a few: all of them are literals nearby, and are looked for there.
CHOSEN = {"bot/housekeeping.py", "bot/tasks_worker.py"}


def _is_log(node: ast.expr) -> bool:
    return (
        isinstance(node, ast.Attribute)
        and node.attr in LEVELS
        and isinstance(node.value, ast.Name)
        and node.value.id == "log"
    )


def _calls() -> Iterator[tuple[str, ast.Call]]:
    for place, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and _is_log(node.func):
                yield place, node


def _documented() -> set[str]:
    text = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    section = text.partition("## What the log says")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return {name for row in rows for name in re.findall(r"`([a-z_]+)`", row)}


def test_names_are_literals_in_snake_case() -> None:
    for place, call in _calls():
        name = call.args[0]
        if isinstance(name, ast.Constant):
            assert re.fullmatch(r"[a-z]+(_[a-z]+)*", str(name.value)), (place, name.value)
        else:
            assert place in CHOSEN, (place, call.lineno)
        assert len(call.args) == 1, f"{place}:{call.lineno}: values have names"


def test_every_event_is_documented() -> None:
    logged = {str(c.args[0].value) for _, c in _calls() if isinstance(c.args[0], ast.Constant)}
    assert len(logged) > 60
    assert logged - _documented() == set()


def test_every_documented_event_is_there() -> None:
    literals = {
        node.value
        for tree in TREES.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert _documented() - literals == set()


@pytest.mark.parametrize(
    "library",
    ["procrastinate", "apscheduler", "telegram.ext", "httpx", "tornado.general", "py.warnings"],
)
def test_a_librarys_log_is_one_line_of_json_without_passwords(
    library: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with logging_as_it_was():
        logs.set_up("info", "json", ["s3cret"])
        logging.getLogger(library).error(
            "cannot reach %s\nsecond line", "postgresql://dadkhah:hidden@db.example/x",
            extra={"url": "https://user:hidden@proxy.example/"},
        )  # fmt: skip
        try:
            raise ConnectionError("postgresql://dadkhah:hidden@db.example/x and s3cret")
        except ConnectionError:
            logging.getLogger(library).exception("it broke")
    lines = capfd.readouterr().err.splitlines()
    first, second = map(json.loads, lines)
    assert (first["level"], first["logger"]) == ("error", library)
    assert "Traceback" in second["exception"]
    assert "hidden" not in "".join(lines)
    assert "s3cret" not in "".join(lines)
    assert "db.example" in first["event"]
