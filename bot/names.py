"""People's names as readers know them, and who may be put in a headline."""

from __future__ import annotations

from watchers.watchlist import Watchlist


class Names:
    """Names by watchlist id."""

    def __init__(self, watchlist: Watchlist) -> None:
        self._people = {person.id: person for person in watchlist.people}
        self._topics = {topic.id: topic.name for topic in watchlist.own_topics}

    def of(self, person_id: str, language: str) -> str:
        """A person's name in the reader's script, or an own topic's; the id of what is neither."""
        person = self._people.get(person_id)
        if person is None:
            return self._topics.get(person_id, person_id)
        local = person.fa if language == "fa" else ()
        return local[0] if local else person.name

    def showable(self, person_id: str) -> bool:
        """Whether a digest may name this official: not on hold, not on weak grounds.

        People on hold, or whose claim rests on a party's list alone, are matched and counted
        but never put in a headline or a hashtag.
        """
        person = self._people.get(person_id)
        return person is not None and person.is_official and not person.quiet
