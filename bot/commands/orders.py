"""What the handlers of commands share: an order in, a reply out, choices kept for a while."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from bot.app import Program
from watchers.discovery import Check

PRESS = "feed"  # how the data of our buttons begin
ALL = "all"
_KEPT = 200  # choices; older buttons are told to ask anew


@dataclass(frozen=True, slots=True)
class Button:
    """One button below a reply, in a row of its own; `data` at most 64 bytes."""

    label: str
    data: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What a handler says; a plain text is one without buttons."""

    text: str
    buttons: tuple[Button, ...] = ()
    file_name: str = ""  # with `file`: a document
    file: bytes = b""


class Choices:
    """The feeds behind buttons, in memory: after a restart the buttons are old."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[Check, ...]] = OrderedDict()

    def keep(self, checks: tuple[Check, ...]) -> str:
        """Remember what can be chosen; the token that buttons carry."""
        token = secrets.token_urlsafe(6)
        self._kept[token] = checks
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return token

    def take(self, data: str) -> tuple[Check, ...]:
        """What the data of a button chose; empty if it is old or no button of ours."""
        head, _, rest = data.partition(":")
        token, _, number = rest.partition(":")
        checks = self._kept.get(token, ()) if head == PRESS else ()
        if number == ALL:
            return checks
        if number.isascii() and number.isdecimal() and int(number[:4]) < len(checks):
            return (checks[int(number[:4])],)
        return ()


@dataclass(frozen=True, slots=True)
class Order:
    """A command as it reached us."""

    words: tuple[str, ...]  # after the command's name
    user_id: int
    choices: Choices = field(default_factory=Choices)

    @property
    def actor(self) -> str:
        """Who asked, for the audit log."""
        return str(self.user_id)


Handler = Callable[[Program, Order], Awaitable[str | Reply]]
