"""Lists of feeds: ours (TOML) and everybody's (OPML), in and out. Pure.

A file that cannot be read raises `FeedListInvalid`. A row that cannot be used is left out and
told in `FeedList.problems`: lists from elsewhere always have a few, and one must not keep the
others out. A list in which no feed is left raises too.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET
from xml.parsers import expat

from watchers.errors import FeedListInvalid
from watchers.feed_addresses import has_password, without_feed_scheme
from watchers.model import FeedSpec
from watchers.outlets import OUTLET_KINDS
from watchers.text import clean
from watchers.urls import host, resolve

__all__ = ["FEED_KINDS", "FeedList", "FeedSpec", "parse_feed_list", "write_opml"]

FEED_KINDS = (*OUTLET_KINDS, "query")  # "query": a search, whose results are others'
MAX_BYTES = 10_000_000
MAX_FEEDS = 20_000  # outlines or rows
MAX_DEPTH = 50  # of nested outlines
MAX_NAME = 200

_BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_LANGUAGE = re.compile(r"([a-z]{2,3})(?:[-_][a-z0-9]{1,8})*\Z")
_UNSURE = ("", "multi", "mul", "und")  # no one language: each text is looked at
# What a row of our own may hold besides; kept for people, not read.
_KEYS = frozenset({"url", "name", "language", "kind", "site", "country", "check", "note"})

_Row = tuple[str, Mapping[str, Any]]  # where it stands, what it says


@dataclass(frozen=True, slots=True)
class FeedList:
    """The feeds of a file, each address once.

    `left_out` says, a sentence each, which rows cannot be used, `problems` what was changed
    in the others; `duplicates` are the addresses of rows that repeat an earlier one.
    """

    feeds: tuple[FeedSpec, ...]
    problems: tuple[str, ...] = ()
    duplicates: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    def whole(self, source: str) -> tuple[FeedSpec, ...]:
        """The feeds, if every row could be used; FeedListInvalid names those that could not."""
        if self.left_out:
            raise FeedListInvalid(source, self.left_out)
        return self.feeds


def parse_feed_list(data: bytes, source: str) -> FeedList:
    """The feeds in a TOML or OPML file; `source` names the file in messages.

    Raises `FeedListInvalid` if it is neither, too large, or has no feed that can be used.
    """
    if len(data) > MAX_BYTES:
        raise _invalid(source, f"over {MAX_BYTES:,} bytes; split it.")
    start = data[:1_000].removeprefix(_BOMS[0]).replace(b"\0", b"").lstrip()  # UTF-16 has NULs
    is_xml = data.startswith(_BOMS[1:]) or start.startswith(b"<")
    rows = (_opml_rows if is_xml else _toml_rows)(data, source)
    feeds: dict[tuple[str, str, str], FeedSpec] = {}
    problems: list[str] = []
    duplicates: list[str] = []
    left_out: list[str] = []
    for where, row in rows:
        told: list[str] = []
        feed = _feed(row, told.append)
        (problems if feed else left_out).extend(f"{source}{where}: {said}" for said in told)
        if feed is not None and feeds.setdefault(_same(feed.url), feed) is not feed:
            duplicates.append(feed.url)
    if not feeds:
        raise FeedListInvalid(
            source, tuple(left_out) or (f"{source}: no feed in it; give at least one address.",)
        )
    return FeedList(tuple(feeds.values()), tuple(problems), tuple(duplicates), tuple(left_out))


def write_opml(feeds: Iterable[FeedSpec]) -> bytes:
    """The feeds as an OPML 2.0 document in UTF-8, which `parse_feed_list` reads back the same."""
    root = ET.Element("opml", version="2.0")
    ET.SubElement(ET.SubElement(root, "head"), "title").text = "Dadkhah: feeds"
    body = ET.SubElement(root, "body")
    for feed in feeds:
        row = {
            "type": "rss",
            "text": _line(feed.name) or feed.url,
            "title": _line(feed.name),
            "xmlUrl": feed.url,
            "htmlUrl": feed.site,
            "language": feed.language or "",
            "category": feed.kind,
        }
        ET.SubElement(body, "outline", {key: clean(value) for key, value in row.items() if value})
    ET.indent(root)
    document: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return document + b"\n"


def _invalid(source: str, said: str) -> FeedListInvalid:
    return FeedListInvalid(source, (f"{source}: {said}",))


def _same(url: str) -> tuple[str, str, str]:
    """What two addresses of one feed share: scheme, final slash and fragment do not count."""
    parts = urlsplit(url)
    port = "" if parts.port in (None, 80, 443) else f":{parts.port}"
    return host(url) + port, parts.path.rstrip("/"), parts.query


# ---------------------------------------------------------------- one row


def _feed(row: Mapping[str, Any], tell: Callable[[str], None]) -> FeedSpec | None:
    """The feed of a row, or None; `tell` hears what was left out or changed."""
    url = row.get("url")
    if not isinstance(url, str) or not url.strip():
        tell("has no address; give url in TOML, xmlUrl in OPML. Left out.")
        return None
    address = _address(without_feed_scheme(url.strip()))
    if address and has_password(address):
        tell("the address holds a user name or a password; give one without. Left out.")
        return None
    if not address:
        tell(f"{url[:MAX_NAME]!r} is no http(s) address; correct it. Left out.")
        return None
    for key in sorted(row.keys() - _KEYS):
        tell(f"{key[:MAX_NAME]!r} is no key of a feed ({', '.join(sorted(_KEYS))}); ignored.")
    site = _text(row, "site", tell)
    if site and not _address(site):
        tell(f"site {site[:MAX_NAME]!r} is no http(s) address; left empty.")
    name = _line(_text(row, "name", tell))
    return FeedSpec(
        url=address,
        name="" if name == address else name,
        language=_language(row, tell),
        kind=_kind(row, tell),
        site=_address(site),
    )


def _address(url: str) -> str:
    """The address without spaces around it; empty unless it is http(s) with a host."""
    url = url.strip()
    good = resolve(url, "") and host(url) and clean(url) == url and not re.search(r"\s", url)
    return url if good else ""


def _text(row: Mapping[str, Any], key: str, tell: Callable[[str], None]) -> str:
    value = row.get(key, "")
    if isinstance(value, str):
        return value.strip()
    tell(f"{key} must be a text in quotes; ignored.")
    return ""


def _line(name: str) -> str:
    return clean(clean(name[: 10 * MAX_NAME]).replace("\n", " ")[:MAX_NAME])


def _language(row: Mapping[str, Any], tell: Callable[[str], None]) -> str | None:
    """The primary language: "en" of "en-US"."""
    given = _text(row, "language", tell).lower()
    if given in _UNSURE:
        return None
    if found := _LANGUAGE.match(given):
        return found[1]
    tell(f'language {given[:MAX_NAME]!r} is no code such as "fa"; left open.')
    return None


def _kind(row: Mapping[str, Any], tell: Callable[[str], None]) -> str:
    """The first word of ours in the row's kind (OPML categories are lists of paths), or none."""
    given = _text(row, "kind", tell)
    for word in re.split(r"[,/\s]+", given.lower()):
        if word in FEED_KINDS:
            return word
    if given:
        kinds = ", ".join(FEED_KINDS)
        tell(f"kind {given[:MAX_NAME]!r} is none of {kinds}; the table of outlets decides.")
    return ""


# ---------------------------------------------------------------- the two formats


def _toml_rows(data: bytes, source: str) -> Iterator[_Row]:
    try:
        rows = tomllib.loads(data.decode("utf-8-sig")).get("feed", [])
    except UnicodeDecodeError as error:
        raise _invalid(source, f"not UTF-8 at byte {error.start}; save it as UTF-8.") from error
    except (ValueError, RecursionError) as error:  # too deep a nesting ends in the latter
        said = f"neither OPML nor TOML: {error}; correct the syntax there."
        raise _invalid(source, said) from error
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise _invalid(source, "feed is no list of tables; begin each feed with [[feed]].")
    if len(rows) > MAX_FEEDS:
        raise _invalid(source, f"over {MAX_FEEDS:,} feeds; split it.")
    return ((f": feed[{index}]", row) for index, row in enumerate(rows))


def _opml_rows(data: bytes, source: str) -> Iterator[_Row]:
    reader = _OpmlReader(source)
    try:
        # A declaration must be the first thing, but some programs write a blank line before it.
        bare = data.removeprefix(_BOMS[0]).lstrip() if not data.startswith(_BOMS[1:]) else data
        reader.read(bare)
    except expat.ExpatError as error:
        said = (
            f"not well-formed XML: {error}; correct it there, save it as UTF-8, or export it anew."
        )
        raise _invalid(source, said) from error
    except (LookupError, ValueError) as error:  # an encoding that is unknown or not 8-bit
        raise _invalid(source, f"its encoding is unknown ({error}); save it as UTF-8.") from error
    return iter(reader.rows)


class _OpmlReader:
    """Collects the outlines that have an `xmlUrl`, however deep they are nested."""

    def __init__(self, source: str) -> None:
        self.rows: list[_Row] = []
        self._source = source
        self._depth = 0
        self._outlines = 0
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        # A DOCTYPE can declare entities that grow without bound or name files and addresses.
        # OPML needs none, so the declaration itself is refused, before any entity is read.
        self._parser.StartDoctypeDeclHandler = self._doctype

    def read(self, data: bytes) -> None:
        """Read a whole document; raises `FeedListInvalid` or what expat raises."""
        self._parser.Parse(data, True)

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            self._refuse(f"nested over {MAX_DEPTH} deep; flatten it.")
        if self._depth == 1 and tag.lower() != "opml":
            self._refuse(f"<{tag[:MAX_NAME]}> is no OPML; export the list as OPML or TOML.")
        if tag.lower() != "outline":
            return
        self._outlines += 1
        if self._outlines > MAX_FEEDS:
            self._refuse(f"over {MAX_FEEDS:,} outlines; split it.")
        given = {key.lower(): value for key, value in attributes.items()}
        address = given.get("xmlurl")
        if address is None and given.get("type", "").lower() in ("rss", "atom"):
            address = given.get("url")  # as some old programs write it
        if address is not None:  # else a folder
            row = {
                "url": address,
                "name": given.get("title") or given.get("text", ""),
                "language": given.get("language", ""),
                "kind": given.get("category", ""),
                "site": given.get("htmlurl", ""),
            }
            self.rows.append((f":{self._parser.CurrentLineNumber}: outline", row))

    def _end(self, _tag: str) -> None:
        self._depth -= 1

    def _doctype(self, *_: object) -> None:
        self._refuse("has a DOCTYPE, which a list of feeds does not need; remove it.")

    def _refuse(self, said: str) -> NoReturn:
        line = self._parser.CurrentLineNumber
        raise FeedListInvalid(self._source, (f"{self._source}:{line}: {said}",))
