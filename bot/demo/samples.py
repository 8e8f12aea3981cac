"""The invented sample feeds of the demonstration, rendered for one poll (a "wave").

A feed is a UTF-8 template in `feeds/`, listed in `feeds/index.toml`:

- `{{rfc822:-3h}}` and `{{iso:-3h}}` are instants relative to `now` (m minutes, h hours, d days);
- in XML, lines between `<!--wave2-->` and `<!--/wave2-->` belong to the second poll only,
  and in the same way `wave1` to the first (what an updated article said before);
- in JSON, an object with `"_wave": 2` belongs to that poll only.

Reading the package's own files is the only I/O here; the same arguments give the same bytes.
"""

import json
import re
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

_TOKEN = re.compile(r"\{\{(?P<form>rfc822|iso):-(?P<count>\d+)(?P<unit>[mhd])\}\}")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_WAVES = (1, 2)


@dataclass(frozen=True, slots=True)
class SampleFeed:
    """One bundled feed: where it claims to live and how it goes over the wire.

    `file` is the template's name in the package, `language` an ISO 639-1 code,
    `kind` the outlet's kind, `charset` the encoding of the served bytes.
    """

    file: str
    url: str
    name: str
    language: str
    kind: str
    content_type: str
    charset: str


@cache
def sample_feeds() -> tuple[SampleFeed, ...]:
    """All bundled feeds, in the order of the index."""
    index = tomllib.loads(_folder().joinpath("index.toml").read_text(encoding="utf-8"))
    return tuple(SampleFeed(**row) for row in index["feed"])


def render(feed: SampleFeed, wave: int, now: datetime) -> bytes:
    """What `feed` answers at the first or second poll, in the feed's own charset.

    `now` is what the relative dates count from; it must be timezone-aware.
    Raises ValueError for a naive `now` or a wave other than 1 and 2.
    """
    if now.tzinfo is None:
        raise ValueError("now must be timezone-aware")
    if wave not in _WAVES:
        raise ValueError(f"a sample feed has waves 1 and 2, not {wave}")
    template = _folder().joinpath(feed.file).read_text(encoding="utf-8")
    chosen = _choose_json(template, wave) if feed.file.endswith(".json") else _cut(template, wave)
    return _fill_dates(chosen, now.astimezone(UTC)).encode(feed.charset)


def _folder() -> Traversable:
    return resources.files("bot.demo").joinpath("feeds")


def _cut(template: str, wave: int) -> str:
    """Drop the other wave's lines, and the markers around the ones that stay."""
    other = 3 - wave
    kept = re.sub(rf"<!--wave{other}-->.*?<!--/wave{other}-->\n?", "", template, flags=re.DOTALL)
    return re.sub(rf"<!--/?wave{wave}-->\n?", "", kept)


def _choose_json(template: str, wave: int) -> str:
    document = json.loads(template)
    document["items"] = [_unmarked(item) for item in document["items"] if _is_in(item, wave)]
    return json.dumps(document, ensure_ascii=False, indent=1)


def _is_in(item: dict[str, Any], wave: int) -> bool:
    return bool(item.get("_wave", wave) == wave)


def _unmarked(item: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in item.items() if key != "_wave"}


def _fill_dates(text: str, now: datetime) -> str:
    # Feeds carry whole seconds; cutting here keeps both forms of one token equal.
    base = now.replace(microsecond=0)

    def instant(token: re.Match[str]) -> str:
        at = base - timedelta(**{_UNITS[token["unit"]]: int(token["count"])})
        if token["form"] == "rfc822":
            return format_datetime(at)
        return at.isoformat().replace("+00:00", "Z")

    return _TOKEN.sub(instant, text)
