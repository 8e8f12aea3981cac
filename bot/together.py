"""Several pieces of async work at once, with errors that callers can catch by their class."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any, TypeVar

from watchers.errors import DadkhahError

T = TypeVar("T")


async def together(work: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """The results, in order. If a piece fails, the others are cancelled and waited for.

    A group made only of expected errors comes out as the first of them: a full disk is told
    in one line, not as a group of five hundred tracebacks.
    """
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(piece) for piece in work]
    except BaseExceptionGroup as failed:
        expected, rest = failed.split(DadkhahError)
        if expected is None or rest is not None:
            raise
        first: BaseException = expected
        while isinstance(first, BaseExceptionGroup):
            first = first.exceptions[0]
        raise first from None
    return [task.result() for task in tasks]


async def put_away(tasks: Iterable[asyncio.Task[None]], seconds: float) -> None:
    """Wait for tasks that were told to stop; those that are late are cancelled."""
    left = set(tasks)
    if not left:
        return
    _, late = await asyncio.wait(left, timeout=seconds)
    for task in late:
        task.cancel()
    if late:
        await asyncio.wait(late, timeout=1.0)
