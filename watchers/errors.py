"""Everything that Dadkhah raises on purpose.

    DadkhahError
    ├── InputInvalid          a person gave something that cannot be used; nothing was changed
    │   ├── FeedUrlInvalid · FeedExists · FeedUnknown · FeedListInvalid
    │   ├── WatchlistInvalid · OutletsInvalid
    │   ├── ChannelInvalid · ChannelExists · ChannelUnknown
    │   ├── AdminInvalid
    │   ├── ArticleUnknown · StoryUnknown · StoryInvalid
    │   ├── DeliveryUnknown · DeliverySettled · ApprovalUnknown · ApprovalClosed
    │   ├── PostingHeld           after a restore
    │   └── OrderInvalid
    ├── FeedUnreadable        bytes that no feed reader makes sense of
    └── StoreError            the database said no; nothing was half-written
        ├── StoreBusy (StoreConflict) · StoreFull · StoreReadOnly · StoreCorrupt
        ├── StoreUnreachable (StoreRefused)
        └── StoreMissing · StoreOlder · StoreNewer · StoreForeign

The message of each is one sentence that says what was wrong and what to do, fit for an
operator's shell; ``for_admin`` is the same without what only an operator can see.
Expected failures of a fetch or of a send are not exceptions but values
(:class:`watchers.model.FetchFailure`, :class:`watchers.telling.SendResult`).
"""

from __future__ import annotations

from typing import ClassVar

_SHOWN = 300  # characters of what a person gave that a message repeats


class DadkhahError(Exception):
    """The root: catching it at an edge catches all that is meant to be told, and no bug."""

    advice: ClassVar[str] = ""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        """The sentence and, where the class has one, what to do."""
        return f"{self.message} {self.advice}".strip()

    @property
    def for_admin(self) -> str:
        """The sentence for somebody in a chat, who has no shell."""
        return self.message


class InputInvalid(DadkhahError):
    """What a person gave cannot be used; nothing was changed."""


class ListInvalid(InputInvalid):
    """A file has problems; each names the file, the place and what to do."""

    def __init__(self, source: str, problems: tuple[str, ...]) -> None:
        self.source = source
        self.problems = problems
        counted = "1 problem" if len(problems) == 1 else f"{len(problems):,} problems"
        head = f"{source} cannot be used: {counted}. Nothing was changed."
        super().__init__("\n".join((head, *(f"  {problem}" for problem in problems))))


class WatchlistInvalid(ListInvalid):
    """A watchlist file breaks its schema."""


class WatchlistChanged(InputInvalid):
    """Somebody else changed the watchlist in between; nothing was changed."""

    advice = "Look at it again and repeat the change."


class WatchUnknown(InputInvalid):
    """Nobody and no topic of that id, or no such alias, is on the watchlist."""

    advice = "`dadkhah watch list` shows the ids."

    @property
    def for_admin(self) -> str:
        """Points at the chat command instead of the shell's."""
        return f"{self.message} /watchlist shows the ids."


class QueryInvalid(InputInvalid):
    """A topic's expression cannot be read; the message points at the place.

    `pointer`: the line with carets under the fault, for a shell; "" where none can be drawn.
    """

    def __init__(self, message: str, pointer: str = "") -> None:
        super().__init__(message)
        self.pointer = pointer

    def __str__(self) -> str:
        """The sentence and the drawing."""
        return f"{self.message}\n{self.pointer}".strip()

    def __reduce__(self) -> tuple[type[QueryInvalid], tuple[str, str]]:
        """Cross a process border: exceptions are rebuilt from their arguments."""
        return (QueryInvalid, (self.message, self.pointer))


class FeedListInvalid(ListInvalid):
    """An OPML or TOML list of feeds cannot be read."""


class OutletsInvalid(ListInvalid):
    """The table of outlets breaks its schema."""


class FeedUrlInvalid(InputInvalid):
    """An address is no address of a feed that may be watched."""


class FeedExists(InputInvalid):
    """The feed is watched already."""


class FeedUnknown(InputInvalid):
    """No feed has that number or address."""

    advice = "`dadkhah feeds list` shows the feeds and their numbers."

    @property
    def for_admin(self) -> str:
        """Points at the chat command instead of the shell's."""
        return f"{self.message} /feeds shows the feeds and their numbers."


class ChannelInvalid(InputInvalid):
    """A channel's name, time zone, schedule or language cannot be used."""


class ChannelExists(InputInvalid):
    """The channel is there already."""


class ChannelUnknown(InputInvalid):
    """No channel has that name."""

    advice = "`dadkhah channels list` shows the channels."


class AdminInvalid(InputInvalid):
    """An admin's id or role cannot be used."""


class DeliveryUnknown(InputInvalid):
    """No delivery has that number."""

    advice = "`dadkhah deliveries list` shows the deliveries that need a decision."


class DeliverySettled(InputInvalid):
    """The delivery is not waiting for a decision."""


class ApprovalUnknown(InputInvalid):
    """No digest of that number waits for approval."""


class ApprovalClosed(InputInvalid):
    """The digest was posted or dropped already."""


class OrderInvalid(InputInvalid):
    """A command's words cannot be used; the message begins with its usage in one line."""


class PostingHeld(InputInvalid):
    """A database was restored, and nobody said yet what was posted since."""

    advice = (
        "Decide with `dadkhah db resume --nothing-posted` or `--told-until TIME` "
        "(docs/operating.md, Restoring)."
    )

    @property
    def for_admin(self) -> str:
        """Whoever has a shell decides."""
        return f"{self.message} Somebody with a shell has to decide: `dadkhah db resume`."


class ArticleUnknown(InputInvalid):
    """No stored article has that address."""

    advice = "`dadkhah export` prints the addresses of all that is stored."

    @classmethod
    def of(cls, address: str) -> ArticleUnknown:
        """The error for this address."""
        shown = address if len(address) <= _SHOWN else f"{address[:_SHOWN]}…"
        return cls(f"No stored article has the address {shown!r}.")

    @property
    def for_admin(self) -> str:
        """Without the shell's command."""
        return self.message


class StoryUnknown(InputInvalid):
    """No story has that id, or none of its articles that address or number."""


class StoryInvalid(InputInvalid):
    """These stories cannot be merged, or this one not split, in that way."""


class FeedUnreadable(DadkhahError):
    """The bytes are no feed; ``kind`` is one of :data:`watchers.model.FAILURE_KINDS`."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind

    def __reduce__(self) -> tuple[type[FeedUnreadable], tuple[str, str]]:
        """Cross a process border: exceptions are rebuilt from their arguments."""
        return (FeedUnreadable, (self.kind, self.message))


class StoreError(DadkhahError):
    """The database could not do it; the transaction was rolled back.

    `advice`: what to do, where more is known than the class says.
    """

    def __init__(self, message: str, *, advice: str = "") -> None:
        super().__init__(message)
        self._to_do = advice

    def __str__(self) -> str:
        """The sentence and what to do."""
        return f"{self.message} {self._to_do or self.advice}".strip()


class StoreBusy(StoreError):
    """Another process held the database for longer than we wait."""

    advice = "Nothing was lost; try again in a moment."


class StoreConflict(StoreBusy):
    """PostgreSQL rolled the transaction back for another's sake; to repeat it is safe."""


class StoreFull(StoreError):
    """The disk is full, or a quota is."""

    advice = "Nothing was lost; free some space and try again."


class StoreReadOnly(StoreError):
    """The database, its folder or its disk may not be written."""

    advice = "Check the owner and the permissions of the data folder."


class StoreCorrupt(StoreError):
    """The file is no database, or a damaged one."""

    advice = "Restore a backup made by `dadkhah db backup`; keep the damaged file."


class StoreUnreachable(StoreError):
    """No database answers at the address."""

    advice = "Check DADKHAH_DATABASE_URL and that the server runs."


class StoreRefused(StoreUnreachable):
    """The server answers and does not let us in; waiting alone does not mend that."""


class StoreMissing(StoreError):
    """There is no database yet."""

    advice = "Commands that write make one."


class StoreOlder(StoreError):
    """The database was made by an older version."""

    advice = "Run `dadkhah db upgrade` (it makes a backup first)."


class StoreNewer(StoreError):
    """The database was made by a newer version than this program."""

    advice = "Use the newer program, or restore a backup made before the upgrade."


class StoreForeign(StoreError):
    """Another program's tables are where ours would be."""

    advice = "Give Dadkhah a database of its own; nothing was changed."
