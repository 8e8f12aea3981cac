"""A web page's bytes become its article's text. Pure; runs in a worker process.

    bytes -> charset -> tree -> furniture out (watchers.furniture) -> trafilatura -> lines

The only module that knows trafilatura. It costs 0.4 s and 28 MB to load, so it is loaded with
the first page and not before. Which error is worse: see `watchers.furniture`; a page that
gives no text leaves the feed's summary, which is never wrong.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from functools import cache
from typing import Any

from watchers.charset import decode
from watchers.furniture import without_furniture
from watchers.text import MAX_TEXT, clean

MAX_PAGE = 2 * 1024 * 1024  # bytes read of a page
_MAX_ELEMENTS = 30_000  # a long live blog has 20,000
_SHORT = 200  # code points: less is a notice, a teaser or a caption
_WALLED = 1_000  # beside a field for a password, less than this is what stands before the wall

_CHARSET = re.compile(
    rb"<meta[^>]{0,200}?charset\s{0,5}=\s{0,5}[\"']?([\w.:-]{1,40})", re.IGNORECASE
)
_HEAD = 8_192  # bytes in which a page declares its charset; browsers look at 1,024
# Which page is a request for consent: at least half of its lines say one of these.
_CONSENT = re.compile(
    r"cookie|consent|partner|einwillig|samtycke|\bзгод|соглас|کوکی|ملفات تعريف الارتباط",
    re.IGNORECASE,
)
# trafilatura takes away what does not print, ZWNJ too, which spells Persian: they are lent a
# letter that no page of ours has (marks of Nushu and Tangut) and get their own back.
_LENT = str.maketrans({"\u200c": "\U00016fe1", "\u200d": "\U00016fe0"})
_BACK = str.maketrans({"\U00016fe1": "\u200c", "\U00016fe0": "\u200d"})


def article_text(body: bytes, content_type: str, url: str) -> str:
    """The article's own text, a line a paragraph, at most MAX_TEXT code points.

    "" when there is none: no web page, empty, a login wall, a request for consent, a page
    that scripts fill. `content_type` is the HTTP header; `url` is where the page was found.
    Never raises for what a page holds, but MemoryError and RecursionError pass.
    """
    kind = content_type.partition(";")[0].strip().lower()
    if kind and "html" not in kind:
        return ""
    extract = _library()
    try:
        root = _tree(decoded(body[:MAX_PAGE], content_type))
        if root is None:
            return ""
        walled = any(field.get("type") == "password" for field in root.iter("input"))
        without_furniture(root)
        found = extract(root, url, favor_precision=True, include_comments=False)
    except (MemoryError, RecursionError):
        raise  # the worker has words of its own for these
    except Exception:  # noqa: BLE001 - libraries slip on broken pages; then there is no text
        return ""
    text = clean("\n".join(map(_cells, (found or "").translate(_BACK).split("\n"))))
    if len(text) < (_WALLED if walled else _SHORT) or _asks_consent(text):
        return ""
    return text[:MAX_TEXT].rstrip()


@cache
def _library() -> Callable[..., str | None]:
    """Trafilatura's extraction, loaded with the first page: readers of feeds do without it."""
    import trafilatura

    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)  # no text is no trouble of ours
    return trafilatura.extract


def _tree(page: str) -> Any:
    """The page as lxml's tree; None for one that is beyond all measure."""
    from lxml import html  # type: ignore[import-untyped]

    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    data = page.translate(_LENT).replace("\0", "").encode("utf-8", "replace")
    root = html.document_fromstring(data, parser=parser)
    return None if sum(1 for _ in root.iter()) > _MAX_ELEMENTS else root


def _asks_consent(text: str) -> bool:
    lines = text.split("\n")
    return 2 * sum(bool(_CONSENT.search(line)) for line in lines) >= len(lines)


def _cells(line: str) -> str:
    """A row of a table without the bars that trafilatura draws; other lines as they are."""
    if not line.startswith("|"):
        return line
    cells = (cell.strip() for cell in line.split("|"))
    return " ".join(cell for cell in cells if cell.strip("-: "))


def decoded(body: bytes, content_type: str) -> str:
    """The page as text: by its bytes, then by the header, then by what the page declares."""
    declared = _CHARSET.search(body[:_HEAD])
    if declared and "charset" not in content_type.lower():
        content_type = f"text/html; charset={declared.group(1).decode('ascii', 'replace')}"
    return decode(body, content_type).text
