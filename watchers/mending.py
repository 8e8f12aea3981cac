"""Text of a feed document, made well-formed where single characters or scripts spoiled it. Pure.

Each mending adds its name (`watchers.parse.REPAIRS`) to the list it is given. Every scan is
linear: the text comes from strangers.
"""

from __future__ import annotations

import html.entities
import itertools
import re
from collections.abc import Iterator

BLANK = "\ufeff\0 \t\r\n"
HEAD = 20_000  # characters in which a document must begin

_MOST = 500_000  # ampersands, each of which costs a microsecond; long feeds have 10,000
_DECLARATION = re.compile(r"<\?xml\s")
_ROOT = re.compile(
    r"<(?:[\w.-]{1,40}:)?(?:rss|rdf|feed|channel|urlset|sitemapindex)[\s>]", re.IGNORECASE
)
_ENDS = ("</rss>", "</feed>", "</rdf:RDF>", "</urlset>")
_ITEM = re.compile(r"<(?:[\w.-]{1,40}:)?(?:item|entry)[\s>/]", re.IGNORECASE)
_FORBIDDEN = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_AMPERSAND = re.compile(
    r"&(?!(?:amp|lt|gt|quot|apos|#\d{1,9}|#[xX][0-9a-fA-F]{1,8});)(?:([A-Za-z][A-Za-z0-9]{1,31});)?"
)
# Scripts write an emoji as two references, half a pair each; feedparser raises on them.
_REFERENCE = re.compile(r"&#(?:(\d{5,20})|[xX]([0-9a-fA-F]{4,20}));")
_HALVES = re.compile(
    r"&#(?:(5[56]\d{3})|[xX]([dD][89abAB][0-9a-fA-F]{2}));"
    r"&#(?:(5[67]\d{3})|[xX]([dD][c-fC-F][0-9a-fA-F]{2}));"
)


def without_junk(text: str, repairs: list[str]) -> str:
    """The text from the document's beginning to its end."""
    head = text[:HEAD]
    declaration, root = _DECLARATION.search(head), _ROOT.search(head)
    begin = root.start() if root else 0
    if declaration and (root is None or declaration.start() < begin):
        begin = declaration.start()
    elif head.lstrip(BLANK).startswith(("<!", "<?")):
        begin = 0  # comments and a document type may come first
    if head[:begin].strip("\ufeff"):
        repairs.append("junk before the document")
    return _without_tail(text[begin:], repairs)


def _without_tail(text: str, repairs: list[str]) -> str:
    end, mark = max((text.rfind(mark), mark) for mark in _ENDS)
    tail = text[end + len(mark) :].strip(BLANK) if end > 0 else ""
    # An end that stands in the text of an entry is none: entries follow.
    if not tail or tail.startswith("<!--") or _ITEM.search(tail):
        return text
    repairs.append("junk after the document")
    return text[: end + len(mark)]


def mended(text: str, repairs: list[str]) -> str:
    """Well-formed XML, as far as it was spoiled by single characters."""
    if _FORBIDDEN.search(text):
        repairs.append("control characters")
        text = _FORBIDDEN.sub("", text)
    if "&#" in text:
        mended = _REFERENCE.sub(_possible, _HALVES.sub(_joined, text))
        if mended != text:
            repairs.append("impossible characters")
            text = mended
    mendable = "<!ENTITY" not in text[:HEAD] and text.count("&") <= _MOST
    if mendable and _AMPERSAND.search(text):
        text = "".join(_with_references(text, repairs))
    return text


def _possible(reference: re.Match[str]) -> str:
    """The reference, or nothing for a character that cannot be: half a pair, beyond Unicode."""
    decimal, hexadecimal = reference.groups("")
    code = int(decimal) if decimal else int(hexadecimal, 16)
    return "" if 0xD800 <= code <= 0xDFFF or code > 0x10FFFF else reference.group()


def _joined(references: re.Match[str]) -> str:
    """One reference for two that are the halves of a pair; other ones as they are."""
    numbers = references.groups("")
    high, low = (int(ten) if ten else int(hexa, 16) for ten, hexa in (numbers[:2], numbers[2:]))
    if not (0xD800 <= high < 0xDC00 <= low < 0xE000):
        return references.group()
    return f"&#{0x10000 + (high - 0xD800) * 0x400 + low - 0xDC00};"


def _with_references(text: str, repairs: list[str]) -> Iterator[str]:
    """The text in pieces, ampersands made references; CDATA, where they are text, untouched."""
    found: set[str] = set()

    def reference(match: re.Match[str]) -> str:
        character = html.entities.html5.get(f"{match[1]};") if match[1] else None
        found.add("undeclared entities" if character else "bare ampersands")
        if character is None:
            return f"&amp;{match.group()[1:]}"
        return "".join(f"&#{ord(part)};" for part in character)

    place = 0
    while place < len(text):
        begin = text.find("<![CDATA[", place)
        end = text.find("]]>", begin) if begin >= 0 else -1
        if end < 0:
            begin = end = len(text)
        yield _AMPERSAND.sub(reference, text[place:begin])
        yield text[begin:end]
        place = end
    repairs += sorted(found)


def bounded(text: str, limit: int) -> tuple[str, bool]:
    """A document of at most `limit` entries, and whether it is all of it.

    Parsers would read on to the end, at some 5 kB of memory an entry.
    """
    names = ("<item", ":item", "<entry", ":entry")
    if sum(text.count(name) for name in names) <= limit:
        return text, True
    starts = (match.start() for match in _ITEM.finditer(text))
    first_beyond = next(itertools.islice(starts, limit, None), None)
    if first_beyond is None:
        return text, True
    end = max(text.rfind(end) for end in _ENDS)
    tail = text[end:] if end > first_beyond else ""
    channel = "</channel>" if tail.startswith("</rss>") else ""
    return text[:first_beyond] + channel + tail, False
