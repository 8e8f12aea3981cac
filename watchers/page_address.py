"""The address that a page gives itself: `<link rel=canonical>`, else `og:url`. Pure.

Pages lie: many name their site's front page, a section, or the same article on all pages, and
articles that share an address are one. So the address counts only if it is of the link's site
and resembles the link or the title. Which error is worse: an address that is not believed
leaves two rows, whose texts make them copies; a lie that is believed loses an article.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, unquote, urlsplit

from selectolax.lexbor import LexborHTMLParser

from watchers import urls
from watchers.folding import fold
from watchers.url_paths import bare_path

HEAD = 256 * 1024  # bytes or characters of a page in which its head is looked for
# What a head holds beside meta, link, base: their text is none of the page's tags.
_OTHERS = ("script", "style", "noscript", "title")
_ENDS = {name: re.compile(f"</{name}\\b[^>]{{0,99}}>", re.IGNORECASE) for name in _OTHERS}
_ENDS["!--"] = re.compile("-->")
_MARK = re.compile(
    rf"<({'|'.join(_OTHERS)}|!--)(?![\w:])|<(?!!|/?(?:html|meta|link|base)\b|head\b)/?[a-z]",
    re.IGNORECASE,
)
_MOST_WORDS = 60  # of a title or a slug
_FEW = 3  # fewer words in common are chance, or a section's name
_SHARE = 0.5  # of the slug's words, and of the title's longer ones
_LONG = 4  # letters of a word that says something
_LETTERS = re.compile(r"[^\W\d_]+|\d+")
_NUMBER = re.compile(r"\d{4,}")
_YEAR = re.compile(r"(?:1[34]|19|20)\d\d")
_DATE = re.compile(r"(?:1[34]|19|20)\d\d(?:0[1-9]|1[0-2])(?:(?:0[1-9]|[12]\d|3[01])\d{0,6})?")
_EXTENSION = re.compile(r"\.[a-z]{2,5}$")
_LISTS = frozenset(
    (
        "tag", "tags", "topic", "topics", "category", "categories", "section", "sections",
        "author", "authors", "search", "archive", "archives", "page", "live", "login", "signin",
    )
)  # fmt: skip
_PAGE_OF_MANY = re.compile(r"(?:page|part|seite|teil|p)[-_]?\d{1,3}")
_LANGUAGES = frozenset(
    "fa en ar ckb ku ps ur az tr de fr es it sv no da nl fi ru he pt zh ja ko".split()  # noqa: SIM905 - a list of words
)
_LANGUAGE_NAMES = ("lang", "language", "hl", "locale")


def own_address(page: str, base: str, link: str, title: str) -> str | None:
    """The canonical URL that a page names for itself, or None if it names none to believe.

    `page` is its text (the first HEAD characters are looked at), `base` the address at which
    it was found after redirects, `link` the article's as its feed gave it. Never raises.
    """
    known = urls.canonical(link)
    for named in declared(page):
        absolute = urls.resolve(named, base)
        if absolute is None:
            continue
        address = urls.canonical(absolute)
        if address == known:
            return None
        if len(address) <= urls.MAX_URL and resembles(address, known, title):
            return address
    return None


def declared(page: str) -> tuple[str, ...]:
    """What a page's head names: the first rel=canonical, then the first og:url; not empty."""
    tree = LexborHTMLParser(_head(page[:HEAD].replace("\0", "")))
    if tree.head is None:
        return ()
    found: dict[str, str] = {}
    for node in tree.head.css("link[rel][href], meta[content]"):
        values = node.attributes
        if node.tag == "link" and "canonical" in (values.get("rel") or "").lower().split():
            found.setdefault("canonical", (values.get("href") or "").strip())
        elif (values.get("property") or values.get("name") or "").strip().lower() == "og:url":
            found.setdefault("og:url", (values.get("content") or "").strip())
    return tuple(found[kind] for kind in ("canonical", "og:url") if found.get(kind))


def _head(page: str) -> str:
    """A page's head without scripts, styles and comments, up to the first tag of its body.

    Read in one pass; nothing that a parser would nest deep is left.
    """
    kept: list[str] = []
    at = 0
    while mark := _MARK.search(page, at):
        kept.append(page[at : mark.start()])
        end = _ENDS[mark[1].lower()].search(page, mark.end()) if mark[1] else None
        if end is None:
            return "".join(kept)
        at = end.end()
    return "".join((*kept, page[at:]))


def resembles(address: str, link: str, title: str) -> bool:
    """Whether an address may be that of the article at `link`; both are canonical URLs."""
    there, here = urlsplit(address), urlsplit(link)
    same = there.port == here.port and _same_site(there.hostname or "", here.hostname or "")
    if there.fragment or not same:
        return False
    if there.path in ("", "/") and not there.query:
        return False
    place, origin = _Place(address), _Place(link)
    if place.is_above(origin) or place.contradicts(origin):
        return False
    return place.shares_name(origin) or place.shares_number(origin) or place.says(title, origin)


def _same_site(one: str, other: str) -> bool:
    """The same host, or one a subdomain of the other."""
    return one == other or one.endswith(f".{other}") or other.endswith(f".{one}")


class _Place:
    """An address taken apart as far as two are compared."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.host = parts.hostname or ""
        self.path = bare_path(parts.path)
        self.segments = [unquote(part) for part in self.path.split("/") if part]
        self.query = parse_qsl(parts.query)
        self.last = _EXTENSION.sub("", self.segments[-1].lower()) if self.segments else ""
        values = " ".join(value for _, value in self.query)
        self.numbers = [
            number
            for number in _NUMBER.findall(fold(f"{' '.join(self.segments)} {values}"))
            if not (_YEAR.fullmatch(number) or _DATE.fullmatch(number))
        ]

    @property
    def dates(self) -> list[int]:
        """The numbers of a path like /2026/07/30/."""
        return [int(part) for part in self.segments if part.isdecimal() and len(part) <= 4]

    @property
    def languages(self) -> set[str]:
        """The languages that host, path and query name."""
        marks = {self.host.partition(".")[0], *(part.lower() for part in self.segments[:2])}
        marks.update(value.lower() for name, value in self.query if name in _LANGUAGE_NAMES)
        return marks & _LANGUAGES

    def is_above(self, other: _Place) -> bool:
        """A section, or the page that a listing of many leads to."""
        above = len(self.segments) < len(other.segments) and not self.query
        is_list = _LISTS.intersection(map(str.lower, self.segments[:-1]))
        if is_list and not is_list.issubset(map(str.lower, other.segments)):
            return True
        return above and other.segments[: len(self.segments)] == self.segments

    def contradicts(self, other: _Place) -> bool:
        """Another day, another language, or another article's number."""
        if any(mine != its for mine, its in zip(self.dates, other.dates, strict=False)):
            return True
        if not other.languages <= self.languages or (other.languages and not self.languages):
            return True
        return bool(self.numbers and other.numbers) and self.numbers[-1] not in other.numbers

    def shares_name(self, other: _Place) -> bool:
        """The same last segment, which is no section's name."""
        name = self.last
        is_name = any(not char.isalpha() for char in name) and not name.isdecimal()
        return name == other.last and is_name and not _PAGE_OF_MANY.fullmatch(name)

    def shares_number(self, other: _Place) -> bool:
        """The same number of four digits or more, the last of each."""
        both = self.numbers and other.numbers
        return bool(both) and self.numbers[-1] == other.numbers[-1]

    def says(self, title: str, other: _Place) -> bool:
        """Most words of the slug stand in the title, and most of its longer ones in the slug.

        A section's name has few of the title's words; a number in a slug that is not in the
        title is another year's or another part's.
        """
        said = set(_LETTERS.findall(fold(title))[:_MOST_WORDS])
        longer = {word for word in said if len(word) >= _LONG}
        for segment in self.segments[-2:]:
            words = set(_LETTERS.findall(fold(_EXTENSION.sub("", segment)))[:_MOST_WORDS])
            small = {word for word in words if word.isdecimal() and word not in self.numbers}
            letters = {word for word in words if not word.isdecimal()}
            if small <= said.union(_LETTERS.findall(fold(other.path))) and (
                len(letters & said) >= max(_FEW, _SHARE * len(letters))
                and len(words & longer) >= _SHARE * len(longer)
            ):
                return True
        return False
