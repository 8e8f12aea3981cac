"""What a feed took out of its listing, and what may be said of it."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchers.listing import NO_GUID, NONE, Record, pack, unpack, vanished


def _record(name: str, published: int) -> Record:
    guid = NONE if name == "-" else name.encode().ljust(16, b".")
    return Record(name.encode().ljust(16, b"k"), guid, NO_GUID, b"abcd", published)


def _listing(text: str) -> list[Record]:
    """ "a5 b4": entries with the times at which they were published."""
    return [_record(part[0], int(part[1:])) for part in text.split()]


def _gone(before: str, now: str) -> str:
    found = vanished(_listing(before), _listing(now))
    return "".join(guid[:1].decode() for guid in found)


@pytest.mark.parametrize(
    ("before", "now", "gone"),
    [
        ("a9 b8 c7 d6", "a9 c7 d6", "b"),
        ("d6 c7 b8 a9", "d6 c7 a9", "b"),
        ("a9 b8 c7 d6 e5", "x10 a9 c7 d6 e5", "b"),
        ("a9 b8 c7 d6 e5", "x10 a9 b8 c7 d6", ""),
        ("a9 b8 c7 d6", "a9 b8 d6", ""),
        ("a9 b0 c7 d6", "a9 c7 d6", ""),
        ("a9 b8 c7 d6", "w12 x11 y10 d6", ""),
        ("a9 b8 c7 d6", "", ""),
        ("a9 c7 b8 d6 e5", "a9 c7 d6 e5", ""),
        ("a9 b8 c7 d6 e5", "c7 a9 d6 e5", ""),
        ("a9 b8 c7 d6", "a9 b8 c7 d6", ""),
        ("", "a9 b8", ""),
        ("a9 -8 c7 d6", "a9 c7 d6", ""),
        ("a9 b7 c7 d7 e6", "a9 c7 d7 e6", ""),
    ],
    ids=[
        "taken out", "oldest first", "taken out, and another came in", "rolled out",
        "one older entry is not enough", "undated", "most are others", "nothing is listed",
        "was not in order of dates", "is not in order of dates", "the same", "nothing before",
        "gave no article", "of the same second",
    ],
)  # fmt: skip
def test_what_vanished(before: str, now: str, gone: str) -> None:
    assert _gone(before, now) == gone


_RECORDS = st.lists(st.tuples(st.sampled_from("abcdefgh-"), st.integers(0, 40)), max_size=12).map(
    lambda pairs: [_record(*pair) for pair in pairs]
)


@given(_RECORDS, _RECORDS)
def test_only_what_was_listed_and_is_not_vanishes(
    before: Sequence[Record], now: Sequence[Record]
) -> None:
    gone = set(vanished(before, now))
    assert gone <= {record.guid_key for record in before} - {NONE}
    assert gone.isdisjoint(record.guid_key for record in now)


@given(_RECORDS)
def test_nothing_vanishes_from_the_same_listing(records: Sequence[Record]) -> None:
    assert vanished(records, records) == ()
    assert vanished(unpack(pack(records)), records) == ()
