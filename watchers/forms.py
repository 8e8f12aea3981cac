"""Forms of names that admins give: which list they belong to, and which can be none. Pure.

A form of one word, by itself, would tie a person to every text that has the word; so would an
ordinary word of the watchlist beside other signs. Shipped rows have such words on purpose
("Khomeini" is a name and a sign of Iran), each of them tried on a corpus; so what a row has
already may stay.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from watchers.errors import InputInvalid
from watchers.folding import fold
from watchers.overlay import Joined, current, letters_of
from watchers.watchlist import MIN_LETTERS, Person, is_one_word
from watchers.watchlist_rows import LONGEST_FORM, File

FORMS = ("aliases", "fa", "ar")  # forms of a name that count by themselves
WEAK_FORMS = ("surnames", "needs_context")  # those that count in context only
ALL_FORMS = (*FORMS, *WEAK_FORMS)

ONE_WORD = (
    "one word is no full name: add it with --in-context (chat: /watch ID context NAME), so that "
    "it counts only beside other signs"
)
_OF_ARABIC = frozenset("يكةىأإٱ")  # letters that Persian writes otherwise
_OF_PERSIAN = frozenset("پچژگکی\u200cۀ")


def script_of(form: str) -> str:
    """Which of FORMS a form belongs to; Persian where the letters leave it open."""
    letters = set(form)
    if not any("\u0600" <= c <= "\u06ff" or "\ufb50" <= c <= "\ufefc" for c in letters):
        return "aliases"
    return "ar" if letters & _OF_ARABIC and not letters & _OF_PERSIAN else "fa"


def put_form(joint: Joined, values: dict[str, Any], form: str, *, in_context: bool) -> None:
    """Add a form to a person's values. InputInvalid says why it cannot be one."""
    letters = letters_of(form)
    if len(form) > LONGEST_FORM:
        msg = f"A form of a name has at most {LONGEST_FORM} characters."
        raise InputInvalid(msg)
    if not letters:
        msg = f"{form!r} has no letter or digit and would match anything."
        raise InputInvalid(msg)
    if len(letters) < MIN_LETTERS and not in_context:
        msg = f"{form!r} is under {MIN_LETTERS} letters: it can only be a form that needs context."
        raise InputInvalid(msg)
    for key in ALL_FORMS:
        for other in values.get(key, ()):
            if letters_of(other) == letters:
                weak = ", and needs context: drop that first" if key in WEAK_FORMS else ""
                msg = f"{form!r} is there already as {other!r}{'' if in_context else weak}."
                raise InputInvalid(msg)
    if fold(form) in ordinary_words(joint.shipped):
        msg = f"{form!r} {_ORDINARY}."
        raise InputInvalid(msg)
    if not in_context and is_one_word(form):
        msg = f"{form!r}: {ONE_WORD}."
        raise InputInvalid(msg)
    if said := _also_of(joint, str(values["id"]), form, weak=in_context):
        msg = f"{said}."
        raise InputInvalid(msg)
    key = "needs_context" if in_context else script_of(form)
    values[key] = [*values.get(key, ()), form]


_ORDINARY = "is an ordinary word of the watchlist: it would name the person in texts of others"


def ordinary_words(file: File) -> frozenset[str]:
    """What facets, context, topics and given names are made of, folded."""
    lists = [
        *file.facets.values(),
        *(tokens for _, tokens in file.context.groups),
        *(phrases for t in file.topic for phrases in (t.strong, t.medium, t.weak)),
        file.words.given_names,
    ]
    return frozenset(fold(word.rstrip("*")) for words in lists for word in words)


def strange(joint: Joined, rows: Mapping[int, Person]) -> Iterator[tuple[int, str, str]]:
    """What is wrong with the forms that these rows have and the list has not yet.

    Number of the row, key, sentence. One word in place of a full name is told of any row
    (`watchers.watchlist.across_rows`).
    """
    there, shipped = current(joint), {person.id: person for person in joint.shipped.person}
    ordinary: frozenset[str] | None = None
    for number, person in rows.items():
        known = {
            letters_of(form)
            for row in (there.get(("person", person.id)), shipped.get(person.id))
            if isinstance(row, Person)
            for form in (row.name, *_all_forms(row))
        }
        for key in ("name", *ALL_FORMS):
            forms = (person.name,) if key == "name" else getattr(person, key)
            for form in forms:
                if letters_of(form) in known:
                    continue
                ordinary = ordinary_words(joint.shipped) if ordinary is None else ordinary
                if fold(form) in ordinary:
                    yield number, key, f"{form!r} {_ORDINARY}"
                elif key in WEAK_FORMS and (said := _also_of(joint, person.id, form, weak=True)):
                    yield number, key, said


def _all_forms(person: Person) -> tuple[str, ...]:
    return person.names + person.surnames + person.needs_context


def _also_of(joint: Joined, person_id: str, form: str, *, weak: bool) -> str | None:
    """Who else has the form, if both cannot.

    Two people may have one only in context, and one word of two people tells nobody which is
    meant: such are shared only where the shipped list shares them.
    """
    letters = letters_of(form)
    for person in joint.watchlist.people:
        if person.id == person_id:
            continue
        if letters in map(letters_of, person.names):
            said = f"{form!r} names {person.id!r} already"
            return (
                f"{said}; both can have it as a form in context" if not is_one_word(form) else said
            )
        if not weak or letters not in map(letters_of, _all_forms(person)):
            continue
        contextual = letters in map(letters_of, person.needs_context)
        if (is_one_word(form) or not contextual) and not _is_shared(joint.shipped, letters):
            return f"{form!r} is also a form of {person.id!r}: it would not tell who is meant"
    return None


def _is_shared(shipped: File, letters: str) -> bool:
    owners = (person for person in shipped.person if letters in map(letters_of, _all_forms(person)))
    return next(owners, None) is not None and next(owners, None) is not None
