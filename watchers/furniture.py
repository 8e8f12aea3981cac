"""What of a page's or an entry's HTML is not its article: by role, name, link density. Pure.

The extraction library looks for the article; what it leaves in is what hurts here: a teaser,
a tag or a comment that names somebody makes the article name him. So furniture goes first.
Which error is worse: a paragraph lost leaves a name to the next outlet, a teaser kept names a
person wrongly. When in doubt, out.

Captions go with their pictures: they are of another day as often as not, and whom the article
is about its sentences name too. A figure that holds a table or a quotation is none.

Entries of feeds bring HTML too (`without_feed_furniture`). Most hold no sign of furniture and
are not parsed here; a container there is judged by what it holds, for there may be no other.

Every rule looks at an element once, children before parents: linear in the page's size.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

_LINKED = 0.5  # of a block's characters in links: more is a list of headlines, not a paragraph
_CARD = 600  # characters of a teaser with its excerpt at most
_EXCERPT = 200  # characters of the excerpt of a card in a feed
_MOST = 20_000  # elements of an entry that are looked at
_LABEL = 40  # characters of "Read also:" at most


def _words(said: str) -> frozenset[str]:
    return frozenset(said.split())


_TAGS = _words(
    "script style noscript template iframe svg nav aside footer form button dialog menu select "
    "textarea figcaption amp-list amp-sidebar amp-consent amp-ad object embed"
)
_ROLES = _words(
    "navigation complementary banner contentinfo dialog alertdialog search menu form note"
)
# Words of class names and ids, as the big publishing systems and news sites write them.
_NAMES = _words(
    "related relatedposts relacionadas relacionados recommended recommendation recommendations "
    "recommend comment comments disqus respond reply replies share sharing sharedaddy social "
    "tags tagged labels keywords newsletter subscribe subscription promo promotion advert "
    "advertisement ad ads sponsored sidebar rail menu breadcrumb breadcrumbs crumbs navigation "
    "nav pagination teaser teasers card cards carousel popular trending author authors bio byline "
    "caption credit banner footer copyright more inset infobox"
)
# These go even if they hold a heading or the word "article"; the others then do not.
_SURE = _words("cookie cookies consent gdpr cmp comments disqus")
# An entry's own lead may be a "teaser": with no link in it, these names say nothing there.
_WEAK = _words("teaser teasers card cards more labels banner rail author authors bio keywords")
_QUOTED = frozenset(("table", "blockquote", "pre"))
# What markup with furniture holds: in tags; in the values of attributes (a word of prose that
# matches costs a fifth of a millisecond, no more).
_SIGNS = (
    "<nav", "<aside", "<form", "<fig", "<footer", "<button", "<select", "<dialog", "<menu",
    "<textarea", "><a", "> <a", ">\n<a", "hidden", "role=",
)  # fmt: skip
_NAME_SIGNS = (
    "relate", "relacionad", "recommend", "comment", "disqus", "respond", "reply", "replies",
    "shar", "social", "newsletter", "subscri", "promo", "advert", "sponsor", "sidebar", "crumb",
    "nav", "menu", "pagination", "teaser", "card", "carousel", "popular", "trending", "caption",
    "credit", "tags", "tagged", "author", "bio", "byline", "cookie", "consent", "inset", "infobox",
)  # fmt: skip
# "post tag-iran comments-open" says what an article is about, not what the element is.
_STATES = (
    frozenset(("tag", "category", "has", "is", "no", "with")),
    frozenset(("open", "closed", "enabled", "disabled")),
)
_PARTS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_NEVER = frozenset(("html", "head", "body", "article", "main"))
_HEADINGS = frozenset(("h2", "h3", "h4", "h5", "h6"))
_BLOCKS = _HEADINGS | _words("p li dd dt td div section ul ol dl strong b em blockquote")
_LAYOUT = frozenset(("table", "tbody", "tr", "td"))
_MAX_NAMES = 1_000  # characters of an element's class and id that are looked at


@dataclass(slots=True)
class _Seen:
    """What an element holds, itself and all below it."""

    length: int = 0  # characters of text
    linked: int = 0  # of those, in links
    article: bool = False  # holds what only an article has
    heading: bool = False  # holds the page's own heading
    blocks: bool = False  # holds paragraphs or headings
    quoted: bool = False  # holds a table or a quotation


def has_signs(markup: str) -> bool:
    """The cheap test of an entry's HTML: may there be furniture in it?"""
    if "<" not in markup:
        return False
    markup = markup.lower()
    if markup.count("<a ") > 1 or any(sign in markup for sign in _SIGNS):
        return True
    named = "class=" in markup or "id=" in markup
    return named and any(sign in markup for sign in _NAME_SIGNS)


def without_feed_furniture(markup: str) -> str:
    """An entry's HTML without its furniture; as it came if it has none or cannot be read."""
    if not has_signs(markup):
        return markup
    from lxml import etree, html  # type: ignore[import-untyped]

    # A document of a feed's entry holds tags nested as deep as its author likes.
    parser = html.HTMLParser(
        encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=True
    )
    data = f"<html><body>{markup}</body></html>".replace("\0", "").encode("utf-8", "replace")
    try:
        root = html.document_fromstring(data, parser=parser)
    except (etree.LxmlError, ValueError):
        return markup
    if sum(1 for _ in islice(root.iter(), _MOST)) == _MOST:
        return markup
    without_furniture(root, fragment=True)
    kept: str = html.tostring(root, encoding="unicode")
    return kept


def without_furniture(root: Any, *, fragment: bool = False) -> None:
    """Take the furniture out of an lxml tree, in place; the text after it stays.

    `fragment`: the tree is an article already, perhaps in a box of its own.
    """
    elements = [element for element in root.iter() if isinstance(element.tag, str)]
    seen = _survey(elements)
    gone: set[Any] = set()
    for element in elements:
        parent = element.getparent()
        held = seen[element]
        if parent in gone or _is_furniture(element, held, fragment=fragment):
            gone.add(element)
            if parent not in gone:
                gone.update(_around(element, parent, seen, fragment=fragment))
    for element in elements:
        if element in gone:
            continue
        if any(child in gone for child in element):
            _take_out(element, gone)
        if element.tag in _LAYOUT and seen[element].blocks:
            element.tag = "div"  # a table that lays out the page: its paragraphs are no cells


def _take_out(parent: Any, gone: set[Any]) -> None:
    """Remove children, with the text after each joined to what stands before it, once."""
    before, pieces = None, [parent.text or ""]
    for child in [*parent, None]:
        if child is not None and child in gone:
            pieces.append(child.tail or "")
            parent.remove(child)
            continue
        if before is None:
            parent.text = "".join(pieces)
        else:
            before.tail = "".join(pieces)
        before, pieces = child, [child.tail or ""] if child is not None else []


def _survey(elements: list[Any]) -> dict[Any, _Seen]:
    """What each element holds; children stand after their parents in document order."""
    seen = {element: _Seen() for element in elements}
    for element in reversed(elements):
        own, tag = seen[element], element.tag
        own.length += len((element.text or "").strip())
        if tag in ("script", "style"):
            own.length = 0
        own.linked = own.length if tag == "a" else own.linked
        own.heading = own.heading or tag == "h1"
        own.quoted = own.quoted or tag in _QUOTED
        own.article = own.article or tag in ("article", "main") or _is_body(element)
        parent = element.getparent()
        if parent is None or parent not in seen:
            continue
        above = seen[parent]
        above.length += own.length + len((element.tail or "").strip())
        above.linked += own.linked
        above.article |= own.article
        above.heading |= own.heading
        above.quoted |= own.quoted
        above.blocks = above.blocks or own.blocks or tag in _HEADINGS or tag in ("p", "div")
    return seen


def _is_body(element: Any) -> bool:
    is_body: bool = element.get("itemprop") == "articleBody"
    return is_body or element.get("role") in ("main", "article")


def _is_furniture(element: Any, held: _Seen, *, fragment: bool) -> bool:
    tag = element.tag
    if tag == "figure":
        return not held.quoted
    if tag in _TAGS or element.get("hidden") is not None or element.get("aria-hidden") == "true":
        return bool(tag != "body")
    if tag in _NEVER:
        return False
    if (element.get("role") or "").lower() in _ROLES:
        return True
    names = set(_names(element))
    if names & _SURE:
        return True
    keeps = held.article or held.heading
    if fragment and not held.linked:
        names -= _WEAK
    if names & _NAMES and not keeps:
        return True
    if tag == "a" and held.blocks:
        return not keeps
    if fragment and held.blocks:
        return False  # decided by what it holds
    return tag in _BLOCKS and not keeps and held.linked > _LINKED * held.length


def _names(element: Any) -> Iterator[str]:
    """The words of an element's class names and id, those left out that only tell a state."""
    said = f"{element.get('class') or ''} {element.get('id') or ''}"[:_MAX_NAMES]
    for name in said.split():
        words = [word.lower() for word in _PARTS.findall(name)]
        if words and words[0] not in _STATES[0] and words[-1] not in _STATES[1]:
            yield from words


def _around(element: Any, parent: Any, seen: dict[Any, _Seen], *, fragment: bool) -> Iterator[Any]:
    """What goes with a piece of furniture: the excerpt under a linked headline, a label above."""
    held = seen[element]
    is_headline = element.tag in _HEADINGS and held.linked > 0
    if is_headline and parent is not None and parent.tag not in _NEVER:
        above = seen[parent]
        if fragment and above.length > 3 * held.length + _EXCERPT:
            return  # a box around the article, not a card
        if above.length <= _CARD and not (above.article or above.heading):
            yield parent
    before = element.getprevious()
    if held.linked and before is not None and before in seen:
        text = "".join(before.itertext()) if seen[before].length <= _LABEL else ""
        is_label = before.tag in _HEADINGS or text.rstrip().endswith(":")
        if is_label and not seen[before].heading and before.tag not in _NEVER and text.strip():
            yield before
