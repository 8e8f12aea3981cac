"""`dadkhah watch list`, `show`, `test`: whom and what is watched for, and why a text matches."""

from __future__ import annotations

import json as jsonlib
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from watchers.model import Match, Verdict
    from watchers.overlay import Joined, Key
    from watchers.telling import AuditRecord
    from watchers.watchlist import OwnTopic, Person

app = typer.Typer(help="The watchlist: people, topics, look-alikes.", no_args_is_help=True)

_JSON = typer.Option(False, "--json", help="For machines: one JSON object a line.")
MAX_INPUT = 50 * 1024 * 1024  # bytes
ALIKE = 3  # reasons of one subject and rule that are told
AUDITED = 1_000  # records that are looked through for who changed a row


@app.command("list")
def list_(json: bool = _JSON) -> None:
    """Everyone on the watchlist, officials first, then your own topics."""
    from bot.cli.edge import print_json, table

    joint = in_force()
    watchlist = joint.watchlist
    if json:
        for person in watchlist.people:
            print_json(_short(joint, person))
        for topic in watchlist.own_topics:
            print_json(_short(joint, topic))
        return
    officials = [_cells(joint, p, p.claim_basis) for p in watchlist.officials]
    others = [_cells(joint, p, p.kind) for p in watchlist.people if not p.is_official]
    topics = [(t.id, t.name, t.query, _marks(joint, t)) for t in watchlist.own_topics]
    table("", ("official", "name", "Persian", "claim rests on"), officials)
    for columns, rows in (
        (("other person", "name", "Persian", "kind"), others),
        (("own topic", "name", "query", ""), topics),
    ):
        if rows:
            typer.echo("")
            table("", columns, rows)
    _hint(joint)


def in_force() -> Joined:
    """The watchlist in force: with the admins' changes, if there is a database."""
    from bot.app import Knowledge
    from bot.cli.edge import quiet_logs, settings
    from bot.knowing import load

    found = settings()
    quiet_logs()
    return load(Knowledge(), found)


def _cells(joint: Joined, person: Person, said: str) -> tuple[str, str, str, str]:
    about = ", ".join(filter(None, (said, _marks(joint, person))))
    return person.id, person.name, person.fa[0] if person.fa else "", about


def _key(row: Person | OwnTopic) -> Key:
    from watchers.watchlist import Person

    return "person" if isinstance(row, Person) else "own_topic", row.id


def _short(joint: Joined, row: Person | OwnTopic) -> dict[str, object]:
    """The keys of `watch list --json` (docs/commands.md)."""
    from bot.watch_wording import difference_of, kind_of, what_of

    key = _key(row)
    return {
        "id": row.id,
        "kind": kind_of(row),
        "name": row.name,
        "claim_basis": getattr(row, "claim_basis", None),
        "court_finding": getattr(row, "court_finding", None),
        "quiet": getattr(row, "quiet", None),
        "query": getattr(row, "query", None),
        "admins": what_of(joint, key) if key in joint.used else None,
        "shipped": difference_of(joint, key),
    }


def _marks(joint: Joined, row: Person | OwnTopic) -> str:
    """What else is to be known of a row, in a word or two."""
    from bot.watch_wording import difference_of, what_of

    key, marks = _key(row), []
    if getattr(row, "hold", False):
        marks.append("on hold")
    elif getattr(row, "quiet", False):
        marks.append("quiet")
    if key in joint.used:
        marks.append(f"{what_of(joint, key)} by admins")
    if difference_of(joint, key):
        marks.append("shipped differs")
    return ", ".join(marks)


def _hint(joint: Joined) -> None:
    """Say where to look if admins have something to decide."""
    from bot.wording import count

    if joint.differences:
        rows = count(len(joint.differences), "shipped row")
        typer.echo(f"{rows} changed under the admins': `dadkhah watch changes`.", err=True)
    if joint.unusable:
        rows = count(len(joint.unusable), "row")
        typer.echo(f"{rows} of the admins cannot be used: `dadkhah watch changes`.", err=True)


# ---------------------------------------------------------------- one row


@app.command()
def show(
    id: str = typer.Argument(help="The id, as `watch list` prints it."), json: bool = _JSON
) -> None:
    """One person or own topic: names, what is said by whom, sources, who changed it."""
    from bot.cli.edge import print_json, table
    from bot.watch_wording import difference_of, fields_of, key_of, kind_of, what_of
    from watchers.errors import WatchUnknown
    from watchers.overlay import current

    joint = in_force()
    key = key_of(joint, id)
    if key is None:
        msg = f"{shortened(id)!r} is not on the watchlist."
        raise WatchUnknown(msg)
    row = current(joint)[key]
    left_out = next((u.reason for u in joint.unusable if (u.section, u.id) == key), None)
    records = changes_of(joint, id)
    if json:
        values = {"kind": kind_of(row)} | row.model_dump(mode="json", by_alias=True)
        marks = {"admins": what_of(joint, key), "shipped": difference_of(joint, key)}
        print_json({**values, **marks, "left_out": left_out, "changes": [*map(_record, records)]})
        return
    rows: list[tuple[str, str]] = fields_of(row)
    if left_out:
        rows.append(("not in force", left_out))
    if difference_of(joint, key):
        rows.append(("shipped row", "an update changed it since: `dadkhah watch changes`"))
    rows += [("changed", f"{said_by(r)}: {r.action} {r.detail}".strip()) for r in records]
    table("", ("", ""), rows)


def shortened(text: str, most: int = 80) -> str:
    """What somebody typed, as much as fits into a message."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def changes_of(joint: Joined, row_id: str) -> Sequence[AuditRecord]:
    """The records of changes of this row by admins, newest first; none that are long past."""
    if not joint.revision:
        return ()
    return [record for record in watch_audit() if row_id in record.subject.split(", ")]


def watch_audit() -> Sequence[AuditRecord]:
    """The latest changes of the watchlist, newest first."""
    from bot.cli.edge import store

    with store(create=False) as opened:
        return [r for r in opened.audit(AUDITED) if r.action.startswith("watch.")]


def said_by(record: AuditRecord) -> str:
    """Who changed something, and when."""
    return f"{record.at:%Y-%m-%d %H:%M} UTC by {record.actor}"


def _record(record: AuditRecord) -> dict[str, object]:
    names = ("at", "actor", "action", "detail")
    return {name: getattr(record, name) for name in names}


# ---------------------------------------------------------------- test


@dataclass(frozen=True, slots=True)
class _Sample:
    """One article to test."""

    title: str
    text: str
    url: str | None = None

    def of(self, match: Match) -> str:
        """The field that a match was found in."""
        return self.title if match.field == "title" else self.text


def test_(  # pytest would take `test` for one of its own
    text: str = typer.Argument(help="A file, - for standard input, or the text itself."),
    json: bool = _JSON,
) -> None:
    """Judge texts and say why. Input that begins with { is read as JSON lines."""
    from bot.cli.edge import print_json
    from watchers.match import Matcher

    matcher = Matcher(in_force().watchlist)
    for number, sample in enumerate(_samples(_input(text))):
        verdict = matcher.judge(sample.title, sample.text)
        if json:
            print_json(_verdict(sample, verdict))
            continue
        if number:
            typer.echo("")
        _explain(sample, verdict)


def _input(argument: str) -> str:
    from bot.cli.edge import fail

    if argument == "-":
        data = sys.stdin.buffer.read(MAX_INPUT + 1)
    else:
        try:
            path = Path(argument)
            data = read_some(path) if path.is_file() else _as_text(argument)
        except (OSError, ValueError):  # a text too long or too odd to be a file's name
            data = _as_text(argument)
    if len(data) > MAX_INPUT:
        fail(f"the input is larger than {MAX_INPUT // 1024 // 1024} MB; split it.", 2)
    return data.decode("utf-8-sig", "replace")


def _as_text(argument: str) -> bytes:
    """The text itself; what looks like a path is perhaps a misspelt one."""
    if re.fullmatch(r"[^\s{]{1,300}", argument) and re.search(r"[./\\]", argument):
        typer.echo(f"{shortened(argument)}: no such file: judged as text.", err=True)
    return argument.encode("utf-8", "replace")


def read_some(path: Path, most: int = MAX_INPUT) -> bytes:
    """A file's beginning, one byte more than is allowed. OSError."""
    with path.open("rb") as file:
        return file.read(most + 1)


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
    for number, line in enumerate(content.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = jsonlib.loads(line)
        except (ValueError, RecursionError) as error:
            fail(f"line {number} is not JSON: {error}", 2)
        if not isinstance(row, dict):
            fail(f"line {number} is no JSON object with title, summary, content, url", 2)
        parts = {k: str(row.get(k) or "") for k in ("title", "summary", "content", "url")}
        if not any(parts[k].strip() for k in ("title", "summary", "content")):
            fail(f"line {number} has none of title, summary, content", 2)
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
        "reasons": [
            reason(match, sample.title, sample.text, verdict.watchlist) for match in verdict.matches
        ],
    }


def _explain(sample: _Sample, verdict: Verdict) -> None:
    """The verdict and each of its reasons with the sentence, for people."""
    from bot.cli.paragraphs import paragraph
    from bot.commands.reasons import why_not

    said = "relevant" if verdict.relevant else "not relevant"
    paragraph(f"{said}: {sample.title or shortened(sample.text)}")
    if not verdict.relevant:
        paragraph(f"why not: {why_not(verdict)}", 2)
    for name in ("officials", "people", "topics"):
        if ids := getattr(verdict, name):
            paragraph(f"{name}: {', '.join(ids)}", 2)
    told: Counter[tuple[str, str]] = Counter()
    every = Counter((match.subject, match.rule) for match in verdict.matches)
    for match in verdict.matches:
        alike = match.subject, match.rule
        told[alike] += 1
        if told[alike] <= ALIKE:
            explain(match, sample.of(match))
        if told[alike] == every[alike] > ALIKE:
            paragraph(f"and {every[alike] - ALIKE:,} more: {match.subject}, {match.rule}", 4)
    typer.echo(f"  judged by watchlist {verdict.watchlist}")


def explain(match: Match, text: str, *, gone: bool = False) -> None:
    """One reason: what counted ("+") or did not, and the sentence with the words marked."""
    from bot.cli.paragraphs import paragraph
    from bot.watch_wording import counts, marked, reason_head

    sign = "+" if counts(match) and not gone else "-"
    paragraph(f"{sign} {reason_head(match)}", 2)
    paragraph(f"{match.field}: {marked(text, match)}", 6)
