"""`dadkhah watch`: whom and what is watched for."""

from __future__ import annotations

import json as jsonlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from watchers.model import Verdict
    from watchers.watchlist import Person

app = typer.Typer(help="The watchlist: people, topics, look-alikes.", no_args_is_help=True)

_JSON = typer.Option(False, "--json", help="For machines: one JSON object a line.")
MAX_INPUT = 50 * 1024 * 1024  # bytes


@app.command("list")
def list_(json: bool = _JSON) -> None:
    """Everyone on the watchlist, officials first."""
    from bot.app import Knowledge
    from bot.cli.edge import print_json, table

    people = Knowledge().watchlist.people
    if json:
        for person in people:
            print_json(_short(person))
        return
    rows = [
        (p.id, p.kind, p.name, (p.fa or ("",))[0], p.claim_basis, "quiet" if p.quiet else "")
        for p in people
    ]
    table("", ("id", "kind", "name", "Persian", "claim rests on", "headlines"), rows)


def _short(person: Person) -> dict[str, object]:
    return {
        "id": person.id,
        "kind": person.kind,
        "name": person.name,
        "claim_basis": person.claim_basis,
        "court_finding": person.court_finding,
        "quiet": person.quiet,
    }


@app.command()
def show(person: str = typer.Argument(help="The id, as `watch list` prints it.")) -> None:
    """One person: names, what is said by whom, sources."""
    from bot.app import Knowledge
    from bot.cli.edge import fail, table

    found = {p.id: p for p in Knowledge().watchlist.people}.get(person)
    if found is None:
        fail(f"{person!r} is not on the watchlist. `dadkhah watch list` shows the ids.")
    rows = [
        (name, value if isinstance(value, (str, bool)) else "\n".join(map(str, value)))
        for name, value in found.model_dump(exclude={"sources", "collides"}).items()
        if value not in ("", (), None)
    ]
    rows += [
        ("source", f"{s.publisher}: {s.title} ({s.year or 'no year'}) {s.url}")
        for s in found.sources
    ]
    rows += [("not to be confused with", f"{c.form}: {c.collides}") for c in found.collides]
    table("", ("", ""), rows)


@dataclass(frozen=True, slots=True)
class _Sample:
    """One article to test."""

    title: str
    text: str
    url: str | None = None


@app.command("test")
def test_(  # pytest would take `test` for one of its own
    text: str = typer.Argument(help="A file, - for standard input, or the text itself."),
    json: bool = _JSON,
) -> None:
    """Judge texts and say why. Input that begins with { is read as JSON lines."""
    from bot.app import Knowledge
    from bot.cli.edge import print_json, settings
    from watchers.match import Matcher

    settings()
    matcher = Matcher(Knowledge().watchlist)
    for sample in _samples(_input(text)):
        verdict = matcher.judge(sample.title, sample.text)
        if json:
            print_json(_verdict(sample, verdict))
        else:
            _explain(sample, verdict)


def _input(argument: str) -> str:
    from bot.cli.edge import fail

    if argument == "-":
        data = sys.stdin.buffer.read(MAX_INPUT + 1)
    else:
        try:
            path = Path(argument)
            data = path.read_bytes() if path.is_file() else argument.encode("utf-8", "replace")
        except (OSError, ValueError):  # a text too long or too odd to be a file's name
            data = argument.encode("utf-8", "replace")
    if len(data) > MAX_INPUT:
        fail(f"the input is larger than {MAX_INPUT // 1024 // 1024} MB; split it.", 2)
    return data.decode("utf-8-sig", "replace")


def _samples(content: str) -> Iterator[_Sample]:
    """JSON lines, or one article whose first line is its title."""
    from bot.cli.edge import fail
    from watchers.normalise import body_text
    from watchers.text import plain, plain_title

    if not content.lstrip().startswith("{"):
        head, _, rest = content.strip().partition("\n")
        if len(head) > 300:
            head, rest = "", content
        yield _Sample(plain_title(head), plain(rest))
        return
    for number, line in enumerate(content.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            row = jsonlib.loads(line)
        except ValueError as error:
            fail(f"line {number} is not JSON: {error}", 2)
        if not isinstance(row, dict):
            fail(f"line {number} is no JSON object with title, summary, content, url", 2)
        parts = {k: str(row.get(k) or "") for k in ("title", "summary", "content", "url")}
        text = body_text(parts["summary"], parts["content"])
        yield _Sample(plain_title(parts["title"]), text, parts["url"] or None)


def _verdict(sample: _Sample, verdict: Verdict) -> dict[str, object]:
    from bot.exporting import reason

    return {
        "url": sample.url,
        "relevant": verdict.relevant,
        "officials": list(verdict.officials),
        "people": list(verdict.people),
        "topics": list(verdict.topics),
        "reasons": [reason(match) for match in verdict.matches],
    }


def _explain(sample: _Sample, verdict: Verdict) -> None:
    said = "relevant" if verdict.relevant else "not relevant"
    typer.echo(f"{said}: {sample.title or sample.text[:80]}")
    for name in ("officials", "people"):
        if ids := getattr(verdict, name):
            typer.echo(f"  {name}: {', '.join(ids)}")
    for match in verdict.matches:
        where = f"{match.field} {match.start}-{match.end}"
        typer.echo(f"  {match.rule}: {match.subject}: {match.alias!r} ({where})")
