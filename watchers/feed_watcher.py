"""One due feed, from its address to one complete order for the store.

    Feed -> fetch (1) -> [worker process: parse (2), normalise (3), match (4), fingerprints]
         -> pages of suspicious articles -> PollResult: what the store carries out at once

Copies and stories (5, 6) are settled afterwards, over what all polls stored: `watchers.settler`.
When the feed is due next is `watchers.polling`'s to say.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from watchers import polling
from watchers.model import (
    Feed,
    Fetched,
    FetchFailure,
    FetchRequest,
    Item,
    PollResult,
    Remembered,
)
from watchers.ports import FetchPort, ReadPort
from watchers.reader import Reading, ReadJob
from watchers.text import key
from watchers.urls import host

Remember = Callable[[int], Awaitable[Remembered]]
Complete = Callable[[tuple[Item, ...]], Awaitable[tuple[Item, ...]]]


async def as_they_are(items: tuple[Item, ...]) -> tuple[Item, ...]:
    """No page is fetched."""
    return items


@dataclass(frozen=True, slots=True)
class Watcher:
    """What a poll needs: the outside world, the workers, what is stored, the clock."""

    fetcher: FetchPort
    workers: ReadPort
    remembered: Remember
    clock: Callable[[], datetime]
    complete: Complete = as_they_are  # fetches the pages of articles that want it
    chance: Callable[[], float] = random.random

    async def watch(self, feed: Feed) -> PollResult:
        """Poll one feed.

        Never raises for what servers and documents do: that is a PollResult of outcome
        "failed". Cheap before dear: 304, then an unchanged body, end before anything is parsed.
        """
        request = self._request(feed)
        answer = await self.fetcher.fetch(request)
        now = self.clock()
        if isinstance(answer, FetchFailure):
            return self._failed(feed, answer, now)
        body_key = key(answer.body) if answer.status == 200 else feed.body_key
        if body_key == feed.body_key and not feed.is_new:
            return self._unchanged(feed, answer, now)
        if answer.status != 200:
            failure = FetchFailure("status", "304 for a feed that was never read", answer.status)
            return self._failed(feed, failure, now)
        found = await self._read(feed, request, answer, now)
        return replace(found, body_key=body_key) if found.failure is None else found

    async def _read(
        self, feed: Feed, request: FetchRequest, answer: Fetched, now: datetime
    ) -> PollResult:
        """Read a document that is not the last one."""
        reading = await self.workers.read(
            ReadJob(
                body=answer.body,
                content_type=answer.content_type,
                url=answer.url,
                language=feed.language,
                now=now,
                remembered=await self.remembered(feed.id),
            )
        )
        if isinstance(reading, FetchFailure):
            return self._failed(feed, replace(reading, status=answer.status), now)
        following = polling.after_reading(
            feed,
            now,
            listed=reading.entries,
            overlap=reading.overlap,
            oldest=reading.oldest,
            newest=reading.newest,
            wait=reading.wait,
            headers_wait=polling.asked_wait(answer.headers, now),
            chance=self.chance(),
        )
        gap = polling.gap(
            feed,
            now,
            reading.entries,
            reading.overlap,
            reading.oldest,
            conditional=bool(request.etag or request.last_modified),
        )
        return replace(
            _changed(feed, following, now, answer, reading),
            gap=gap,
            items=await self.complete(reading.items),
        )

    def _request(self, feed: Feed) -> FetchRequest:
        """Conditional, but for once a day: some servers keep the ETag of a changed feed."""
        if polling.wants_full(feed, self.clock()):
            return FetchRequest(feed.url)
        return FetchRequest(feed.url, feed.etag, feed.last_modified)

    def _unchanged(self, feed: Feed, answer: Fetched, now: datetime) -> PollResult:
        asked = polling.asked_wait(answer.headers, now)
        following = polling.after_unchanged(feed, now, headers_wait=asked, chance=self.chance())
        # A 304 may leave the validators out: those that brought it stay good (RFC 9110, 15.4.5).
        same = answer.status == 304
        return replace(
            _result(feed, following, now, "unchanged"),
            status=answer.status,
            size=len(answer.body),
            etag=answer.etag or (feed.etag if same else None),
            last_modified=answer.last_modified or (feed.last_modified if same else None),
            body_key=feed.body_key,
            moved_to=answer.moved_to,
            full=not same,
        )

    def _failed(self, feed: Feed, failure: FetchFailure, now: datetime) -> PollResult:
        """Validators and the body's key stay: what was read before has not become untrue."""
        following = polling.after_failure(feed, now, failure, self.chance())
        resting = None
        if failure.retry_after and failure.url:
            wait = timedelta(seconds=min(polling.CEILING, failure.retry_after))
            resting = (host(failure.url), now + wait)
        return replace(
            _result(feed, following, now, "failed"),
            status=failure.status,
            etag=feed.etag,
            last_modified=feed.last_modified,
            body_key=feed.body_key,
            failure=failure,
            resting=resting,
        )

    def excused(self, feed: Feed, result: PollResult) -> PollResult:
        """The same failed poll, when it was our own network that failed."""
        following = polling.after_outage(feed, result.at, self.chance())
        return replace(
            result,
            outcome="outage",
            next_due=following.due,
            interval=following.interval,
            failures=following.failures,
        )


def _result(feed: Feed, following: polling.Next, now: datetime, outcome: str) -> PollResult:
    return PollResult(
        feed_id=feed.id,
        at=now,
        next_due=following.due,
        interval=following.interval,
        failures=following.failures,
        floor=following.floor,
        newest=following.newest,
        span=following.span,
        outcome=outcome,
    )


def _changed(
    feed: Feed, following: polling.Next, now: datetime, answer: Fetched, reading: Reading
) -> PollResult:
    return replace(
        _result(feed, following, now, "changed"),
        status=answer.status,
        size=len(answer.body),
        etag=answer.etag,
        last_modified=answer.last_modified,
        moved_to=answer.moved_to,
        title=reading.title,
        seen=reading.seen,
        full=True,
        listed=reading.entries,
        overlap=reading.overlap,
        listing=reading.listing,
        gone=reading.gone,
    )
