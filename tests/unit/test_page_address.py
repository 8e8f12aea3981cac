"""A page's own address is believed where it resembles its article, and nowhere else."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchers.page_address import HEAD, declared, own_address
from watchers.urls import MAX_URL, canonical

TITLE = "Conference in Oslo hears families of the 1988 prison massacre"
SLUG = "conference-oslo-hears-families-1988-prison-massacre"
FA_TITLE = "خانواده‌های قربانیان کشتار ۶۷ در اسلو گرد آمدند"
FA_SLUG = "خانواده-های-قربانیان-كشتار-67-در-اسلو"
N = "https://news.example"


def page(canonical_link: str = "", og: str = "", before: str = "") -> str:
    """A page with these addresses in its head."""
    link = f'<link rel="canonical" href="{canonical_link}">' if canonical_link else ""
    meta = f'<meta property="og:url" content="{og}">' if og else ""
    return f"<!doctype html><html><head><title>x</title>{before}{link}{meta}</head><body><p>y"


# link, canonical of the page, title
BELIEVED = {
    "a slug in the title": (f"{N}/?p=12", f"{N}/2026/07/{SLUG}/", TITLE),
    "a slug with a file's ending": (f"{N}/?p=12", f"{N}/{SLUG}.html", TITLE),
    "a slug before a number": (f"{N}/?p=12", f"{N}/en/{SLUG}/a-48213", TITLE),
    "a slug that was cut": (f"{N}/?p=12", f"{N}/conference-oslo-hears-families-of-the", TITLE),
    "a slug with a number of its own": (f"{N}/?p=12", f"{N}/{SLUG}-48213", TITLE),
    "Persian, in other letters": (f"{N}/?p=12", f"{N}/fa/{FA_SLUG}", FA_TITLE),
    "the same number": (f"{N}/news/48213", f"{N}/news/48213/another-slug", "Hm"),
    "the same number in the query": (f"{N}/?newsid=48213", f"{N}/fa/news/48213", "Hm"),
    "a Persian number": (f"{N}/?newsid=48213", f"{N}/news/۴۸۲۱۳", "Hm"),
    "the same slug": (f"{N}/rss/oslo-families", f"{N}/story/oslo-families", "Hm"),
    "the same file": (f"{N}/x/s1.html", f"{N}/y/s1.html", "Hm"),
    "a date more": (f"{N}/oslo-families", f"{N}/2026/07/oslo-families", "Hm"),
    "the same date": (f"{N}/2026/7/30/oslo-families", f"{N}/news/2026/07/oslo-families", "Hm"),
    "www": (f"{N}/?p=12", f"http://www.news.example/{SLUG}", TITLE),
    "a host below": (f"{N}/?p=12", f"https://blog.news.example/{SLUG}", TITLE),
    "a host above": ("https://blog.news.example/?p=12", f"{N}/{SLUG}", TITLE),
    "relative": (f"{N}/?p=12", f"/{SLUG}", TITLE),
    "without a scheme": (f"{N}/?p=12", f"//news.example/{SLUG}", TITLE),
    "tracked": (f"{N}/?p=12", f"{N}/{SLUG}?utm_source=page", TITLE),
}
LIES = {
    "the front page": (f"{N}/48213", f"{N}/", TITLE),
    "the front page's file": (f"{N}/48213", f"{N}/index.html", TITLE),
    "the front page of a language": (f"{N}/fa/48213", f"{N}/fa/", TITLE),
    "a section": (f"{N}/iran/48213", f"{N}/iran", TITLE),
    "a section with words of the title": (f"{N}/?p=12", f"{N}/1988-prison-massacre", TITLE),
    "a tag": (f"{N}/?p=12", f"{N}/tag/{SLUG}", TITLE),
    "a section with a number": (f"{N}/s-48213/oslo", f"{N}/s-48213", "Oslo"),
    "another article": (f"{N}/?p=12", f"{N}/judges-of-geneva-speak-of-bread", TITLE),
    "another number": (f"{N}/news/48213", f"{N}/news/48214", TITLE),
    "another number in the same section": (f"{N}/77001/48213", f"{N}/77001/48214", TITLE),
    "the number of the section": (f"{N}/77001/48213", f"{N}/77001", TITLE),
    "another number, though of these words": (f"{N}/{SLUG}-48213", f"{N}/{SLUG}-48214", TITLE),
    "another year": (f"{N}/2026/08/yearly-statement", f"{N}/2025/08/yearly-statement", "Hm"),
    "another day": (f"{N}/2026/07/30/in-brief", f"{N}/2026/07/29/in-brief", "In brief"),
    "a year in common": (f"{N}/2026/oslo", f"{N}/2026/geneva", "Hm"),
    "a date in common": (f"{N}/oslo-20260730", f"{N}/geneva-20260730", "Hm"),
    "another year's slug": (
        f"{N}/?p=12",
        f"{N}/yearly-statement-of-the-families-2025",
        "Yearly statement of the families, 2026",
    ),
    "another part": (
        f"{N}/?p=13",
        f"{N}/letters-from-gohardasht-prison-part-1",
        "Letters from Gohardasht prison, part 2",
    ),
    "a page of many": (f"{N}/oslo/page-2", f"{N}/geneva/page-2", "Hm"),
    "a section's name twice": (f"{N}/x/iran", f"{N}/y/iran", "Iran"),
    "another language": (f"{N}/fa/48213", f"{N}/en/48213", TITLE),
    "the language left out": (f"{N}/fa/x-48213", f"{N}/x-48213", TITLE),
    "another language's host": ("https://fa.news.example/48213", f"{N}/en/48213", TITLE),
    "another site": (f"{N}/48213", "https://else.example/48213", TITLE),
    "another port": (f"{N}/48213", "https://news.example:8443/x/48213", TITLE),
    "a site that ends alike": (f"{N}/48213", "https://badnews.example/48213", TITLE),
    "a neighbour": ("https://fa.news.example/48213", "https://en.news.example/48213", TITLE),
    "no web address": (f"{N}/48213", "javascript:alert(48213)", TITLE),
    "no address": (f"{N}/48213", "http://[48213", TITLE),
    "too long": (f"{N}/48213", f"{N}/48213/{'x' * MAX_URL}", TITLE),
    "a route": (f"{N}/48213", f"{N}/#!/48213", TITLE),
    "two words": (f"{N}/?p=12", f"{N}/conference-oslo", TITLE),
    "nothing": (f"{N}/48213", "", TITLE),
    "itself": (f"{N}/48213", "http://www.news.example/48213/?utm_source=x#top", TITLE),
}


@pytest.mark.parametrize(("link", "named", "title"), BELIEVED.values(), ids=BELIEVED)
def test_an_address_that_resembles_its_article_is_believed(
    link: str, named: str, title: str
) -> None:
    base = "https://news.example/found/here"
    expected = canonical(named if "//" in named[:8] and ":" in named[:6] else f"{N}/{SLUG}")
    assert own_address(page(named), base, link, title) == expected
    assert own_address(page(og=named), base, link, title) == expected


@pytest.mark.parametrize(("link", "named", "title"), LIES.values(), ids=LIES)
def test_an_address_that_may_be_anothers_is_not_believed(link: str, named: str, title: str) -> None:
    assert own_address(page(named), link, link, title) is None
    assert own_address(page(og=named), link, link, title) is None


def test_the_canonical_link_comes_first() -> None:
    both = page(f"{N}/{SLUG}", f"{N}/{SLUG}-2026")
    assert own_address(both, N, f"{N}/?p=12", TITLE) == f"{N}/{SLUG}"


def test_a_lie_leaves_the_other_word() -> None:
    assert own_address(page(f"{N}/", f"{N}/{SLUG}"), N, f"{N}/?p=12", TITLE) == f"{N}/{SLUG}"


def test_a_page_that_says_that_it_is_where_it_is_names_no_other() -> None:
    assert own_address(page(f"{N}/?p=12", f"{N}/{SLUG}"), N, f"{N}/?p=12", TITLE) is None


A, B = f"{N}/a-48213", f"{N}/b-48214"
READ: dict[str, tuple[str, tuple[str, ...]]] = {
    "the first of each": (page(A, B, f'<link rel="CANONICAL" href="{B}">'), (B, B)),
    "several words": (f'<link rel="shortlink  canonical" href=" {A} ">', (A,)),
    "og:url as a name": (f"<meta name='og:url' content='{A}'>", (A,)),
    "escaped": (f'<link rel=canonical href="{A}?a=1&amp;b=2">', (f"{A}?a=1&b=2",)),
    "in a comment": (f"<!-- {page(A)} -->", ()),
    "in a script": (f"<script>'<link rel=canonical href={A}>'</script>", ()),
    "after a script": (f"<script>if (a<b) '<div>'</SCRIPT ><style>p</style>{page(A)}", (A,)),
    "after what is shown without scripts": (f"<noscript><img></noscript>{page(A)}", (A,)),
    "after a title with a tag": (f"<title><b>x</title>{page(A)}", (A,)),
    "after a comment with a tag": (f"<!-- <div> -->{page(A)}", (A,)),
    "in the body": (f"<body><link rel=canonical href={A}>", ()),
    "behind the head": (f"<p>x<link rel=canonical href={A}>", ()),
    "an alternate": (f'<link rel="alternate" href="{A}">', ()),
    "empty": (page(" ", ""), ()),
    "no page": ("", ()),
    "NUL": (f"<link\0 rel=canonical href={A}>", (A,)),
    "beyond the head's size": (f"<style>{'x' * HEAD}</style>{page(A)}", ()),
}


@pytest.mark.parametrize(("html", "found"), READ.values(), ids=READ)
def test_only_the_head_is_read(html: str, found: tuple[str, ...]) -> None:
    assert declared(html) == found


HOSTILE = {
    "nested": "<div>" * 500_000,
    "attributes": "<link " + "rel=canonical " * 300_000,
    "links": "<link rel=canonical href='http://['>" * 200_000,
    "metas": "<meta property=og:url content='x'>" * 200_000,
    "a long address": page(f"{N}/" + "a-" * 500_000),
    "a long slug": page(f"{N}/" + "a-" * 900),
    "open quotes": '<link rel="canonical' * 200_000,
    "open scripts": "<script " * 300_000,
    "closed scripts": "<script></script>" * 200_000,
    "open ends of scripts": "<script>" + "</script" * 300_000,
    "comments": "<!--" * 500_000,
    "no head's end": "</head" [:-1] * 500_000,
}  # fmt: skip


@pytest.mark.parametrize("html", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_page_costs_no_time(html: str) -> None:
    start = time.perf_counter()
    assert own_address(html, N, f"{N}/?p=12", "a " * 200_000) is None
    assert time.perf_counter() - start < 2


@given(st.text(max_size=200), st.text(max_size=60), st.text(max_size=60))
def test_nothing_raises(named: str, link: str, title: str) -> None:
    own_address(page(named), link, f"{N}/{link}", title)
    own_address(named, link, link, title)
