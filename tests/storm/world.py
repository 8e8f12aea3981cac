"""The feeds of a storm, and the pages of their articles: news all the time, faults now and then.

Sixty feeds on twenty hosts, so that a host has several; every tenth feed redirects to an address
on a host that all of those share; articles on the subject have their pages on two more hosts.
So two workers want the same host at the same time, in all the ways in which they can.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime

from benchmarks.late_server import Answer
from benchmarks.words import sentences, title

FEEDS = 60
HOSTS = 20
NETWORK = "127.2.0.0/16"
_SHARED = "127.2.1.1"
_PAGES = ("127.2.2.1", "127.2.2.2")
_REDIRECTS = 10  # every so many feeds
_TALKING = 0.4  # share of entries that are on the subject
_LISTED = 200  # entries of a document: none is lost because nobody looked
_FAULTS = 0.03  # share of requests that go wrong
# Cities keep invented events apart: each pair of a city and a thing is a story of its own, nearly.
_CITIES = (
    "Amman", "Bologna", "Bremen", "Cordoba", "Dresden", "Erfurt", "Freiburg", "Ghent", "Granada",
    "Kassel", "Lille", "Lund", "Montreal", "Paris", "Geneva", "Stockholm", "Berlin", "Rome",
    "Vienna", "Oslo", "London", "Brussels", "Hamburg", "Munich", "Cologne", "Lyon", "Toronto",
    "Sydney", "Copenhagen", "Helsinki", "Madrid", "Barcelona", "Lisbon", "Milan", "Zurich",
    "Warsaw", "Prague", "Athens", "Dublin", "Ottawa", "Lahore", "Tokyo", "Boston", "Chicago",
    "Houston", "Turin", "Naples", "Valencia", "Seville", "Porto", "Budapest", "Bucharest",
    "Istanbul", "Ankara", "Baghdad", "Erbil", "Beirut", "Gothenburg", "Aarhus", "Bergen",
)  # fmt: skip
_A_CITY = 4  # entries on the subject
_THINGS = ("Exhibition", "Petition", "Book", "Film", "Conference", "Memorial", "Choir", "Letter")
_XML = b"Content-Type: application/rss+xml; charset=utf-8\r\n"
_HTML = b"Content-Type: text/html; charset=utf-8\r\n"


@dataclass(frozen=True)
class News:
    """One entry of a feed."""

    headline: str
    text: str
    relevant: bool
    at: datetime


@dataclass
class World:
    """What is served; `publish` is called from another thread than answers are."""

    seed: int
    calm: bool = False  # no more faults
    port: int = 0
    news: list[list[News]] = field(default_factory=lambda: [[] for _ in range(FEEDS)])

    def __post_init__(self) -> None:
        self._dice = random.Random(f"{self.seed} news")
        self._luck = random.Random(f"{self.seed} faults")

    def feed_urls(self) -> list[str]:
        """The addresses that are watched."""
        return [f"http://{host_of(number)}:{self.port}/feed/{number}" for number in range(FEEDS)]

    def publish(self, *, relevant: bool | None = None) -> None:
        """One more entry in one of the feeds."""
        dice = self._dice
        number = dice.randrange(FEEDS)
        if relevant is None:
            relevant = dice.random() < _TALKING
        headline, text = title("en", dice), " ".join(sentences("en", 40, dice))
        if relevant:
            told = sum(one.relevant for own in self.news for one in own)
            city = _CITIES[told // _A_CITY % len(_CITIES)]  # so that there are new stories always
            thing, count = dice.choice(_THINGS), dice.randint(11, 480)
            headline = f"{thing} in {city} recalls the 1988 massacre in Iran"
            opening = "relatives of political prisoners of 1988 in Iran came to the"
            text = f"Some {count} {opening} {thing.lower()} in {city}. {text}"
        self.news[number].append(News(headline, text, relevant, datetime.now(UTC)))

    def wanted(self) -> list[str]:
        """The addresses of all entries on the subject."""
        return [
            self.link(number, place)
            for number, own in enumerate(self.news)
            for place, one in enumerate(own)
            if one.relevant
        ]

    def link(self, number: int, place: int) -> str:
        """The address of an entry; those on the subject have a page."""
        relevant = self.news[number][place].relevant
        host = _PAGES[number % len(_PAGES)] if relevant else host_of(number)
        return f"http://{host}:{self.port}/news/{number}/{place}"

    # ------------------------------------------------------------ what is answered

    def answer(self, host: str, path: str, head: bytes) -> Answer:
        """The answer to one request."""
        late = self._luck.uniform(0.05, 0.4)
        if not self.calm and self._luck.random() < _FAULTS:
            return self._fault(late)
        kind, _, rest = path.strip("/").partition("/")
        find: Callable[[str, str, bytes], tuple[int, bytes, bytes]] = {
            "feed": self._feed, "moved": self._moved, "news": self._page,
        }.get(kind, _nothing)  # fmt: skip
        status, headers, body = find(host, rest, head)
        return Answer(status, body, headers, late)

    def _fault(self, late: float) -> Answer:
        status = self._luck.choice((0, 500, 503))
        return Answer(status, b"", b"Retry-After: 1\r\n" if status == 503 else b"", late)

    def _feed(self, host: str, rest: str, head: bytes) -> tuple[int, bytes, bytes]:
        number = int(rest)
        if number % _REDIRECTS == 0 and host != _SHARED:
            return 302, b"Location: http://%b:%d/moved/%d\r\n" % (
                _SHARED.encode(), self.port, number,
            ), b""  # fmt: skip
        return self._moved(host, rest, head)

    def _moved(self, _host: str, rest: str, head: bytes) -> tuple[int, bytes, bytes]:
        number = int(rest)
        own = list(self.news[number])
        tag = f'"{number}-{len(own)}"'.encode()
        if b"if-none-match: " + tag + b"\r\n" in head:
            return 304, b"ETag: %b\r\n" % tag, b""
        return 200, b"ETag: %b\r\n%b" % (tag, _XML), self._document(number, own)

    def _document(self, number: int, own: list[News]) -> bytes:
        places = range(max(0, len(own) - _LISTED), len(own))
        entries = "".join(self._entry(number, place, own[place]) for place in reversed(places))
        return (
            '<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel>'
            f"<title>Feed {number}</title><link>http://{host_of(number)}/</link>"
            f"<description>Invented</description>{entries}</channel></rss>"
        ).encode()

    def _entry(self, number: int, place: int, one: News) -> str:
        link = self.link(number, place)
        return (
            f"<item><title>{one.headline}</title><link>{link}</link><guid>{link}</guid>"
            f"<pubDate>{format_datetime(one.at)}</pubDate>"
            f"<description>{one.text[:200]}</description></item>"
        )

    def _page(self, _host: str, rest: str, _head: bytes) -> tuple[int, bytes, bytes]:
        number, place = (int(part) for part in rest.split("/"))
        one = self.news[number][place]
        body = "".join(f"<p>{one.text}</p>" for _ in range(3))
        html = f"<html><body><article><h1>{one.headline}</h1>{body}</article></body></html>"
        return 200, _HTML, html.encode()


def host_of(number: int) -> str:
    """The host of a feed."""
    return f"127.2.0.{number % HOSTS + 1}"


def _nothing(_host: str, _rest: str, _head: bytes) -> tuple[int, bytes, bytes]:
    return 404, b"", b""  # robots.txt, for one
