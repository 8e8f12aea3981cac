"""A body is what its first bytes say, whole, and never larger than its limit."""

from __future__ import annotations

import contextlib
import gzip
import random
import time
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchers.inflate import Body, Cut, Damaged, TooLarge

TEXT = b"<rss>" + bytes(range(256)) * 40 + b"</rss>"
LIMIT = 64 * 1024


def inflated(body: bytes, limit: int = LIMIT, piece: int = 1000) -> bytes:
    taken = Body(limit)
    for start in range(0, len(body), piece):
        taken.add(body[start : start + piece])
    return taken.whole()


ZIPPED = gzip.compress(TEXT)
WHOLE = {
    "plain": TEXT,
    "gzip": ZIPPED,
    "many members": b"".join(gzip.compress(TEXT[n : n + 11]) for n in range(0, len(TEXT), 11)),
    "two members": gzip.compress(TEXT[:99]) + gzip.compress(TEXT[99:]),
    "an empty member first": gzip.compress(b"") + ZIPPED,
    "padding": ZIPPED + bytes(5000),
    "padding that looks like more": ZIPPED + bytes(5000) + b"\x1f\x8b\x08",
    "in another": gzip.compress(ZIPPED),
    "two members in another": gzip.compress(gzip.compress(TEXT[:99]) + gzip.compress(TEXT[99:])),
}


@pytest.mark.parametrize("piece", [1, 2, 7, 10**6])
@pytest.mark.parametrize("body", WHOLE.values(), ids=WHOLE)
def test_a_body_comes_out_whole_however_it_was_cut_apart(body: bytes, piece: int) -> None:
    assert inflated(body, piece=piece) == TEXT


@pytest.mark.parametrize("body", [b"", b"\x1f", b"\x1f\x8b", b"\x1f\x8b\x07" + TEXT])
def test_what_only_begins_alike_is_left_as_it_is(body: bytes) -> None:
    assert inflated(body) == body


def test_a_third_layer_is_left_as_it_is() -> None:
    assert inflated(gzip.compress(gzip.compress(ZIPPED))) == ZIPPED


SPOILT: dict[str, tuple[bytes, type[Exception]]] = {
    "cut in its head": (ZIPPED[:9], Cut),
    "cut in its middle": (ZIPPED[:200], Cut),
    "cut in its checksum": (ZIPPED[:-3], Cut),
    "the second member cut": (ZIPPED + ZIPPED[:50], Cut),
    "the inner one cut": (gzip.compress(ZIPPED[:-3]), Cut),
    "a wrong checksum": (ZIPPED[:-8] + bytes(8), Damaged),
    "garbage": (ZIPPED[:10] + b"\xff" * 99, Damaged),
    "garbage inside": (gzip.compress(ZIPPED[:10] + b"\xff" * 99), Damaged),
    "too large": (b"x" * (LIMIT + 1), TooLarge),
    "too large inflated": (gzip.compress(bytes(LIMIT + 1)), TooLarge),
    "too large together": (gzip.compress(bytes(LIMIT)) + gzip.compress(b"x"), TooLarge),
    "too large inside": (gzip.compress(gzip.compress(bytes(LIMIT + 1))), TooLarge),
    "members of nothing": (gzip.compress(b"") * 1001, Damaged),
    "padding of nothing": (ZIPPED + bytes(3 * LIMIT), TooLarge),
}


@pytest.mark.parametrize(("body", "error"), SPOILT.values(), ids=SPOILT)
def test_a_spoilt_body_is_told_apart(body: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        inflated(body)


@pytest.mark.parametrize(
    "body", [b"x" * LIMIT, gzip.compress(bytes(LIMIT))], ids=["plain", "zipped"]
)
def test_a_body_of_just_the_limit_is_taken(body: bytes) -> None:
    assert len(inflated(body)) == LIMIT


def test_many_members_before_much_padding_cost_little() -> None:
    body = gzip.compress(gzip.compress(b"x") * 900 + bytes(8 * 1024 * 1024))
    start = time.process_time()
    assert inflated(body, limit=10 * 1024 * 1024) == b"x" * 900
    assert time.process_time() - start < 1


def test_a_bomb_costs_no_more_than_the_limit() -> None:
    bomb = gzip.compress(bytes(50 * 1024 * 1024))
    tracemalloc.start()
    try:
        with pytest.raises(TooLarge):
            inflated(bomb)
        assert tracemalloc.get_traced_memory()[1] < 8 * LIMIT
    finally:
        tracemalloc.stop()


@given(st.binary(max_size=300), st.randoms(use_true_random=False))
def test_bytes_of_any_kind_end_in_a_body_or_in_one_of_three_errors(
    data: bytes, chance: random.Random
) -> None:
    spoilt = bytearray(gzip.compress(data))
    spoilt[chance.randrange(len(spoilt))] ^= chance.randrange(1, 256)
    for body in (data, bytes(spoilt)):
        with contextlib.suppress(Cut, Damaged, TooLarge):
            assert len(inflated(body, limit=200, piece=13)) <= 200
