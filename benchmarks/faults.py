"""What goes wrong in feeds, done to a sound document on purpose. Pure."""

from __future__ import annotations

import re

_PAGE = (
    "<!DOCTYPE html>\n<html><head><title>Service unavailable</title></head>"
    "<body><h1>Please try again later</h1><p>Error 1015 &amp; more</p></body></html>\n"
)
_DESCRIPTION = re.compile(r"<(description|summary)\b[^>]*>")


def broken_text(text: str, fault: str) -> str:
    """The document with a fault of its text; other faults leave it as it is."""
    if fault == "bare-ampersand":
        text = _somewhere(text, "<title", "</title>", " & co</title>")
        return text.replace("&amp;utm_source", "&utm_source")
    if fault == "bad-nesting":
        return _nested(text)
    if fault == "undefined-entity":
        return _somewhere(text, "<title", "</title>", "&nbsp;&rsquo;&euro;</title>")
    if fault == "control-characters":
        return _somewhere(text, "<title", "</title>", "\x08\x0b\x1f</title>")
    if fault == "duplicate-attribute":
        text = text.replace(' rel="alternate"', ' rel="alternate" rel="alternate"')
        return re.sub(r'( isPermaLink="\w+")', r"\1\1", text)
    if fault == "truncated":
        return text[: len(text) * 4 // 5]
    return {"html-page": _PAGE, "empty": ""}.get(fault, text)


def broken_bytes(body: bytes, fault: str) -> bytes:
    """The encoded document with a fault of its bytes."""
    if fault != "stray-byte":
        return body
    middle = body.index(b"</title>", len(body) // 2)
    return body[:middle] + b"\xe9" + body[middle:]


def _somewhere(text: str, start: str, old: str, new: str) -> str:
    """Put `new` for `old` in three places in the middle, after a `start`."""
    for share in (0.2, 0.5, 0.7):
        place = text.find(old, text.find(start, int(len(text) * share)))
        if place > 0:
            text = text[:place] + new + text[place + len(old) :]
    return text


def _nested(text: str) -> str:
    """HTML that stands in an element without being escaped, and is closed in a wrong order."""
    for match in reversed(list(_DESCRIPTION.finditer(text))[1:4]):
        wrong = f"<{match[1]}>one <b>two <i>three</b> four</i></{match[1]}>\n"
        end = text.index(f"</{match[1]}>", match.end()) + len(match[1]) + 3
        text = text[: match.start()] + wrong + text[end:]
    return text
