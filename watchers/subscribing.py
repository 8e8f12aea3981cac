"""Digests of thousands of private chats at a time: the port.

What is new is read once for all (`TellPort.untold` of NOBODY), and what each was told in one
question for many.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from watchers.telling import Withdrawal

NOBODY = 0
"""The number of no channel: it was told nothing, so that all is new to it."""


class SubscribePort(Protocol):
    """What many channels were told."""

    def told_subjects(
        self, channel_ids: Sequence[int], subjects: Sequence[str]
    ) -> Mapping[int, frozenset[str]]:
        """Of these subjects, those that each channel was told and is not to be told again: no
        facts changed since, or it was told twice. Channels that were told none are left out.
        """

    def withdrawals_of(self, channel_ids: Sequence[int]) -> Mapping[int, tuple[Withdrawal, ...]]:
        """`withdrawals` of each of these channels that has any."""
