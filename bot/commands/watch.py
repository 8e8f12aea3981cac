"""Orders that change the watchlist: `/watch`, `/unwatch`, and rows in a TOML document.

Each is rehearsed on what is stored and asks before anything changes (`rehearsing`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial

from bot.app import Program
from bot.commands import rehearsing
from bot.commands.orders import Order, Reply
from bot.watch_wording import still_quiet
from bot.wording import count, isolated, short
from watchers import amend
from watchers.amend import FIELDS, Edit, Joined
from watchers.errors import WatchlistInvalid
from watchers.overlay import Row, current
from watchers.text import clean

MAX_PART = 300_000  # bytes of a document with rows
_ID = 64  # characters of an id
_TOLD = 10  # problems, or rows, that an answer names
_LINE = 300  # characters of one of them
_EMPTY = "-"  # instead of a text: none
_HEADER = re.compile(rb"^[ \t]*\[{1,2}[ \t]*(?:person|own_topic)[ \t]*\]", re.MULTILINE)
_FEEDS = re.compile(rb"^[ \t]*\[{1,2}[ \t]*feeds?[ \t]*\]|^[ \t]*feed[ \t]*=", re.MULTILINE)

pressed = rehearsing.pressed

HELP = (
    """Changes the watchlist. Each change is first tried on what is stored, and asks you.

/watch ID alias NAME - find somebody by one more form of the name
/watch ID context NAME - a form that counts only in context, as a bare surname
/watch ID hold on - never named in digests; hold off takes it back
/watch ID say TEXT - what is said of somebody, with who says it
/watch new ID NAME - somebody else, held until you fill it in
/watch new ID NAME kind jurist - one who is no official
/watch topic ID NAME = QUERY - a topic of your own
/watch ID shipped - give up your change; keep keeps it after an update
/unwatch ID [NAME] - take off a form of the name, or the whole row

Other fields: """
    + ", ".join(field for field in FIELDS if field not in ("say", "hold"))
    + """.
A text of - empties one. Or send me rows [[person]] and [[own_topic]] as a .toml document.
/watchlist shows the ids. For example:
/watch ebrahim-raisi alias ابراهیم رییسی
/watch topic stockholm Trial in Stockholm = Noury AND (Stockholm OR استکهلم)"""
)

_FORMS = (
    """/watch ID alias NAME
/watch ID context NAME
/watch ID FIELD TEXT
/watch ID hold on
/watch ID shipped
FIELD is one of: """
    + ", ".join(FIELDS)
    + """.
/watch shows examples."""
)

Said = Callable[[Edit], str]
Asked = tuple[Callable[[Joined], Edit], Said]


async def watch(program: Program, order: Order) -> str | Reply:
    """/watch ..."""
    if not order.words:
        return HELP
    first = order.words[0].lower()
    if first == "new":
        return await _change(
            program, order, _new(order.words[1:]), _id_first(order.words[1:]) or _usage_new()
        )
    if first == "topic":
        return await _change(program, order, _topic(order.words[1:]), _usage_topic())
    await program.knowing.refresh()
    asked = _asked(program.knowing.joint, order.words)
    return await _change(program, order, asked, _usage_of(order.words))


def _usage_of(words: tuple[str, ...]) -> str:
    """What is missing in an order, or all that there is."""
    row_id, verb = words[0].lower(), "".join(words[1:2]).lower()
    if len(row_id) <= _ID and verb == "hold":
        return f"Hold on or hold off? /watch {row_id} hold on"
    if len(row_id) <= _ID and verb in ("alias", "context"):
        return f"Which name? /watch {row_id} {verb} NAME"
    return f"I understand:\n{_FORMS}"


async def unwatch(program: Program, order: Order) -> str | Reply:
    """/unwatch ID [NAME]"""
    usage = (
        "Usage: /unwatch ID [NAME]\nWith a form of the name, only that form is taken off; "
        "/watchlist shows the ids."
    )
    if not order.words or len(order.words[0]) > _ID:
        return usage
    row_id, form = order.words[0].lower(), " ".join(order.words[1:])
    await program.knowing.refresh()
    who = _who(program.knowing.joint, row_id)
    if form:
        return await _change(
            program, order,
            (partial(_drop_alias, row_id, form),
             lambda edit: f"{who}: found by “{isolated(edit.detail)}” no more."),
            usage,
        )  # fmt: skip
    return await _change(
        program, order,
        (lambda joint: amend.remove(joint, row_id), lambda _: f"{who}: watched for no more."),
        usage,
    )  # fmt: skip


async def _change(program: Program, order: Order, asked: Asked | None, usage: str) -> str | Reply:
    """Rehearse what was asked; a change that cannot be made is told in a few lines."""
    if asked is None:
        return usage
    await program.knowing.refresh()
    make, said = asked
    try:
        return await rehearsing.proposed(program, order, make, said)
    except WatchlistInvalid as error:
        return _refused(error)


def _refused(error: WatchlistInvalid) -> str:
    lines = [f"  {short(line, _LINE)}" for line in error.problems[:_TOLD]]
    if len(error.problems) > _TOLD:
        lines.append(f"  and {len(error.problems) - _TOLD} more")
    return "\n".join((f"{error.source} cannot be used. Nothing was changed.", *lines))


# ---------------------------------------------------------------- what is asked


def _new(words: tuple[str, ...]) -> Asked | None:
    """ID NAME [kind KIND]"""
    words, kind = _kind(words)
    if len(words) < 2 or _is_no_id(words[0]) or _id_first(words):
        return None
    person_id, name = words[0].lower(), " ".join(words[1:])

    def said(edit: Edit) -> str:
        return (
            f"New: {isolated(_name(edit) or name)} ({person_id}), {kind}. On hold and not "
            "verified: found and counted, not named in digests. Fill in who says what "
            f"(/watch {person_id} say TEXT; status and claim_basis too), then "
            f"/watch {person_id} hold off."
        )

    return lambda joint: amend.add_person(joint, person_id, name, kind=kind), said


def _name(edit: Edit) -> str:
    """As it is kept: without what cannot be seen."""
    return str((edit.rows[0].row or {}).get("name", "")) if edit.rows else ""


def _kind(words: tuple[str, ...]) -> tuple[tuple[str, ...], str]:
    """ID and NAME, and the kind."""
    if len(words) > 3 and words[-2].lower() == "kind":
        return words[:-2], words[-1].lower()
    return words, "official"


def _id_first(words: tuple[str, ...]) -> str:
    """What to write where a name was given without an id; empty if an id was."""
    words = _kind(words)[0]
    if len(words) < 2 or not words[0].isalpha() or len(" ".join(words)) > _ID:
        return ""
    small = words[0].isascii() and words[0].islower()
    if len(words) > 2 and (small or words[0].lower() == words[1].lower()):
        return ""  # an id of one word, perhaps with a keyboard's capital
    wanted = "-".join(word.lower() for word in words)
    if not (wanted.isascii() and wanted.replace("-", "").isalnum()):
        wanted = "jane-example"
    return f"The id comes first: /watch new {wanted} {' '.join(words)}"


def _usage_new() -> str:
    return (
        "Usage: /watch new ID NAME\nThe id: small Latin letters, digits and hyphens. For example:"
        "\n/watch new jane-example Jane Example\n/watch new jane-example Jane Example kind jurist"
    )


def _topic(words: tuple[str, ...]) -> Asked | None:
    """ID NAME = QUERY"""
    if not words or _is_no_id(words[0]):
        return None
    topic_id = words[0].lower()
    name, equals, query = " ".join(words[1:]).partition("=")
    if not (name.strip() and equals and query.strip()):
        return None

    def said(edit: Edit) -> str:
        return f"Own topic {topic_id}: {isolated(short(edit.detail, _LINE))}"

    return lambda joint: amend.put_topic(joint, topic_id, name, query.strip()), said


def _usage_topic() -> str:
    return (
        "Usage: /watch topic ID NAME = QUERY\nFor example:\n/watch topic stockholm Trial in "
        "Stockholm = Noury AND (Stockholm OR استکهلم)\nA query may have AND, OR, NOT, NEAR/5, "
        '"a phrase", word* and parentheses.'
    )


def _is_no_id(word: str) -> bool:
    """What our own words, or anything too long, would be taken for."""
    return len(word) > _ID or word.lower() in ("new", "topic")


def _asked(joint: Joined, words: tuple[str, ...]) -> Asked | None:
    """ID VERB TEXT; None for what is none of it."""
    row_id, verb, text = words[0].lower(), "".join(words[1:2]).lower(), " ".join(words[2:])
    if len(row_id) > _ID:
        return None
    who = _who(joint, row_id)
    bare: Mapping[str, Asked] = {
        "shipped": (lambda j: amend.take_shipped(j, row_id), lambda _: f"{who}: as it is shipped."),
        "keep": (lambda j: amend.keep_own(j, row_id), lambda _: f"{who}: your row is kept."),
    }
    if not text:
        return bare.get(verb)
    forms = {"alias": False, "context": True}
    if verb in forms:
        return (
            lambda j: amend.add_alias(j, row_id, text, in_context=forms[verb]),
            lambda edit: f"{who}: also found by “{isolated(_form(edit))}”{_only(forms[verb])}.",
        )
    field = verb.replace("-", "_")
    if field not in FIELDS:
        return None
    was = _value(joint, row_id, field)
    value = "" if text == _EMPTY else text

    def said(edit: Edit) -> str:
        becomes = short(edit.detail.partition(" = ")[2], _LINE)
        return f"{who}: {field} becomes {_quoted(becomes)}; it was {_quoted(was)}."

    if field == "hold":
        return lambda j: amend.change(j, row_id, field, value), partial(
            _held, who, current(joint).get(("person", row_id))
        )
    return lambda j: amend.change(j, row_id, field, value), said


def _quoted(text: str) -> str:
    return f"“{isolated(text)}”" if text not in ("", "None") else "empty"


def _form(edit: Edit) -> str:
    return edit.detail.removesuffix(" (in context)")


def _only(in_context: bool) -> str:
    return ", only in context" if in_context else ""


def _held(who: str, row: Row | None, edit: Edit) -> str:
    if edit.detail.endswith("True"):
        return f"{who}: on hold. Found and counted, and not named in digests."
    if why := still_quiet(row):
        return f"{who}: off hold, but {why}."
    return f"{who}: off hold. Digests may name this person."


def _drop_alias(row_id: str, form: str, joint: Joined) -> Edit:
    return amend.drop_alias(joint, row_id, form)


def _who(joint: Joined, row_id: str) -> str:
    """A row as sentences name it; an id that there is not is told when the edit is made."""
    rows = current(joint)
    row = rows.get(("person", row_id)) or rows.get(("own_topic", row_id))
    return f"{isolated(row.name)} ({row_id})" if row else row_id


def _value(joint: Joined, row_id: str, field: str) -> str:
    row = current(joint).get(("person", row_id))
    return short(str(getattr(row, field, "") or ""), _LINE)


# ---------------------------------------------------------------- a document


def is_part(name: str, data: bytes) -> bool:
    """Whether a document holds rows of the watchlist; lists of feeds have rows of feeds."""
    if not name.lower().endswith(".toml"):
        return False
    return _HEADER.search(data) is not None or _FEEDS.search(data) is None


async def put_part(program: Program, order: Order, name: str, data: bytes) -> str | Reply:
    """Rows of a document, all or none; rehearsed and asked as any change."""
    name = clean(name) or "The document"
    if len(data) > MAX_PART:
        return f"{name} is too large: at most {MAX_PART // 1000} kB of rows. Nothing was changed."
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return f"{name}:{line}: not UTF-8; save it as UTF-8. Nothing was changed."
    await program.knowing.refresh()
    there = current(program.knowing.joint)

    def said(edit: Edit) -> str:
        keys = [*((row.section, row.id) for row in edit.rows), *edit.drop]
        new = [number for section, number in keys if (section, number) not in there]
        changed = [number for section, number in keys if (section, number) in there]
        lines = [f"{name}: {count(len(keys), 'row')} that differ from the watchlist."]
        for what, ids in (("New", new), ("Changed", changed)):
            if ids:
                more = f" and {len(ids) - _TOLD} more" if len(ids) > _TOLD else ""
                lines.append(f"{what}: {', '.join(ids[:_TOLD])}{more}")
        return "\n".join(lines)

    asked: Asked = (lambda joint: amend.put_file(joint, text, name), said)
    return await _change(program, order, asked, "")
