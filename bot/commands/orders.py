"""What the handlers of commands share: an order in, a reply out, choices kept for a while."""

from __future__ import annotations

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from bot.app import Program
from watchers.discovery import Check
from watchers.telling import Entity, Page

PRESS = "feed"  # how the data of our buttons begin: add this one
WATCH = "watch"  # carry out a change of the watchlist, or drop it
LIST = "list"  # another page of the watchlist
WHY = "why"  # why a story is told
STORY = "story"  # merge or split what was looked at, or leave it
ALL = "all"
_KEPT = 200  # choices; older buttons are told to ask anew
_KEPT_ELSE = 50  # of all else: a change by file may have thousands of rows

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Button:
    """One button below a reply; `data` at most 64 bytes."""

    label: str
    data: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What a handler says; a plain text is one without buttons."""

    text: str
    buttons: tuple[Button, ...] = ()
    across: int | tuple[int, ...] = 1  # buttons in a row, or in each row
    entities: tuple[Entity, ...] = ()  # of the text, which is one message then: at most 4,000
    pages: tuple[Page, ...] = ()  # sent before the text
    file_name: str = ""  # with `file`: a document
    file: bytes = b""
    instead: bool = False  # to a press: in place of the message with the button
    closes: bool = False  # to a press: its buttons go
    pops: bool = False  # to a press: a short text that pops up, and nothing else


class Kept(Generic[T]):
    """What stands behind buttons, in memory: after a restart the buttons are old."""

    def __init__(self, most: int = _KEPT_ELSE) -> None:
        self._kept: OrderedDict[str, T] = OrderedDict()
        self._most = most
        self.turn = asyncio.Lock()  # one long piece of work at a time
        self.closing = asyncio.Lock()  # a digest is posted, or dropped, by one admin at a time

    def keep(self, value: T) -> str:
        """Remember it; the token that buttons carry."""
        token = secrets.token_urlsafe(6)
        self._kept[token] = value
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return token

    def get(self, token: str) -> T | None:
        """What the token stands for; None if it is old or none of ours."""
        return self._kept.get(token)

    def drop(self, token: str) -> None:
        """It was pressed: the buttons that carry it are old from now on, in every client."""
        self._kept.pop(token, None)


class Choices(Kept[tuple[Check, ...]]):
    """The feeds behind buttons."""

    def __init__(self) -> None:
        super().__init__(_KEPT)

    def take(self, data: str) -> tuple[Check, ...]:
        """What the data of a button chose; empty if it is old or no button of ours."""
        head, _, rest = data.partition(":")
        token, _, number = rest.partition(":")
        checks = self.get(token) if head == PRESS else None
        if not checks or number == ALL:
            return checks or ()
        if number.isascii() and number.isdecimal() and int(number[:4]) < len(checks):
            return (checks[int(number[:4])],)
        return ()


@dataclass(frozen=True, slots=True)
class Order:
    """A command as it reached us, or the press of a button: then its data are the only word."""

    words: tuple[str, ...]  # after the command's name
    user_id: int
    choices: Choices = field(default_factory=Choices)
    kept: Kept[object] = field(default_factory=Kept)
    text: str = ""  # the same words, as they stood
    replied: str = ""  # the text of the message that it replies to
    chat_id: int = 0
    private: bool = True  # given in a private chat with the bot
    language: str = "en"  # of whoever asks
    role: str = ""  # "owner" or "editor"; empty: everyone else

    @property
    def actor(self) -> str:
        """Who asked, for the audit log."""
        return str(self.user_id)

    @property
    def data(self) -> tuple[str, ...]:
        """What a pressed button carries, after its head: "head:a:b" gives ("a", "b")."""
        return tuple((self.words[0] if self.words else "").split(":")[1:])


Handler = Callable[[Program, Order], Awaitable[str | Reply]]

EVERYONE, EDITOR, OWNER = "everyone", "editor", "owner"


@dataclass(frozen=True, slots=True)
class Command:
    """What a command does, who may give it, and what the help and the menu say of it."""

    run: Handler
    help: str  # English; what everyone may ask is in the catalogues too (bot/locale)
    role: str = EDITOR


@dataclass(frozen=True, slots=True)
class Press:
    """What pressing a button does: found by how the data of the button begin."""

    run: Handler
    role: str = EDITOR
