"""Plain text: from HTML, cleaned, keyed. Pure; folding for comparison is `watchers.folding`."""

from __future__ import annotations

import hashlib
import html
import re
from itertools import islice

from selectolax.lexbor import LexborHTMLParser

MAX_HTML = 400_000  # characters read of one entry; a whole newspaper page is about 100,000
MAX_TEXT = 60_000  # code points kept of one article
MAX_TITLE = 1_000

# Tags that end a line of text. Inline tags do not: "<b>Iran</b>'s" is one word.
_BLOCK = re.compile(
    r"</?(?:p|div|br|hr|li|ul|ol|dl|dt|dd|h[1-6]|tr|td|th|table|blockquote|section|article|"
    r"aside|header|footer|figure|figcaption|nav|form|pre)\b",
    re.IGNORECASE,
)
# The parser's time grows with the square of how deep blocks are nested; no page has so many.
_MOST_BLOCKS = 5_000
_BLOCK_TAG = re.compile(_BLOCK.pattern + r"[^<>]{0,500}>?", re.IGNORECASE)
_MARKUP = re.compile(r"<[a-zA-Z!/?]|&[a-zA-Z#]")
_MAY_BE_INVISIBLE = re.compile(
    r"<(?:script|style|noscript|template|iframe|svg|head)", re.IGNORECASE
)
_INVISIBLE_HTML = "script, style, noscript, template, iframe, svg, head > title"
# C0/C1 controls but tab and newline, noncharacters, lone surrogates, and the invisible
# formatting characters that carry no spelling (ZWNJ and ZWJ do, in Persian).
_JUNK = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff"
    "\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
)
# A picture's file name that a feed printed in the middle of a word: "Accu img_4248 sation".
_FILE_NAME = re.compile(
    r"(?<!\w)(?:img|dsc|dscn|dscf|image|screenshot|photo)_\d{2,12}(?:[_-]\d{1,12})?"
    r"(?:\.(?:jpe?g|png|gif|webp))?(?!\w)",
    re.IGNORECASE,
)
_MOST_FILES = 20
_WORD_BEFORE = re.compile(r"\w{2,30} ?$")
_WORD_AFTER = re.compile(r" ?(\w{2,30})")
# Runs of blanks that are not one plain space: those need no mending, and are nearly all.
_SPACES = re.compile(r"[^\S\n ][^\S\n]*| [^\S\n]+")


def key(*parts: str | bytes) -> bytes:
    """A 16-byte BLAKE2b hash of the parts, which are kept apart by their lengths."""
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        data = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "big"))
        digest.update(data)
    return digest.digest()


def clean(text: str) -> str:
    """Text without control, bidi-override and other invisible characters, spaces collapsed.

    Line breaks stay, one at a time. Idempotent.
    """
    text = text.replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    text = _SPACES.sub(" ", _JUNK.sub("", text))
    if "\n" in text:
        text = "\n".join(filter(None, (line.strip(" ") for line in text.split("\n"))))
    return text.strip()


def plain(markup: str, limit: int = MAX_TEXT) -> str:
    """The readable text of an HTML fragment: one line a block, at most `limit` code points.

    Text without markup is cleaned only; anything parses (HTML5 error recovery).
    """
    markup = markup[:MAX_HTML]
    if not _MARKUP.search(markup):
        return clean(markup)[:limit].rstrip()
    marked, blocks = _BLOCK.subn(lambda tag: "\n" + tag.group(), markup.replace("\0", ""))
    if blocks > _MOST_BLOCKS:
        marked = _BLOCK_TAG.sub("\n", markup.replace("\0", ""))
    # An input that is all text to the parser gets a body of its own; NUL would become U+FFFD.
    tree = LexborHTMLParser(marked)
    if _MAY_BE_INVISIBLE.search(markup):
        for node in tree.css(_INVISIBLE_HTML):
            node.decompose()
    body = tree.body
    return clean(body.text(deep=True) if body is not None else "")[:limit].rstrip()


def with_words_joined(text: str) -> str:
    """The text without the file names that cut a word of it in two.

    Only where the joined word stands elsewhere in the text: "The img_1 judge" stays as it is.
    """
    if "_" not in text:
        return text
    pieces, at = [], 0
    for name in islice(_FILE_NAME.finditer(text), _MOST_FILES):
        begin = max(at, name.start() - 32)
        before = _WORD_BEFORE.search(text[begin : name.start()])
        after = _WORD_AFTER.match(text, name.end())
        if before is None or after is None or not after.group(1)[0].islower():
            continue
        joined = before.group().rstrip() + after.group(1)
        if re.search(rf"(?<!\w){re.escape(joined)}(?!\w)", text, re.IGNORECASE):
            pieces.append(text[at : begin + before.start()] + joined)
            at = after.end()
    return "".join((*pieces, text[at:]))


def plain_title(markup: str) -> str:
    """A title on one line. Titles come as text, as HTML, or escaped twice ("&amp;amp;")."""
    text = plain(markup, MAX_TITLE).replace("\n", " ")
    if _MARKUP.search(text):
        text = plain(html.unescape(text), MAX_TITLE).replace("\n", " ")
    return text
