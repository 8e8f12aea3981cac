"""What is said of the watchlist, its changes and its reasons, at the shell and by chat. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.wording import count
from watchers.amend import Joined
from watchers.model import Match, Verdict
from watchers.overlay import Difference, Key, Row, Unusable, by_key, current, values_of
from watchers.reasons import sentence
from watchers.rehearsal import Change
from watchers.rules import TOPIC
from watchers.watchlist import OwnTopic, Person

NO_MORE = "relevant no more"
_FOUND = ("official", "person", "topic")  # kinds of reasons that count, if their score does


# ---------------------------------------------------------------- rows


@dataclass(frozen=True, slots=True)
class Line:
    """A difference between two rows: what `field` has more ("+") or less ("-")."""

    field: str
    sign: str
    text: str

    def __str__(self) -> str:
        return f"{self.sign} {self.field}: {self.text}"


def row_lines(before: Row | None, after: Row | None) -> tuple[Line, ...]:
    """What changes from one row to the other, what goes away first in each field."""
    old, new = ({} if row is None else values_of(row) for row in (before, after))
    return tuple(line for field in dict.fromkeys([*old, *new]) for line in _field(field, old, new))


def _field(field: str, old: dict[str, object], new: dict[str, object]) -> Iterator[Line]:
    less, more = _texts(old.get(field)), _texts(new.get(field))
    yield from (Line(field, "-", text) for text in less if text not in more)
    yield from (Line(field, "+", text) for text in more if text not in less)


def _texts(value: object) -> list[str]:
    """A field's values one by one; nothing for one that is not there."""
    if isinstance(value, list):
        return [text for one in value for text in _texts(one)]
    if isinstance(value, dict):
        return ["; ".join(f"{name}: {said}" for name, said in value.items())]
    if isinstance(value, bool):
        return ["yes" if value else "no"]
    return [] if value in (None, "") else [str(value)]


@dataclass(frozen=True, slots=True)
class Own:
    """What the admins made of one row of the watchlist."""

    key: Key
    name: str
    what: str  # "added", "changed" or "removed"
    lines: tuple[Line, ...]  # against the row that is shipped now
    difference: Difference | None  # an update changed the shipped row after them
    unusable: Unusable | None


def own_changes(joint: Joined) -> tuple[Own, ...]:
    """All that admins changed, by section and id."""
    shipped, now = by_key(joint.shipped), current(joint)
    different = {(one.section, one.id): one for one in joint.differences}
    unusable = {(one.section, one.id): one for one in joint.unusable}
    found = []
    for key in sorted(joint.rows, key=lambda key: (key[0] != "person", key)):
        row = None if joint.rows[key].row is None else now.get(key)
        named = row or shipped.get(key)
        found.append(
            Own(
                key,
                named.name if named else key[1],
                what_of(joint, key) or "changed",
                row_lines(shipped.get(key), row),
                different.get(key),
                unusable.get(key),
            )
        )
    return tuple(found)


def what_of(joint: Joined, key: Key) -> str | None:
    """What admins did to a row: "added", "changed", "removed", or None."""
    stored = joint.rows.get(key)
    if stored is None:
        return None
    if stored.row is None:
        return "removed"
    return "changed" if key in by_key(joint.shipped) else "added"


def difference_of(joint: Joined, key: Key) -> str | None:
    """What an update did to the shipped row since admins changed it: "changed", "came", "gone"."""
    return next((one.what for one in joint.differences if (one.section, one.id) == key), None)


def key_of(joint: Joined, row_id: str) -> Key | None:
    """The person or own topic of that id, in force or not."""
    rows = current(joint)
    return next((key for key in (("person", row_id), ("own_topic", row_id)) if key in rows), None)


def kind_of(row: Row) -> str:
    """The kind of a person; "own-topic"."""
    return row.kind if isinstance(row, Person) else "own-topic"


def still_quiet(row: Row | None) -> str:
    """Why digests do not name somebody off hold; empty if they may."""
    if not isinstance(row, Person) or not row.model_copy(update={"hold": False}).quiet:
        return ""
    return f"still not shown by name: the claim is {row.claim_basis}"


def fields_of(row: Row) -> list[tuple[str, str]]:
    """A row for people: each field that says something, lists a line each."""
    hidden = {"sources", "collides"}
    shown = [
        (name, "\n".join(_texts(value)))
        for name, value in row.model_dump(mode="json", exclude=hidden).items()
        if value not in ("", None, []) and (value is not False or name == "court_finding")
    ]
    if isinstance(row, OwnTopic):
        return shown
    shown += [
        ("source", f"{s.publisher}: {s.title} ({s.year or 'no year'}) {s.url}".strip())
        for s in row.sources
    ]
    shown += [("not to be confused with", f"{c.form}: {c.collides}") for c in row.collides]
    return shown


# ---------------------------------------------------------------- reasons


def marked(text: str, match: Match, mark: str = "**") -> str:
    """The sentence around a match on one line, the match between marks.

    `text` is the title or the text that the match was found in.
    """
    said = sentence(text, match.start, match.end)
    at = _offset(text, said, match)
    if at is not None:
        end = at + match.end - match.start
        said = f"{said[:at]}{mark}{said[at:end]}{mark}{said[end:]}"
    return " ".join(said.split())


def _offset(text: str, said: str, match: Match) -> int | None:
    """Where in its sentence the match begins; None where the sentence has not all of it."""
    for core in (said, said.strip("…")):
        low = max(0, match.end - len(core))
        found = text.find(core, low, match.start + len(core)) if core else -1
        if 0 <= found <= match.start:
            return match.start - found + said.index(core)
    return None


def counts(match: Match) -> bool:
    """Whether a reason made its subject count, or only tells what was seen."""
    return match.kind in _FOUND and match.score > 0


def reason_head(match: Match) -> str:
    """Subject, kind, rule, score: "hamid-noury (official): full name, score 1"."""
    return f"{match.subject} ({match.kind}): {match.rule}, score {match.score:g}"


# ---------------------------------------------------------------- rehearsals


def gained_and_lost(change: Change) -> str:
    """What an article gains and loses: "becomes relevant, + hamid-noury, - ali-razini"."""
    said = {1: ["becomes relevant"], -1: [NO_MORE], 0: []}[change.relevance]
    said += [f"+ {subject}" for subject in change.gained if subject != TOPIC]
    said += [f"- {subject}" for subject in change.lost if subject != TOPIC]
    return ", ".join(said)


def reasons_for(verdict: Verdict, subjects: Sequence[str]) -> tuple[Match, ...]:
    """The first reason of a verdict for each of these subjects."""
    found = {match.subject: match for match in reversed(verdict.matches) if counts(match)}
    return tuple(found[subject] for subject in subjects if subject in found)


def summary(judged: int, changed: int, becomes: int, no_more: int) -> str:
    """What a rehearsal came to, in one sentence."""
    if not judged:
        return "There are no stored articles to try it on."
    articles = count(judged, "stored article")
    if not changed:
        return f"{articles} judged by both lists: nothing would change."
    return (
        f"{articles} judged by both lists: {changed:,} would change; "
        f"{becomes:,} would become relevant, {no_more:,} would be {NO_MORE}."
    )
