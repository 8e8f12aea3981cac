"""A question as somebody typed it, made into what an index can be asked. Pure; never an error.

    خاوران "قتل عام" -فوتبال official:raisi lang:fa outlet:bbc since:1403/05 until:2025

All words must be there; a word of three letters or more also finds those that begin with it.
What stands in quotes, or is joined by a hyphen or ZWNJ, must stand together. A minus in front
leaves articles out. What cannot be understood is searched as words, or left out with a note.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from watchers.folding import fold
from watchers.search_text import STORED, TITLE, TOLD, fact, is_spaceless, month, words, year
from watchers.searching import Note, Phrase, Wanted

MOST = 300  # characters of a question that are read
MOST_TERMS = 12  # words and phrases
MOST_VALUES = 8  # of one field
_FORMS = 12  # spellings of one of them
_WORDS = 10  # of a phrase
_BEGINS = 3  # letters from which on a word finds those that begin with it
_MANY = 6  # words from which on they need one more: short beginnings cost most
_JOINED = 24  # letters of two words that may be one
_FIRST_YEAR = 1970

_QUOTES = {'"': '"', "“": "”", "„": "“", "«": "»", "”": "”", "‟": "”", "＂": "＂"}
_ENDS = frozenset('"”“»＂')
_MINUS = frozenset("-−‐‑–")
_FIELD = re.compile(r"([^\W\d_]{2,12}):")
_FIELDS = {
    "official": "who", "person": "who", "who": "who", "responsable": "who", "personne": "who",
    "مقام": "who", "شخص": "who", "فرد": "who",
    "outlet": "outlet", "site": "outlet", "source": "outlet", "média": "outlet", "media": "outlet",
    "رسانه": "outlet", "سایت": "outlet", "منبع": "outlet",
    "lang": "lang", "language": "lang", "langue": "lang", "زبان": "lang",
    "since": "since", "after": "since", "from": "since", "depuis": "since", "از": "since",
    "until": "until", "before": "until", "to": "until", "jusque": "until", "تا": "until",
}  # fmt: skip
_DATE = re.compile(r"(\d{4})(?:[-/.](\d{1,2})(?:[-/.](\d{1,2}))?)?\Z")
_AGO = re.compile(r"(\d{1,4})([hdwmy])\Z")
_HOURS = {"h": 1, "d": 24, "w": 7 * 24, "m": 30 * 24, "y": 365 * 24}
_JALALI = range(1300, 1500)
_DIGITS = str.maketrans("۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩", "01234567890123456789")
_HOST = re.compile(r"[a-z0-9\u0080-\U0010ffff-]+(?:\.[a-z0-9\u0080-\U0010ffff-]+)+\Z")
# Written together with the word beside them, or apart: "می‌شود", "کتاب‌ها".
_BEFORE = ("نمی", "می", "بی", "پور", "سید", "عبد", "نا")
_AFTER = (
    "هایشان", "هایمان", "هایتان", "هایی", "هایش", "هایم", "های", "ها", "ترین", "تر", "شان",
    "مان", "تان", "اند", "ام", "ات", "اش", "ای", "گر", "گری", "زاده", "نژاد", "پور", "الله",
    "الدین", "آباد", "اباد",
)  # fmt: skip

NamesOf = Callable[[str], Sequence[str]]


def nobody(_: str) -> tuple[str, ...]:
    """Nobody is known."""
    return ()


@dataclass(slots=True)
class _Piece:
    """Something that was typed between blanks, or in quotes."""

    text: str
    quoted: bool = False
    without: bool = False
    field: str = ""


def read(
    question: str,
    *,
    now: datetime,
    people: NamesOf = nobody,
    outlets: NamesOf = nobody,
    told: bool = False,
) -> Wanted:
    """What a question asks for.

    `people`: ids of whoever is called so; `outlets`: hosts of outlets of that name; `told`: only
    what readers see. Dates are UTC; a year, a month or a day is meant whole; years from 1300 to
    1499 are Jalali.
    """
    return _Reading(now, people, outlets).read(question, told=told)


class _Reading:
    """One question, on the way to what it asks for."""

    def __init__(self, now: datetime, people: NamesOf, outlets: NamesOf) -> None:
        self._now = now
        self._named = {"who": people, "outlet": outlets}
        self._notes: list[Note] = []
        self._all: list[tuple[Phrase, ...]] = []
        self._none: list[Phrase] = []
        self._fields: dict[str, list[str]] = {}
        self._since: datetime | None = None
        self._until: datetime | None = None

    def read(self, question: str, *, told: bool) -> Wanted:
        if len(question) > MOST:
            self._notes.append(Note("cut", str(MOST)))
        asked: list[tuple[_Piece, tuple[str, ...]]] = []
        for piece in _pieces(question[:MOST]):
            if piece.field and self._understood(piece):
                continue
            found = _asked(f"{piece.field} {piece.text}")[:_WORDS]
            if found:
                asked.append((piece, found))
        if len(asked) > MOST_TERMS:
            self._notes.append(Note("terms", str(MOST_TERMS)))
            asked = asked[:MOST_TERMS]
        shortest = _BEGINS + (len(asked) > _MANY)
        for piece, forms in _terms(asked, shortest):
            if piece.without:
                self._none += forms
            else:
                self._all.append(forms)
        terms = tuple(self._all)
        facts = (*self._filters(), (_bare(TOLD if told else STORED),))
        return Wanted(
            all_of=(*terms, *facts, *_time_facts(self._since, self._until, self._now)),
            none_of=tuple(self._none),
            title=tuple(_in_title(term) for term in terms),
            since=self._since,
            until=self._until,
            terms=terms,
            notes=tuple(dict.fromkeys(self._notes)),
            asks=bool(terms or self._none or self._fields or self._since or self._until),
        )

    # ------------------------------------------------------------ fields

    def _understood(self, piece: _Piece) -> bool:
        """Take a field up; False: it is searched as words. One without a value asks nothing."""
        name, value = _FIELDS[piece.field], piece.text.strip()
        if not value:
            return True
        if name in ("since", "until"):
            return self._dated(name, value)
        tokens = getattr(self, f"_{name}")(value)
        if not tokens:
            self._notes.append(Note(f"no {name}", value[:60]))
            tokens = [fact(name, value)]
        if piece.without:
            self._none += map(_bare, tokens[:MOST_VALUES])
            self._fields.setdefault("", [])
        else:
            self._fields.setdefault(name, []).extend(tokens[:MOST_VALUES])
        return True

    def _who(self, value: str) -> list[str]:
        return [fact("who", one) for one in self._named["who"](value)]

    def _lang(self, value: str) -> list[str]:
        codes = re.split(r"[,،+/]", value)
        return [fact("lang", code) for code in codes if code.strip()]

    def _outlet(self, value: str) -> list[str]:
        host = value.casefold().removeprefix("https://").removeprefix("http://").partition("/")[0]
        if _HOST.match(host):
            return [fact("site", host.removeprefix("www."))]
        tokens = [fact("site", one) for one in self._named["outlet"](value)]
        return [*tokens, *(fact("outlet", word) for word in words(fold(value))[:1])]

    def _dated(self, name: str, value: str) -> bool:
        span = span_of(value, self._now)
        if span is None:
            self._notes.append(Note("no date", value[:60]))
        elif name == "since":
            self._since = span[0]
        else:
            self._until = span[1]
        return True

    def _filters(self) -> Iterator[tuple[Phrase, ...]]:
        for tokens in self._fields.values():
            if tokens:
                yield tuple(map(_bare, dict.fromkeys(tokens[: 2 * MOST_VALUES])))


# ---------------------------------------------------------------- typed pieces


def _pieces(question: str) -> Iterator[_Piece]:
    """What was typed, piece by piece; a quote that is not closed reaches to the end."""
    at, size = 0, len(question)
    while at < size:
        if question[at].isspace():
            at += 1
            continue
        piece = _Piece("")
        if question[at] in _MINUS:
            piece.without = at + 1 < size and not question[at + 1].isspace()
            at += 1
        field = _FIELD.match(question, at)
        if field and field.group(1).casefold() in _FIELDS:
            piece.field, at = field.group(1).casefold(), field.end()
        if at < size and question[at] in _QUOTES:
            end = _closing(question, at)
            piece.text, piece.quoted = question[at + 1 : end], True
            at = end + 1
        else:
            end = at
            while end < size and not question[end].isspace() and question[end] not in _ENDS:
                end += 1
            piece.text = question[at:end]
            at = max(end, at + 1) if end == at else end
        yield piece


def _asked(text: str) -> tuple[str, ...]:
    """The words of a question; of letters without spaces the pairs alone."""
    found = words(fold(text))
    alone = {
        number + 1
        for number, (one, other) in enumerate(pairwise(found))
        if len(one) == 2 and other == one[1] and is_spaceless(other)
    }
    return tuple(word for number, word in enumerate(found) if number not in alone)


def _closing(question: str, at: int) -> int:
    """Where the quote that opens here closes; the end if it does not."""
    places = [question.find(mark, at + 1) for mark in {_QUOTES[question[at]], '"'}]
    return min((place for place in places if place >= 0), default=len(question))


# ---------------------------------------------------------------- spellings


def _terms(
    asked: Sequence[tuple[_Piece, tuple[str, ...]]], shortest: int
) -> Iterator[tuple[_Piece, tuple[Phrase, ...]]]:
    """Each piece with all its spellings; plain words may be one with their neighbours."""
    plain = [
        found[0] if len(found) == 1 and not (piece.quoted or piece.without or piece.field) else ""
        for piece, found in asked
    ]
    for number, (piece, found) in enumerate(asked):
        if len(found) > 1:
            forms = list(_together(found, begins=not (piece.quoted or piece.without)))
        else:
            word = found[0]
            begins = not (piece.quoted or piece.without) and len(word) >= shortest
            if is_spaceless(word):
                begins = len(word) == 1
            forms = [Phrase((word,), begins)]
            if plain[number]:
                before = plain[number - 1] if number else ""
                after = plain[number + 1] if number + 1 < len(plain) else ""
                near = [a + b for a, b in ((before, word), (word, after)) if a and b]
                forms += [Phrase((one,)) for one in near if len(one) <= _JOINED]
            forms += _apart(word)
        yield piece, tuple(dict.fromkeys(forms))[:_FORMS]


def _together(found: Sequence[str], *, begins: bool) -> Iterator[Phrase]:
    """A phrase as it is, with two neighbours as one word, all as one, and its words apart."""
    begins = begins and len(found[-1]) > _BEGINS
    yield Phrase(tuple(found), begins)
    if any(map(is_spaceless, found)) or any(map(str.isdigit, found)):
        return
    whole = "".join(found)
    if len(whole) <= _JOINED:
        yield Phrase((whole,), begins)
    if len(found) > 2:
        for number, (one, other) in enumerate(pairwise(found)):
            yield Phrase((*found[:number], one + other, *found[number + 2 :]))
    for number, word in enumerate(found):
        for apart in _apart(word):
            yield Phrase((*found[:number], *apart.words, *found[number + 1 :]))


def _apart(word: str) -> Iterator[Phrase]:
    """A word with what Persian writes apart as well."""
    for one in _BEFORE:
        if word.startswith(one) and len(word) - len(one) > 1:
            yield Phrase((one, word[len(one) :]))
    for one in _AFTER:
        if word.endswith(one) and len(word) - len(one) > 1:
            yield Phrase((word[: -len(one)], one))


def _bare(token: str) -> Phrase:
    return Phrase((token,))


def _in_title(term: Iterable[Phrase]) -> tuple[Phrase, ...]:
    """The same in the title: of a phrase its first word, which is enough for the order."""
    return tuple(
        dict.fromkeys(
            Phrase((f"{TITLE}{form.words[0]}",), form.begins and len(form.words) == 1)
            for form in term
        )
    )


# ---------------------------------------------------------------- dates


def span_of(value: str, now: datetime) -> tuple[datetime, datetime] | None:
    """When a year, a month, a day begins and ends; of "7d" both are so long ago. None: no date."""
    value = value.translate(_DIGITS).casefold()
    ago = _AGO.match(value)
    if ago:
        then = now - timedelta(hours=min(int(ago[1]), 2_000) * _HOURS[ago[2]])
        return then, then
    found = _DATE.match(value)
    if not found:
        return None
    first, second, third = (int(part) if part else 0 for part in found.groups())
    try:
        begins = _day(first, second or 1, third or 1)
        if third:
            return begins, begins + timedelta(days=1)
        return begins, _day(first, second + 1, 1) if 0 < second < 12 else _day(first + 1, 1, 1)
    except (ValueError, OverflowError):
        return None


def _day(of_year: int, of_month: int, day: int) -> datetime:
    if of_year in _JALALI:
        from persiantools.jdatetime import JalaliDate  # seldom asked for

        plain = JalaliDate(of_year, of_month, day).to_gregorian()  # type: ignore[no-untyped-call]
        return datetime(plain.year, plain.month, plain.day, tzinfo=UTC)
    if not _FIRST_YEAR <= of_year <= 9_000:
        raise ValueError(of_year)
    return datetime(of_year, of_month, day, tzinfo=UTC)


def _time_facts(
    since: datetime | None, until: datetime | None, now: datetime
) -> Iterator[tuple[Phrase, ...]]:
    """The years and months that an article may be of: whatever else it is, it has one of these."""
    if since is None and until is None:
        return
    begins = since or datetime(_FIRST_YEAR, 1, 1, tzinfo=UTC)
    future = datetime(now.year + 2, 1, 1, tzinfo=UTC)
    ends = min(until or future, future)
    if begins >= ends:
        yield (_bare("never"),)  # no year at all: nothing is found
        return
    last = ends - timedelta(microseconds=1)
    tokens = [year(number) for number in range(begins.year + 1, last.year)]
    edges = {begins.year, last.year}
    for number in edges:
        from_month = begins.month if number == begins.year else 1
        to_month = last.month if number == last.year else 12
        if (from_month, to_month) == (1, 12):
            tokens.append(year(number))
        else:
            tokens += [month(number, one) for one in range(from_month, to_month + 1)]
    yield tuple(map(_bare, tokens))
