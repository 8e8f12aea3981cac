"""What a site asks of programs: robots.txt (RFC 9309), read with Protego.

Asked before an article's page is fetched. Feeds are published for programs, so they are not
asked for. A file that cannot be had for a reason of its server's means no; one that is not
there means yes.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit
from weakref import WeakValueDictionary

from protego import Protego

from watchers.model import Fetched, FetchFailure, FetchRequest
from watchers.ports import FetchPort

AGENT = "dadkhah"  # the product token of the User-Agent, in lower case

_KEPT = 24 * 3600.0  # seconds (RFC 9309, 2.4: no longer than a day)
_KEPT_FAILED = 3600.0  # seconds until a server that failed is asked again
_HOSTS = 10_000
_TEXT = 2_000_000  # characters of all files together; a parsed file takes ten times as much
_READ = 500_000  # bytes of one file (RFC 9309, 2.5: at least 500 kB)
_LINES = 10_000  # lines that concern us, of one file
_LINE = 2_000  # characters: a longer rule is longer than any address that we ask for
_SIZE = 1_000_000  # bytes: a larger file is no robots.txt
_AGENT_FIELDS = ("user-agent", "useragent", "user agent")
_SITE_FIELDS = ("sitemap", "host")  # belong to no group and end none


@dataclass(frozen=True, slots=True)
class _Known:
    """One site's answer: its rules, or the same for every page."""

    until: float
    rules: Protego | None = None
    otherwise: bool = True
    weight: int = 0


class Robots:
    """Which pages we may ask for; remembers the answers of the latest sites.

    `clock` counts seconds and never goes back.
    """

    def __init__(self, fetcher: FetchPort, clock: Callable[[], float] = time.monotonic) -> None:
        self._fetcher = fetcher
        self._clock = clock
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._weight = 0
        self._asking: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def allowed(self, url: str) -> bool:
        """Whether the site lets us ask for this address. Fetches robots.txt if need be."""
        try:
            parts = urlsplit(url)
        except ValueError:
            return False
        if parts.scheme not in ("http", "https") or not parts.netloc:
            return False
        site = f"{parts.scheme}://{parts.netloc.rpartition('@')[2].lower()}"
        known = await self._site(site)
        if known.rules is None:
            return known.otherwise
        return known.rules.can_fetch(url, AGENT)

    async def _site(self, site: str) -> _Known:
        lock = self._asking.setdefault(site, asyncio.Lock())
        async with lock:  # two pages of a site at once are one question
            known = self._known.get(site)
            if known is None or known.until <= self._clock():
                known = await self._asked(site)
                self._keep(site, known)
            return known

    async def _asked(self, site: str) -> _Known:
        answer = await self._fetcher.fetch(
            FetchRequest(f"{site}/robots.txt", accept="text/plain, */*;q=0.5", size=_SIZE)
        )
        now = self._clock()
        if isinstance(answer, FetchFailure):
            if _is_missing(answer):
                return _Known(now + _KEPT)
            if answer.kind == "turn":  # it was not asked: the next page asks
                return _Known(now, otherwise=False)
            return _Known(now + _KEPT_FAILED, otherwise=False)
        return await asyncio.to_thread(_read, answer, now + _KEPT)

    def _keep(self, site: str, known: _Known) -> None:
        former = self._known.pop(site, None)
        self._known[site] = known
        self._weight += known.weight - (former.weight if former else 0)
        while len(self._known) > _HOSTS or (self._weight > _TEXT and len(self._known) > 1):
            _, oldest = self._known.popitem(last=False)
            self._weight -= oldest.weight


def _is_missing(failure: FetchFailure) -> bool:
    """There is no file to obey (RFC 9309, 2.3.1.2 and 2.3.1.3), rather than no answer.

    429 is no "there is none" but "not now": left out although it is a 4xx.
    """
    status = failure.status or 0
    is_empty = failure.kind == "not-a-feed" and status == 200
    return is_empty or failure.kind == "redirects" or (400 <= status < 500 and status != 429)


def _read(answer: Fetched, until: float) -> _Known:
    text = _ours(answer.body[:_READ].decode("utf-8-sig", "replace"))
    return _Known(until, Protego.parse(text) if text else None, weight=len(text))


def _ours(text: str) -> str:
    """The groups that are for us or for all; the rest costs nothing.

    A group is several agents and then their rules. Protego keeps each rule for each of its
    agents: 16,000 agents with 20,000 rules would be 500 kB of text and gigabytes of memory.
    """
    kept: list[str] = []
    is_ours = follows_agent = False
    for line in text.splitlines():
        line = line.partition("#")[0].strip()  # noqa: PLW2901 - the line without its comment
        if not line or len(line) > _LINE or line.lower().startswith(_SITE_FIELDS):
            continue
        agent = _agent(line)
        if agent is None:
            follows_agent = False
        else:
            is_ours = (is_ours and follows_agent) or agent in ("*", AGENT)
            follows_agent = True
            line = f"User-agent: {agent}" if agent in ("*", AGENT) else ""  # noqa: PLW2901
        if is_ours and line:
            kept.append(line)
            if len(kept) == _LINES:
                break
    return "\n".join(kept)


def _agent(line: str) -> str | None:
    """The product token that a line names, or None if it is another kind of line."""
    lowered = line.lower()
    for name in _AGENT_FIELDS:
        if lowered.startswith(name):
            value = lowered.removeprefix(name).strip(" :\t")
            return value.partition("/")[0].strip() if value != "*" else value
    return None
