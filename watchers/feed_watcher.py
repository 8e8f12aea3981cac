"""One due feed, from its address to one complete order for the store.

    Feed -> fetch (1) -> [worker process: parse (2), normalise (3), match (4), fingerprints]
         -> PollResult: what the store carries out in one transaction

Copies and stories (5, 6) are settled afterwards, over what all polls stored: `watchers.settler`.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import datetime

from watchers import polling
from watchers.fetch import Fetcher
from watchers.model import Feed, Fetched, FetchFailure, FetchRequest, PollResult
from watchers.reader import Reading, ReadJob
from watchers.text import key
from watchers.workers import Workers

Known = Callable[[int], Awaitable[Mapping[bytes, bytes]]]


async def watch(
    feed: Feed, *, fetcher: Fetcher, workers: Workers, known: Known, now: datetime
) -> PollResult:
    """Poll one feed. `known` gives the keys of a feed's entries that are stored.

    Never raises for what servers and documents do: that is a PollResult of outcome "failed".
    Cheap before dear: 304, then an unchanged body, end before anything is parsed.
    """
    answer = await fetcher.fetch(FetchRequest(feed.url, feed.etag, feed.last_modified))
    if isinstance(answer, FetchFailure):
        return _failed(feed, answer, now)
    body_key = key(answer.body) if answer.status == 200 else feed.body_key
    if body_key == feed.body_key and not feed.is_new:
        return _succeeded(feed, answer, now, body_key, None)
    if answer.status != 200:
        failure = FetchFailure("status", "304 for a feed that was never read", answer.status)
        return _failed(feed, failure, now)
    reading = await workers.read(
        ReadJob(
            body=answer.body,
            content_type=answer.content_type,
            url=answer.url,
            language=feed.language,
            now=now,
            known=await known(feed.id),
        )
    )
    if isinstance(reading, FetchFailure):
        return _failed(feed, replace(reading, status=answer.status), now)
    return _succeeded(feed, answer, now, body_key, reading)


def _succeeded(
    feed: Feed, answer: Fetched, now: datetime, body_key: bytes | None, reading: Reading | None
) -> PollResult:
    following = polling.after_success(now, feed.interval, random.random())  # noqa: S311 - jitter
    return PollResult(
        feed_id=feed.id,
        at=now,
        next_due=following.due,
        interval=following.interval,
        failures=following.failures,
        outcome="unchanged" if reading is None else "changed",
        status=answer.status,
        size=len(answer.body),
        # A 304 may leave the validators out: those that brought it stay good (RFC 9110, 15.4.5).
        etag=answer.etag or (feed.etag if answer.status == 304 else None),
        last_modified=answer.last_modified
        or (feed.last_modified if answer.status == 304 else None),
        body_key=body_key,
        moved_to=answer.moved_to,
        title=reading.title if reading else "",
        items=reading.items if reading else (),
        seen=reading.seen if reading else (),
    )


def _failed(feed: Feed, failure: FetchFailure, now: datetime) -> PollResult:
    """Validators and the body's key stay: what was read before has not become untrue."""
    chance = random.random()  # noqa: S311 - jitter, not a secret
    following = polling.after_failure(now, feed.interval, feed.failures, failure, chance)
    return PollResult(
        feed_id=feed.id,
        at=now,
        next_due=following.due,
        interval=following.interval,
        failures=following.failures,
        outcome="failed",
        status=failure.status,
        etag=feed.etag,
        last_modified=feed.last_modified,
        body_key=feed.body_key,
        failure=failure,
    )
