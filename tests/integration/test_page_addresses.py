"""Two feeds that print different links of the same articles, over HTTP: one article each."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

import config
from storage import open_store
from tests.feedserver import FeedServer
from watchers.addresses import parse_allowed_host
from watchers.feed_watcher import Watcher
from watchers.fetch import Fetcher, FetchOptions
from watchers.model import FeedSpec, PollSaved
from watchers.pages import Pages
from watchers.ports import Store
from watchers.watchlist import parse_watchlist
from watchers.workers import Workers

NOW = datetime(2026, 7, 30, 12, tzinfo=UTC)
TITLE = "Conference in Oslo hears families of the 1988 prison massacre"
SLUG = "/2026/07/conference-oslo-hears-families-1988-prison-massacre/"
PLAIN = "/?p=12"
PAGE = (Path(__file__).parents[1] / "data" / "pages" / "wordpress-en.html").read_text("utf-8")


def feed(link: str) -> str:
    return f"""<rss version="2.0"><channel><title>Example News</title><item>
<title>{TITLE}</title><link>{link}</link><guid isPermaLink="false">{link}</guid>
<pubDate>Thu, 30 Jul 2026 10:00:00 GMT</pubDate><description>Relatives spoke in Oslo.</description>
</item></channel></rss>"""


@pytest.fixture
def served() -> Iterator[FeedServer]:
    with FeedServer() as server:
        named = f'<link rel="canonical" href="{server.url(SLUG)}">'
        for path in (PLAIN, SLUG):
            page = PAGE.replace("<meta property", f"{named}<meta property", 1)
            server.set(path, page, content_type="text/html; charset=utf-8")
        server.set("/plain.xml", feed(PLAIN.replace("&", "&amp;")))
        server.set("/pretty.xml", feed(SLUG))
        yield server


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path}/a.db", create=True)
    yield opened
    opened.close()


@pytest.fixture
async def watcher(store: Store) -> AsyncIterator[Watcher]:
    options = FetchOptions("Dadkhah/1", allowed=(parse_allowed_host("127.0.0.1"),), host_delay=0)
    watchlist = parse_watchlist(config.shipped_watchlist(), "watchlist.toml")

    async def remembered(number: int) -> object:
        return store.remembered(number)

    with Workers(watchlist, processes=1) as workers:
        async with Fetcher(options) as fetcher:
            pages = Pages(fetcher, workers, clock=lambda: NOW)
            yield Watcher(fetcher, workers, remembered, lambda: NOW, pages.complete)  # type: ignore[arg-type]


async def poll(store: Store, watcher: Watcher, url: str) -> PollSaved:
    added = store.add_feed(FeedSpec(url), at=NOW, actor="cli")
    return store.save_poll(await watcher.watch(added))


@pytest.mark.parametrize("order", [("plain", "pretty"), ("pretty", "plain")], ids="-".join)
async def test_the_pages_word_joins_plain_and_pretty_links(
    served: FeedServer, store: Store, watcher: Watcher, order: tuple[str, str]
) -> None:
    saved = [await poll(store, watcher, served.url(f"/{name}.xml")) for name in order]
    assert [(one.new, one.copies) for one in saved] == [(1, 0), (0, 1)]
    (article,) = store.export()
    links = {"plain": served.url(PLAIN), "pretty": served.url(SLUG)}
    assert article.canonical_url == served.url(SLUG).replace("http:", "https:").rstrip("/")
    assert article.url == links[order[0]]
    assert links[order[1]] in article.also
    assert "eleven of his cellmates" in article.text
