"""The rows of a watchlist as frozen values, each checked by itself. Pure.

`watchers.watchlist` checks them against one another and is where others import them from.
What the fields mean is told at the top of the shipped file.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StringConstraints,
)

from watchers.text import clean

PersonKind = Literal[
    "official", "context-official", "whistle-blower", "advocate", "jurist", "ngo-official",
    "un-official", "court", "survivor", "family", "exchange",
]  # fmt: skip
ClaimBasis = Literal[
    "court-judgment", "un-report", "ngo-report", "document", "testimony", "own-statement",
    "office-held", "activist-reports", "advocacy-list", "background-only", "not-verified",
    "not-an-accused",
]  # fmt: skip
Relation = Literal["different", "neighbour"]
Group = Literal["", "khomeini", "montazeri", "noury"]  # whose rules are made in code
Needs = Literal["context", "topic", "name-and-topic", "full-name"]

LONGEST_FORM = 120  # characters of a name or phrase

# Too thin a ground to print a name on: such people are matched and counted only.
_QUIET_BASES = frozenset({"advocacy-list", "not-verified", "background-only"})


def _printable(value: str) -> str:
    """Refuse what hides in a text or turns it round; ZWNJ and ZWJ are spelling and stay."""
    if "\n" in value or clean(value) != value:
        msg = (
            "has control, bidi-override or invisible characters, a line break, or spaces too "
            "many: type it anew"
        )
        raise ValueError(msg)
    return value


_Line = Annotated[str, StringConstraints(max_length=600), AfterValidator(_printable)]
_Phrase = Annotated[
    str, StringConstraints(min_length=1, max_length=LONGEST_FORM), AfterValidator(_printable)
]
_Phrases = Annotated[tuple[_Phrase, ...], Field(max_length=500)]
_Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(?:-[a-z0-9]+)*$", max_length=64)]
_Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(?:_[a-z]{2,3})*$")]
_Url = Annotated[
    str, StringConstraints(pattern=r"^(?:https?://\S+)?$", max_length=2_000)
]  # empty when the source has no address
_Date = Annotated[str, StringConstraints(pattern=r"^\d{4}(?:-\d{2}){0,2}$")]


class _Row(BaseModel):
    """What all rows share: frozen, and an unknown key is a misspelt one."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Source(_Row):
    """Who said it, where; `seen` is false for one recalled and not opened."""

    publisher: _Phrase
    title: _Line
    year: int | None = Field(default=None, ge=1900, le=2100)
    url: _Url = ""
    seen: StrictBool
    note: _Line = ""


class Collision(_Row):
    """What else bare forms of a name mean, and what they need to count."""

    form: _Line
    collides: _Line = Field(alias="with")
    needs: Needs = "context"


class _Named(_Row):
    """A row with names: Latin `aliases`, Persian `fa`, Arabic `ar`."""

    id: _Id
    name: _Phrase
    aliases: _Phrases = ()
    fa: _Phrases = ()
    ar: _Phrases = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The forms in every script that name it by themselves."""
        return self.aliases + self.fa + self.ar


class Person(_Named):
    """Someone on the watchlist, with the words that may be said and what they rest on."""

    kind: PersonKind
    surnames: _Phrases = ()
    needs_context: _Phrases = ()
    collides: tuple[Collision, ...] = Field(default=(), max_length=20)
    role_1988: _Line = ""
    role_later: _Line = ""
    status: _Line
    say: _Line
    claim_basis: ClaimBasis
    court_finding: StrictBool = False
    deceased: _Date | None = None  # ISO, as exactly as known; None: no death known
    doubt: _Line = ""
    denial: _Line = ""
    hold: StrictBool = False
    panelist: StrictBool = False
    known: StrictBool = False
    group: Group = ""
    sources: tuple[Source, ...] = Field(default=(), max_length=50)

    @property
    def is_official(self) -> bool:
        """Listed among the officials; all others are only people."""
        return self.kind == "official"

    @property
    def quiet(self) -> bool:
        """Matched and counted, but never put in a headline or hashtag."""
        return self.hold or self.claim_basis in _QUIET_BASES


class Topic(_Row):
    """The phrases of one topic in one language group (`no_da` is Norwegian and Danish)."""

    id: _Id
    language: _Language
    strong: _Phrases = ()
    medium: _Phrases = ()
    weak: _Phrases = ()


class Context(_Row):
    """Groups of tokens that make an ambiguous name count, by what they speak of."""

    iran: _Phrases
    event: _Phrases
    prison: _Phrases
    law: _Phrases
    actors: _Phrases

    @property
    def groups(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Each group's name with its tokens."""
        return tuple((name, getattr(self, name)) for name in type(self).model_fields)


class Words(_Row):
    """Words that say what a name or a line is."""

    given_names: _Phrases = ()
    namesakes: _Phrases = ()


class Years(_Row):
    """How the year is written: 1988, 1367, and in words."""

    gregorian: _Phrases
    jalali: _Phrases
    words: _Phrases = ()
    short_words: _Phrases = ()  # two digits in words: they need company, as digits do


class Organisation(_Named):
    """A body that coverage names; `ambiguous` says what its short forms also mean."""

    kind: Literal["party", "advocacy", "ngo", "families", "state", "court"]
    ambiguous: tuple[_Line, ...] = ()
    note: _Line = ""


class Place(_Named):
    """A prison, cemetery or court that coverage names."""

    ambiguous: tuple[_Line, ...] = ()


class LookAlike(_Row):
    """Another event or meaning that shares words with the topic, and how to know it."""

    id: _Id
    name: _Phrase
    when: _Phrase
    relation: Relation
    triggers: Annotated[_Phrases, Field(min_length=1)]
    why: _Line


class OwnTopic(_Row):
    """An admins' topic: what is about it is what its query (docs/queries.md) finds."""

    id: _Id
    name: _Phrase
    query: Annotated[str, StringConstraints(max_length=2_000), AfterValidator(clean)]
    note: _Line = ""


class Meta(_Row):
    """About the file; `version` is its editor's, `facts_as_of` what its facts reach to."""

    title: _Line = ""
    version: _Phrase
    facts_as_of: _Line = ""


class File(_Row):
    """The file as it is written, section by section."""

    meta: Meta
    person: tuple[Person, ...] = Field(max_length=2_000)
    topic: tuple[Topic, ...] = Field(max_length=200)
    context: Context
    years: Years
    words: Words = Words()
    facets: dict[_Id, _Phrases] = Field(default_factory=dict, max_length=50)
    org: tuple[Organisation, ...] = Field(default=(), max_length=1_000)
    place: tuple[Place, ...] = Field(default=(), max_length=1_000)
    not_this: tuple[LookAlike, ...] = Field(default=(), max_length=1_000)
    own_topic: tuple[OwnTopic, ...] = Field(default=(), max_length=200)
