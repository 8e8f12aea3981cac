"""`python -m tests.journey.killed "PLACE NAME" COMMAND...`: dadkhah, killed at one named point.

    before NAME   as SqlStore.NAME is called
    commit NAME   inside its transaction, when all is written and COMMIT is about to be said
    after NAME    when it has returned
    before http   when sendMessage is about to leave
    after http    when its answer has come

Killed is SIGKILL: no handler, no clean-up, no flushed buffer.

Without arguments it serves: each line of stdin, `{"point", "command", "environ"}`, is run in a
fork of its own, and answered with the exit status. Importing everything takes 2 s, a fork none.
"""

import functools
import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any, NoReturn

from sqlalchemy import Engine, event
from telegram.request import HTTPXRequest

import bot.app
import bot.deliver
import bot.jobs
import bot.sender
from bot.cli import main
from storage import SqlStore
from tests.journey.harness import InlineWorkers


def die() -> NoReturn:
    """End as a power cut would."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("still alive")


def kill_at(point: str) -> None:
    """Arm one point; the first time it is reached is the last."""
    place, name = point.split()
    if name == "http":
        _kill_at_http(place)
        return
    original: Callable[..., Any] = getattr(SqlStore, name)
    setattr(SqlStore, name, _kill_at_call(place, original))


def _kill_at_call(place: str, original: Callable[..., Any]) -> Callable[..., Any]:
    inside = threading.Event()

    @functools.wraps(original)
    def call(*args: Any, **kwargs: Any) -> Any:
        if place == "before":
            die()
        inside.set()
        result = original(*args, **kwargs)
        if place == "after":
            die()
        return result

    if place == "commit":
        event.listen(Engine, "commit", lambda _connection: die() if inside.is_set() else None)
    return call


def _kill_at_http(place: str) -> None:
    original = HTTPXRequest.do_request

    async def do_request(self: HTTPXRequest, url: str, *args: Any, **kwargs: Any) -> Any:
        sends = url.endswith("/sendMessage")
        if sends and place == "before":
            die()
        answer = await original(self, url, *args, **kwargs)
        if sends:
            die()
        return answer

    setattr(HTTPXRequest, "do_request", do_request)  # noqa: B010 - mypy takes no new methods


def run(point: str, command: list[str]) -> None:
    """Run a command that is killed at a point."""
    # Reading documents is no arrow of its own, and starting a process for it takes 2 s.
    setattr(bot.app, "Workers", InlineWorkers)  # noqa: B010
    kill_at(point)
    sys.argv[1:] = command
    main()


def serve() -> None:
    """Run what stdin asks for, one at a time; this process itself stays as it was imported."""
    InlineWorkers()  # reads the watchlist and makes a matcher, which the forks have then
    for line in sys.stdin:
        asked = json.loads(line)
        forked = os.fork()
        if not forked:
            null = os.open(os.devnull, os.O_RDWR)
            os.dup2(null, 0)
            os.dup2(null, 1)
            os.environ.clear()
            os.environ.update(asked["environ"])
            run(asked["point"], asked["command"])
        status = os.waitstatus_to_exitcode(os.waitpid(forked, 0)[1])
        print(status, flush=True)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        run(sys.argv[1], sys.argv[2:])
    else:
        serve()
