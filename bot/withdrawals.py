"""Taking back what was posted: what would be changed, and doing it. For chat and command line.

A story may have been told under other names: of a story that was merged into it, or of its
article before that had a story. All are found and taken back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from bot.i18n import catalogue
from bot.noting import noted
from bot.withdrawing import without
from bot.wording import count, isolated, short
from watchers.correcting import Posted
from watchers.errors import OrderInvalid, StoryUnknown
from watchers.ports import Store
from watchers.telling import (
    DeliveryState,
    Page,
)
from watchers.urls import without_trackers

REMOVED, CORRECTED = "removed", "corrected"
MOST_SUBJECTS = 300  # stories of one person
MOST_PAGES = 60_000  # that are looked at in one round
_OLD = 1_000  # pages of a channel that are looked through for those of an earlier version
_ROUNDS = 20
_TITLES = 10  # that are shown
_TITLE = 140
_CHANNELS = 20
_UNSURE = 5  # pages that cannot be changed, each named


@dataclass(frozen=True, slots=True)
class Taken:
    """What is to be taken back: subjects, the names they were told under, and where."""

    subjects: tuple[str, ...]
    names: frozenset[str]
    posted: tuple[Posted, ...]
    titles: tuple[str, ...] = ()
    untraced: tuple[str, ...] = ()  # messages of an earlier version, which kept no places


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be done with the subjects."""

    what: str = REMOVED
    note: str = ""

    def of(self, page: Page, names: frozenset[str], language: str) -> Page | None:
        """The page as it is to read; None if it is to go."""
        words = catalogue(language)
        if self.what == CORRECTED:
            return noted(page, names, self.note, words) or without(page, names, words)
        return without(page, names, words)


# ---------------------------------------------------------------- looking


def of_story(store: Store, ref: str) -> Taken:
    """A story, or an article that is in none, by id, address or number. StoryUnknown."""
    return _taken(store, (store.subject(ref),), store.posted(subject=store.subject(ref)))


def of_person(store: Store, person_id: str) -> Taken:
    """All stories on posted pages whose line names that official. OrderInvalid if too many."""
    pages = store.posted(official=person_id)
    told = {
        part.subject
        for one in pages
        for part in one.delivery.content.placed
        if person_id in part.officials
    }
    subjects = tuple(sorted({_now_called(store, name) for name in told}))
    if len(subjects) > MOST_SUBJECTS:
        msg = (
            f"{len(subjects):,} stories that were posted name {person_id!r}, more than "
            f"{MOST_SUBJECTS} at once. Take them back one by one."
        )
        raise OrderInvalid(msg)
    return _taken(store, subjects, pages)


def again(store: Store, subjects: tuple[str, ...]) -> Taken:
    """The same subjects as they stand on pages now."""
    return _taken(store, subjects, ())


def _taken(store: Store, subjects: tuple[str, ...], known: Iterable[Posted]) -> Taken:
    found = {one.delivery.id: one for one in known}
    for subject in subjects:
        if len(found) < MOST_PAGES:
            found |= {one.delivery.id: one for one in store.posted(subject=subject)}
    names = {part.subject for one in found.values() for part in one.delivery.content.placed}
    called = {name: _now_called(store, name) for name in names}
    ours = frozenset(subjects).union(n for n, subject in called.items() if subject in subjects)
    posted = tuple(
        found[number]
        for number in sorted(found)
        if any(part.subject in ours for part in found[number].delivery.content.placed)
    )
    titles = tuple(_title(store, subject) for subject in subjects[:_TITLES])
    return Taken(subjects, ours, posted, titles, _untraced(store, subjects))


def _now_called(store: Store, name: str) -> str:
    """What a subject that a page tells is called now."""
    try:
        return store.subject(name.removeprefix("article:"))
    except StoryUnknown:  # its article is kept no more
        return name


def _title(store: Store, subject: str) -> str:
    known = store.reasons(subject, 1)
    title = f"“{isolated(short(known[0].article.title, _TITLE))}” " if known else ""
    return f"{title}({subject})"


def _untraced(store: Store, subjects: Iterable[str]) -> tuple[str, ...]:
    """Messages of an earlier version, which kept no places, that link to one of the stories."""
    chats = {channel.chat: channel.id for channel in store.channels()}
    linked: dict[str, set[str]] = {}  # by chat
    for subject in subjects:
        try:
            view = store.story(subject)
        except StoryUnknown:  # an article without a story
            continue
        urls = {without_trackers(one.article.url) for one in view.articles}
        for chat in view.told:
            linked.setdefault(chat, set()).update(urls)
    return tuple(
        f"{chat} (message {page.message_id})"
        for chat, urls in linked.items()
        for page in store.deliveries(DeliveryState.SENT, limit=_OLD, channel_id=chats.get(chat, 0))
        if not page.content.placed and any(e.url in urls for e in page.content.entities)
    )


# ---------------------------------------------------------------- doing


def carry_out(
    store: Store, subjects: tuple[str, ...], change: Change, *, at: datetime, actor: str
) -> int:
    """Take them back wherever they stand now; how many messages are to be changed.

    A great many pages are done in several steps, each in a transaction of its own. After a
    removal it is looked again: another process may have queued it between our look and then.
    """
    done = 0
    for step in range(_ROUNDS):
        taken = again(store, subjects)
        changes = _changes(store, taken, change)
        if step and not changes:
            break
        done += store.withdraw(
            subjects, changes, what=change.what, note=change.note, at=at, actor=actor
        )
        if change.what == CORRECTED:  # a second time the note would stand there twice
            break
    return done


def _changes(store: Store, taken: Taken, change: Change) -> dict[int, Page | None]:
    """By delivery, the page as it is to read. Thousands of subscribers have the same one."""
    languages = {one.id: one.language for one in (*store.channels(), *store.subscribers())}
    made: dict[tuple[str, Page], Page | None] = {}
    changes = {}
    for one in taken.posted:
        page, language = one.delivery.content, languages.get(one.delivery.channel_id, "en")
        if (language, page) not in made:
            made[language, page] = change.of(page, taken.names, language)
        if made[language, page] != page:
            changes[one.delivery.id] = made[language, page]
    return changes


# ---------------------------------------------------------------- telling


_OUT = (DeliveryState.SENDING, DeliveryState.UNCERTAIN)
_NOT_YET = (DeliveryState.QUEUED, DeliveryState.FAILED)


def lines(taken: Taken, change: Change) -> list[str]:
    """What would be changed, for an admin. Private chats are a number."""
    how = "taken back" if change.what == REMOVED else "corrected"
    many = len(taken.subjects)
    said = [f"{count(many, 'story', 'stories')} would be {how}:"]
    said += [f"– {title}" for title in taken.titles]
    if many > len(taken.titles):
        said.append(f"and {many - len(taken.titles)} more")
    said += ["", *_where(taken.posted)]
    said += _by_hand(taken)
    if change.what == REMOVED:
        said.append("No channel is told it again, until /unmute. The next digest says that "
                    "something was withdrawn, not what.")  # fmt: skip
    else:
        said.append("The headline stays with the note below it; the next digest says so.")
    if change.note:
        said.append(f"The note for readers: “{isolated(change.note)}”")
    return said


def _where(posted: Iterable[Posted]) -> list[str]:
    """How many messages in which channels."""
    sent = [
        one
        for one in posted
        if one.delivery.state is DeliveryState.SENT and one.delivery.message_id is not None
    ]
    public = Counter(one.chat for one in sent if not one.private)
    private = {one.chat for one in sent if one.private}
    waiting = sum(one.delivery.state in _NOT_YET for one in posted)
    said = [f"{chat}: {count(n, 'message')}" for chat, n in public.most_common(_CHANNELS)]
    if len(public) > _CHANNELS:
        said.append(f"and {len(public) - _CHANNELS} more channels")
    if private:
        number = len(sent) - sum(public.values())
        said.append(f"private chats: {count(number, 'message')} in {count(len(private), 'chat')}")
    said = [f"Where it stands now: {'; '.join(said)}."] if said else ["It stands in no message."]
    if waiting:
        said.append(f"{count(waiting, 'page')} that did not go out yet would go without it.")
    return said


def _by_hand(taken: Taken) -> list[str]:
    """What cannot be changed by the program, or not for certain."""
    unsure = [
        one
        for one in taken.posted
        if one.delivery.state in _OUT
        or (one.delivery.state is DeliveryState.SENT and one.delivery.message_id is None)
    ]
    public = [one for one in unsure if not one.private]
    named = [f"{one.chat} (delivery {one.delivery.id})" for one in public[:_UNSURE]]
    if len(public) > _UNSURE:
        named.append(f"{len(public) - _UNSURE} more")
    if private := len(unsure) - len(public):
        named.append(f"{count(private, 'page')} in private chats")
    said = []
    if named:
        said.append(
            "Not known whether, or as which message, it is out, so that it cannot be changed "
            f"for certain: {', '.join(named)}. Look there; /deliveries decides."
        )
    if taken.untraced:
        said.append(
            "Posted by an earlier version, to be deleted by hand: "
            f"{', '.join(taken.untraced[:_CHANNELS])}."
        )
    return said


def done(messages: int, change: Change) -> str:
    """What was done."""
    how = "taken back" if change.what == REMOVED else "corrected"
    soon = f"; {count(messages, 'message')} will be changed within minutes" if messages else ""
    return (
        f"Done: {how}{soon}. Admins are told of what Telegram refuses to change: it deletes "
        "messages that are older than two days only where the bot may delete messages."
    )


def told_nowhere(taken: Taken) -> bool:
    """Whether nothing was posted that could be changed."""
    return not taken.posted and not taken.untraced
