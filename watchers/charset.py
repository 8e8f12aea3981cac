"""Which charset a document is written in, whatever it says of itself. Pure.

The bytes decide before any label does: a BOM, NULs in the pattern of UTF-16, then UTF-8, which
text of another charset practically never is by chance. Only then is a label believed, the
document's own before a server's default. Persian, Arabic and Cyrillic of an old charset under a
wrong label, or none, are known by their letters.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

STRAY = "stray bytes"
WRONG = "wrong charset"

_HEADER = re.compile(r"charset\s{0,5}=\s{0,5}[\"']?([\w.:-]{1,40})", re.IGNORECASE)
_DECLARED = re.compile(rb"<\?xml[^>]{0,200}?encoding\s{0,5}=\s{0,5}[\"']([\w.:-]{1,40})[\"']")
_HEAD = 1_024  # bytes in which a declaration is looked for
_SAMPLE = 200_000  # bytes that are enough to know a charset by
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, which it begins like
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_WITHOUT_MARK = re.compile(rb"(?P<le>[<{]\0[^\0]\0)|(?P<be>\0[<{]\0[^\0])")
# Python knows more codecs than there are charsets of documents, some of them costly
# ("punycode") or with other meanings ("unicode_escape"). These are what the web has.
_KNOWN = re.compile(
    r"utf-8|utf-(?:16|32)(?:-le|-be)?|ascii|iso8859-\d+|cp125\d|koi8-[ru]|mac-cyrillic|tis-620|cp874|gb2312|gbk|gb18030|"
    r"big5|big5hkscs|euc_jp|shift_jis|cp932|iso2022_jp|euc_kr|cp949"
)
_DEFAULTS = ("ascii", "iso8859-1", "cp1252")  # what servers say of anything
_WIDE_UNITS = ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be")
_WIDE = re.compile(rb"[\x80-\xff]+")
# The most frequent letters of Persian and Arabic, and of Russian, without those that share a
# byte. Each set is about three fifths of the letters in text of its own charset.
_ARABIC = bytes.fromhex("c7e1e4e3d1e6cac8cfd3")
_CYRILLIC = bytes.fromhex("eee0e8f2f1f0e2ebeaf3")
_LIKELY = 0.4  # of all non-ASCII bytes


@dataclass(frozen=True, slots=True)
class Decoded:
    """A document as text, without a BOM; `repairs` has STRAY, WRONG or nothing."""

    text: str
    repairs: tuple[str, ...] = ()


def decode(body: bytes, content_type: str = "") -> Decoded:
    """The text of a document; `content_type` is the HTTP header. Never raises.

    Bytes that make no sense become U+FFFD.
    """
    for mark, name in _MARKS:
        if body.startswith(mark):
            return _marked(body[len(mark) :], name, content_type)
    if found := _WITHOUT_MARK.match(body):
        return _marked(body, f"utf-16-{found.lastgroup}", content_type)
    labels = _labels(body, content_type)
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return _not_quite_utf8(body, labels)
    if "iso2022_jp" in labels and "\x1b" in text:
        return _with_strays(body, "iso2022_jp")
    # A label of ASCII alone, or any for ASCII alone, is true enough; but UTF-16 has NULs.
    true = ("utf-8", "ascii") if not text.isascii() else tuple(set(labels) - set(_WIDE_UNITS))
    wrong = any(name not in true for name in labels)
    return Decoded(text, (WRONG,) if wrong else ())


def _marked(body: bytes, name: str, content_type: str) -> Decoded:
    """Text of a charset that its first bytes show, whatever the labels say."""
    decoded = _with_strays(body, name)
    labels = _labels(decoded.text[:_HEAD].encode("ascii", "ignore"), content_type)
    shown = {label[:6] for label in labels}  # "utf-16", "utf-8"
    # Without a charset, "text/xml" means ASCII to a strict reader (RFC 3023).
    silent = content_type.startswith("text/") and not _HEADER.search(content_type)
    true = shown <= {name[:6]} if name == "utf-8" else shown == {name[:6]} and not silent
    return decoded if true else Decoded(decoded.text, (*decoded.repairs, WRONG))


def _labels(body: bytes, content_type: str) -> list[str]:
    """What the document is said to be, as names of codecs, the most believable first."""
    declared, header = _DECLARED.search(body[:_HEAD]), _HEADER.search(content_type)
    said = [
        _codec(header.group(1)) if header else "",
        _codec(declared.group(1).decode("ascii", "replace")) if declared else "",
    ]
    if said[0] in _DEFAULTS and said[1]:
        said.reverse()
    return [name for name in said if name]


def _codec(label: str) -> str:
    """The codec's own name, or an empty text for a label that is none of a document."""
    try:
        name = codecs.lookup(label).name
    except (LookupError, ValueError):
        return ""
    return name if _KNOWN.fullmatch(name) else ""


def _with_strays(body: bytes, name: str) -> Decoded:
    try:
        return Decoded(body.decode(name))
    except UnicodeDecodeError:
        return Decoded(body.decode(name, "replace"), (STRAY,))


def _not_quite_utf8(body: bytes, labels: list[str]) -> Decoded:
    """Text that is no valid UTF-8: UTF-8 with strays, another charset, or mislabelled."""
    text = body.decode("utf-8", "replace")
    bad = text.count("\ufffd")
    # In another charset, nearly every sequence is bad. In UTF-8 with strays nearly none is.
    if len(text) - len(text.encode("ascii", "ignore")) > 3 * bad:
        return Decoded(text, (STRAY,))
    believable = [name for name in labels if name not in ("utf-8", "ascii", *_WIDE_UNITS)]
    said = believable[0] if believable else ""
    if said and said not in _DEFAULTS:
        decoded = _with_strays(body, said)
        contradicted = {*labels} != {said}
        return Decoded(decoded.text, (*decoded.repairs, WRONG)) if contradicted else decoded
    likely = _likely(body)
    if likely != "cp1252":
        return Decoded(body.decode(likely, "replace"), (WRONG,))
    try:
        return Decoded(body.decode(said or likely))
    except UnicodeDecodeError:  # five bytes are nothing in cp1252; pages print them all the same
        return Decoded(body.decode("iso8859-2" if not said else "iso8859-1"))


def _likely(body: bytes) -> str:
    """Windows-1256, 1251 or 1252, by the letters.

    In Latin script the bytes beyond ASCII stand alone between others; in the other two they
    make up the words.
    """
    wide = b"".join(runs := _WIDE.findall(body[:_SAMPLE]))
    if len(wide) < 2 * len(runs):
        return "cp1252"
    arabic, cyrillic = (
        (len(wide) - len(wide.translate(None, letters))) / max(1, len(wide))
        for letters in (_ARABIC, _CYRILLIC)
    )
    if max(arabic, cyrillic) < _LIKELY:
        return "cp1252"
    return "cp1256" if arabic > cyrillic else "cp1251"
