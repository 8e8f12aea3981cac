"""Questions to the full search, read with what this program knows: who is called so, which outlet.

`read_question` is what chat and command line share.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from watchers.folding import fold, variants
from watchers.outlets import OutletTable
from watchers.search_question import read
from watchers.searching import Wanted
from watchers.watchlist import Watchlist

if TYPE_CHECKING:
    from bot.app import Knowledge

_MOST = 8  # people, or hosts, that one name may mean

Forms = Sequence[tuple[str, frozenset[str]]]


class Names:
    """Whom and which outlet a name in a question may mean."""

    def __init__(self, watchlist: Watchlist, outlets: OutletTable) -> None:
        self._quiet = {person.id for person in watchlist.people if person.quiet}
        self._people = _forms(
            (person.id, (person.id, person.name, *person.names, *person.surnames))
            for person in watchlist.people
        )
        places = [(host, o) for host, found in outlets.places.items() for _, o in found]
        self._outlets = _forms((host, (o.id, o.name, o.family)) for host, o in places)

    def people(self, name: str) -> tuple[str, ...]:
        """Ids of the people of the watchlist with this id, or called so."""
        return _found(self._people, name)

    def shown_people(self, name: str) -> tuple[str, ...]:
        """The same for readers: nobody on hold or on weak grounds."""
        return tuple(one for one in self.people(name) if one not in self._quiet)

    def outlets(self, name: str) -> tuple[str, ...]:
        """Hosts of the outlets of this name."""
        return _found(self._outlets, name)


class Asking:
    """Reads questions; keeps the names of the watchlist that is in force."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge
        self._names: tuple[Watchlist, Names] | None = None

    def read(self, question: str, now: datetime, *, told: bool, everybody: bool = False) -> Wanted:
        """What a question asks for; `told`: only of what readers see; `everybody`: people on hold
        may be asked for.
        """
        names = self._of(self._knowledge.watchlist)
        people: Callable[[str], Sequence[str]] = names.people if everybody else names.shown_people
        return read(question, now=now, people=people, outlets=names.outlets, told=told)

    def _of(self, watchlist: Watchlist) -> Names:
        if self._names is None or self._names[0] is not watchlist:
            self._names = (watchlist, Names(watchlist, self._knowledge.outlets))
        return self._names[1]


def _forms(named: Iterable[tuple[str, Iterable[str]]]) -> Forms:
    return tuple((number, frozenset(_words(names))) for number, names in named)


def _words(names: Iterable[str]) -> Iterator[str]:
    """Every name whole, joined, and by its words."""
    for name in names:
        folded = fold(name)
        yield from (folded, folded.replace(" ", ""))
        yield from folded.split(" ")


def _found(forms: Forms, name: str) -> tuple[str, ...]:
    """Those with that very name; else those that have all its words."""
    sought = {fold(name), *variants(name)}
    exact = [number for number, known in forms if not sought.isdisjoint(known)]
    words = set(fold(name).split(" "))
    found = exact or [number for number, known in forms if words and words <= known]
    return tuple(dict.fromkeys(found))[:_MOST]
