"""What is remembered of a feed's last document: which raw entries need no reading again. Pure.

A record an entry, packed into bytes that the store keeps with the feed (`Remembered.listing`).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from watchers.text import key

NONE = bytes(16)  # stands for the guid_key of an entry that gave no article
NO_GUID = bytes(8)
_VERSION = b"\x01"
_OLDER = 2  # entries before it that are still listed: then it did not just roll out
_SIZE = 16 + 16 + 8 + 4 + 5  # bytes of a record


class Record(NamedTuple):
    """What one raw entry came to when it was read."""

    key: bytes  # of the raw entry, 16 bytes
    guid_key: bytes  # of its article; NONE if it gave none
    guid: bytes  # `guid_mark` of its bare guid
    content: bytes  # 4 bytes of its article's content_key
    published: int  # seconds since 1970, as the feed said; 0 if unknown


def guid_mark(guid: str | None) -> bytes:
    """Eight bytes that tell whether a document repeats a guid; zeros for none."""
    return key(guid)[:8] if guid else NO_GUID


def pack(records: Iterable[Record]) -> bytes:
    """Records as the store keeps them: 49 bytes each after one that names the form."""
    return _VERSION + b"".join(
        r.key + r.guid_key + r.guid + r.content + r.published.to_bytes(5, "big") for r in records
    )


def unpack(listing: bytes) -> tuple[Record, ...]:
    """Packed records; none if they are of another version, or broken."""
    if listing[:1] != _VERSION or (len(listing) - 1) % _SIZE:
        return ()
    return tuple(
        Record(
            listing[at : at + 16],
            listing[at + 16 : at + 32],
            listing[at + 32 : at + 40],
            listing[at + 40 : at + 44],
            int.from_bytes(listing[at + 44 : at + 49], "big"),
        )
        for at in range(1, len(listing), _SIZE)
    )


def repeats_changed(
    before: Mapping[bytes, int], now: Mapping[bytes, int], kept: Iterable[bytes]
) -> bool:
    """Whether a kept guid is repeated in one of two documents and not in the other.

    A guid that a document repeats names no entry (`watchers.normalise`), so such an entry
    has to be read again. Counts of, and all the kept, `guid_mark`s.
    """
    return any((before[mark] > 1) != (now[mark] > 1) for mark in kept if mark != NO_GUID)


def vanished(before: Sequence[Record], now: Sequence[Record]) -> tuple[bytes, ...]:
    """The guid keys of entries that were listed before and are not now, though older ones are.

    Nothing can be said of undated entries, nor of a feed that does not list its entries by
    date, nor when most of them are others: then the feed was reset, or it was read too late.
    Both listings in their order, and whole.
    """
    if not (_is_by_date(before) and _is_by_date(now)):
        return ()
    was = {record.guid_key: record.published for record in before if record.guid_key != NONE}
    listed = {record.guid_key for record in now}
    left = {guid: published for guid, published in was.items() if guid not in listed}
    if not left or 2 * len(left) > len(was):
        return ()
    kept = sorted(time for guid, time in was.items() if guid in listed and time)
    return tuple(guid for guid, published in left.items() if bisect_left(kept, published) >= _OLDER)


def _is_by_date(records: Iterable[Record]) -> bool:
    """Newest first or last, as far as dates are known."""
    times = [record.published for record in records if record.published]
    falls = all(one >= other for one, other in pairwise(times))
    return falls or all(one <= other for one, other in pairwise(times))
