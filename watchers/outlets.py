"""Outlets: who publishes at an address, of which kind and of which publisher family. Pure.

The table has a row per outlet with the places it publishes at: a host ("ncr-iran.org", which
takes in its subdomains) or a host with a path ("bbc.com/persian"). The longest host suffix
wins, then the longest path; a lookup costs one dictionary access per label of the host.

`family` gathers outlets that carry the same texts, so that a digest counts them once.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from watchers.errors import OutletsInvalid
from watchers.text import clean
from watchers.urls import host as host_of

OUTLET_KINDS = (
    "un",
    "human-rights",
    "persian-media",
    "world-media",
    "court-law",
    "advocacy",
    "state",
)
MAX_OUTLETS = 20_000
MAX_NAME = 120  # characters of a name, family or place

_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*\Z")
_LANGUAGE = re.compile(r"[a-z]{2,3}\Z")
_PLACE = re.compile(r"(?P<host>[a-z0-9-]+(?:\.[a-z0-9-]+)+)(?P<path>(?:/[^/\s?#]+)*)/?\Z")
_KEYS = frozenset({"id", "name", "kind", "family", "language", "at"})


@dataclass(frozen=True, slots=True)
class Outlet:
    """A publisher as digests label it; `language` is that of most of its pages, if any."""

    id: str
    name: str
    kind: str  # of OUTLET_KINDS, or "query" for one known only by a search feed
    family: str
    language: str | None = None


@dataclass(frozen=True, slots=True)
class OutletTable:
    """All known outlets; `places` maps a host to its paths, longest first, each with its outlet."""

    outlets: tuple[Outlet, ...]
    places: Mapping[str, tuple[tuple[str, Outlet], ...]]

    def of(self, url: str) -> Outlet | None:
        """The outlet that publishes at `url`, or None if it is not in the table."""
        host = host_of(url)
        path = urlsplit(url).path + "/" if host else ""
        while host:
            for prefix, outlet in self.places.get(host, ()):
                if path.startswith(prefix):
                    return outlet
            host = host.partition(".")[2]
        return None


def parse_outlets(text: str, source: str) -> OutletTable:
    """The table in a TOML text of `[[outlet]]` rows; `source` names the file in messages.

    `id`, `name`, `kind` and `at` are required; `family` defaults to the first host. Raises
    `OutletsInvalid` with every problem found.
    """
    problems: list[str] = []
    outlets: dict[str, Outlet] = {}
    places: dict[tuple[str, str], Outlet] = {}
    for index, row in enumerate(_rows(text, source)):
        where = f"{source}: outlet[{index}] {str(row.get('id', ''))[:MAX_NAME]!r}"
        wrong = list(_wrong(row))
        problems += (f"{where}.{said}" for said in wrong)
        if wrong:
            continue
        outlet = _outlet(row)
        if outlets.setdefault(outlet.id, outlet) is not outlet:
            problems.append(f"{where}.id: used above; give each outlet its own.")
        for place in row["at"]:
            if places.setdefault(_split(place), outlet) is not outlet:
                problems.append(f"{where}.at: {place!r} is another outlet's too; keep one.")
    if problems:
        raise OutletsInvalid(source, tuple(problems))
    return OutletTable(tuple(outlets.values()), _by_host(places))


def _rows(text: str, source: str) -> list[dict[str, Any]]:
    try:
        rows = tomllib.loads(text).get("outlet")
    except (ValueError, RecursionError) as error:  # too deep a nesting ends in the latter
        said = f"{source}: not TOML: {error}; correct the syntax there."
        raise OutletsInvalid(source, (said,)) from error
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise OutletsInvalid(source, (f"{source}: no [[outlet]] rows; write one per outlet.",))
    if len(rows) > MAX_OUTLETS:
        said = f"{source}: more than {MAX_OUTLETS:,} outlets; take some away."
        raise OutletsInvalid(source, (said,))
    return rows


def _wrong(row: dict[str, Any]) -> Iterator[str]:
    """What is wrong with a row, each as `KEY: sentence.`."""
    for key in sorted(row.keys() - _KEYS):
        yield f"{key[:MAX_NAME]}: unknown key; the keys are {', '.join(sorted(_KEYS))}."
    if not _ID.match(_text(row, "id")):
        yield "id: missing or odd; use lower-case letters, digits and single hyphens."
    if not _text(row, "name"):
        yield f"name: missing, over {MAX_NAME} characters, or with control characters."
    if row.get("kind") not in OUTLET_KINDS:
        yield f"kind: must be one of {', '.join(OUTLET_KINDS)}."
    if "family" in row and not _text(row, "family"):
        yield "family: empty or odd; leave it out to use the first host."
    if "language" in row and not _LANGUAGE.match(_text(row, "language")):
        yield 'language: must be a code such as "fa".'
    at = row.get("at")
    if not isinstance(at, list) or not at:
        yield 'at: missing; list hosts, or hosts with a path: ["bbc.com/persian"].'
    elif odd := [p for p in at if not (isinstance(p, str) and _PLACE.match(p))]:
        yield f"at: {odd[0]!r} is no lower-case host or host/path; leave scheme and port out."


def _text(row: dict[str, Any], key: str) -> str:
    """A printable, bounded text of a row, or an empty string."""
    value = row.get(key)
    good = isinstance(value, str) and len(value) <= MAX_NAME and clean(value) == value
    return str(value) if good and "\n" not in str(value) else ""


def _outlet(row: dict[str, Any]) -> Outlet:
    return Outlet(
        id=row["id"],
        name=row["name"],
        kind=row["kind"],
        family=row.get("family") or _split(row["at"][0])[0],
        language=row.get("language"),
    )


def _split(place: str) -> tuple[str, str]:
    """Host without `www.`, and the path with a slash on both ends."""
    host, _, path = place.rstrip("/").partition("/")
    return host.removeprefix("www."), f"/{path}/" if path else "/"


def _by_host(places: dict[tuple[str, str], Outlet]) -> dict[str, tuple[tuple[str, Outlet], ...]]:
    by_host: dict[str, list[tuple[str, Outlet]]] = {}
    for (host, path), outlet in places.items():
        by_host.setdefault(host, []).append((path, outlet))
    for found in by_host.values():
        found.sort(key=lambda entry: -len(entry[0]))
    return {host: tuple(found) for host, found in by_host.items()}
