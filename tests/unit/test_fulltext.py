"""An article read again with its page: the text is taken only where it speaks of the same."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

import config
from watchers import fulltext
from watchers.fulltext import read_page, shares_subject
from watchers.match import Matcher
from watchers.model import Article, Entry, Item
from watchers.normalise import normalise
from watchers.reader import PageJob
from watchers.text import key
from watchers.watchlist import parse_watchlist

PAGES = Path(__file__).parents[1] / "data" / "pages"
INDEX: dict[str, dict[str, str]] = json.loads((PAGES / "index.json").read_text("utf-8"))
ARTICLES = [name for name, page in INDEX.items() if page["kind"] == "article"]
NOW = datetime(2026, 7, 30, tzinfo=UTC)
ABOUT_1988 = [name for name in ARTICLES if name != "short-with-teasers-en"]


@cache
def matcher() -> Matcher:
    """The shipped watchlist with two invented officials: articles name one, furniture the other."""
    shipped = parse_watchlist(config.shipped_watchlist(), "watchlist.toml")
    pattern = next(person for person in shipped.people if person.is_official)
    names = {
        "in-the-text": (
            "Farhad Moshirpanah",
            "Фархад Моширпанах",
            "فرهاد مشیرپناه",
            "فرهاد مشيربناه",
        ),
        "in-furniture": (
            "Bahram Tavakkolzad",
            "Бахрам Таваккользад",
            "بهرام توکل\u200cزاد",
            "بهرام توكل زاد",
        ),
    }
    invented = tuple(
        pattern.model_copy(
            update={
                "id": number,
                "name": forms[0],
                "aliases": forms,
                "fa": (),
                "ar": (),
                "needs_context": (),
            }
        )
        for number, forms in names.items()
    )
    return Matcher(dataclasses.replace(shipped, people=(*shipped.people, *invented)))


def article(title: str, text: str, **changes: object) -> Article:
    entry = Entry(guid="1", link="https://news.example/a", title=title, summary=text, published=NOW)
    made = normalise(entry, feed_url="", feed_language=None, now=NOW, unique_guid=True)
    assert made is not None
    return dataclasses.replace(made, **changes)  # type: ignore[arg-type]


def golden(name: str) -> Item:
    page = INDEX[name]
    body = (PAGES / f"{name}.html").read_bytes()
    job = PageJob(body, page["content_type"], article(page["title"], page["summary"]))
    return read_page(job, matcher())


def given_text(monkeypatch: pytest.MonkeyPatch, text: str, of: Article) -> Item:
    """What is read when the page's text is this."""
    monkeypatch.setattr(fulltext, "article_text", lambda *_: text)
    return read_page(PageJob(b"", "", of), matcher())


# ---------------------------------------------------------------- golden pages, judged


@pytest.mark.parametrize("name", ARTICLES)
def test_an_official_named_only_in_furniture_is_not_named(name: str) -> None:
    item = golden(name)
    assert item.article.is_full
    assert item.verdict.officials == (("in-the-text",) if name in ABOUT_1988 else ())


@pytest.mark.parametrize("name", ABOUT_1988)
def test_who_is_named_in_the_text_alone_is_found(name: str) -> None:
    page = INDEX[name]
    assert matcher().judge(page["title"], page["summary"]).officials == ()
    item = golden(name)
    assert item.verdict.relevant or page["language"] == "ru"  # no Russian phrases in the list
    reason = next(m for m in item.verdict.matches if m.subject == "in-the-text")
    assert item.article.text[reason.start : reason.end] == reason.alias


def test_an_article_on_other_things_among_such_teasers_is_not_relevant() -> None:
    verdict = golden("short-with-teasers-en").verdict
    assert (verdict.relevant, verdict.suspicious, verdict.officials) == (False, False, ())


@pytest.mark.parametrize("name", [name for name in INDEX if name not in ARTICLES])
def test_a_page_without_the_article_leaves_the_summary(name: str) -> None:
    item, page = golden(name), INDEX[name]
    assert not item.article.is_full
    assert item.article.text == page["summary"]
    assert item.verdict == matcher().judge(page["title"], page["summary"])


# ---------------------------------------------------------------- whose text it is

TITLE = "Judges of Iran speak about the prison letters of 1988"
SUMMARY = "In Exampleville a meeting was held on Friday."
BODY = "The judges met in Exampleville. " * 20


CONSENT = "We and our partners store cookies on your device. " * 9
BREAD = "The price of bread has risen again. " * 9
FA_TITLE, FA_TEXT = "یادبود کشتار تابستان در تورنتو", "كشتار تابستان را در تورنتو ياد كردند"
SHARES = {
    "the title's words": (TITLE, "", "Letters from prison, 1988: the judges of Iran spoke.", True),
    "a shorter run": (
        "Hm",
        f"Bread, flour, butter: {SUMMARY}",
        "It was held on Friday, we hear.",
        False,
    ),
    "a longer run": (
        "Hm",
        f"Bread, flour, butter: {SUMMARY}",
        "A meeting was held on Monday.",
        True,
    ),
    "Persian, other letters": (FA_TITLE, "", FA_TEXT, True),
    "other forms of the words": (TITLE, "", "A prisoner of Iran wrote a letter in 1988.", True),
    "title and summary": (
        TITLE,
        SUMMARY,
        "Friday's meeting in Exampleville: letters, 1988, Iran.",
        True,
    ),
    "another subject": (TITLE, SUMMARY, BREAD, False),
    "one word": (TITLE, "", "Judges like bread. " * 9, False),
    "one word of the summary": ("Hm", SUMMARY, "A meeting about bread. " * 9, False),
    "a consent page": (TITLE, SUMMARY, CONSENT, False),
}


@pytest.mark.parametrize(("title", "summary", "text", "same"), SHARES.values(), ids=SHARES)
def test_a_text_shares_the_subject_or_not(title: str, summary: str, text: str, same: bool) -> None:
    assert shares_subject(title, summary, text) == same


def test_a_text_of_another_subject_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    of = article(TITLE, SUMMARY)
    assert given_text(monkeypatch, "The price of bread has risen. " * 50, of).article == of


def test_a_shorter_text_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    of = article(TITLE, f"{TITLE}. {BODY}")
    assert given_text(monkeypatch, f"{TITLE}. {SUMMARY}", of).article == of


# ---------------------------------------------------------------- how it is taken


def test_the_summary_stays_before_a_text_that_does_not_say_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    item = given_text(monkeypatch, f"{TITLE}\n{BODY}", article(TITLE, "Our lead of today."))
    assert item.article.text == f"Our lead of today.\n{BODY}".rstrip()


def test_a_summary_that_the_text_says_is_not_told_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    lead = f"{SUMMARY} {TITLE}."
    item = given_text(monkeypatch, f"{lead}\n{BODY}", article(TITLE, f"{SUMMARY[:-1]}\u2009[…]"))
    assert item.article.text == f"{lead}\n{BODY}".rstrip()


def test_the_entry_stays_the_same_and_the_rest_follows_the_text(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    of = article(TITLE, SUMMARY)
    before = given_text(monkeypatch, "", of)
    item = given_text(monkeypatch, f"{TITLE}. {BODY}", of)
    kept = ("content_key", "guid_key", "url_key", "title", "published", "url", "language")
    assert [getattr(item.article, name) for name in kept] == [getattr(of, name) for name in kept]
    assert item.fingerprint.text_key != before.fingerprint.text_key


# ---------------------------------------------------------------- what the rules say of it


def test_one_line_about_1988_at_the_end_makes_an_article_no_coverage(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    title = "Iran: four men hanged for drug offences in Shiraz prison"
    tail = "Thousands of political prisoners were executed in the summer of 1988."
    text = (
        f"{title}. {'The four men had been sentenced for drug offences last year. ' * 40}\n{tail}"
    )
    assert not given_text(
        monkeypatch, text, article(title, "Four men were hanged.")
    ).verdict.relevant


def test_a_lead_about_1988_makes_it_coverage(monkeypatch: pytest.MonkeyPatch) -> None:
    title = "Iran: relatives meet in Oslo to remember the dead"
    lead = "They spoke of the 1988 massacre of political prisoners in Iran."
    text = f"{title}. {lead}\n{'The relatives met at a university in Oslo. ' * 40}"
    assert given_text(monkeypatch, text, article(title, "Relatives met.")).verdict.relevant


def test_a_page_takes_no_relevance_away(monkeypatch: pytest.MonkeyPatch) -> None:
    title = "Commission and judges: the prison letters"
    summary = "Iran: in 1988 they were executed in prison."
    of = article(title, summary)
    letters = "The prison letters of the judges. " * 60
    text = f"{title}. Halabja 1988: chemical attack. {letters}\n{summary}"
    assert matcher().judge(title, summary).relevant
    assert not matcher().judge(title, text).relevant
    item = given_text(monkeypatch, text, of)
    assert item.verdict.relevant
    assert item.article == of


# ---------------------------------------------------------------- the page's own address


def addressed(named: str, *, kind: str = "text/html", url: str = "", text: str = "") -> Article:
    """The article of https://news.example/a, read with a page that names this address."""
    head = f'<head><meta charset="utf-8"><link rel="canonical" href="{named}"></head>'
    body = f"{head}<body><article><p>{text}</p></article>".encode()
    return read_page(PageJob(body, kind, article(TITLE, SUMMARY), url), matcher()).article


SLUG = "https://news.example/judges-of-iran-speak-about-prison-letters-1988"


@pytest.mark.parametrize("text", ["", BODY], ids=["without text", "with its text"])
def test_a_page_gives_its_article_an_address_and_the_link_stays_known(text: str) -> None:
    found, of = addressed(SLUG, text=text), article(TITLE, SUMMARY)
    assert (found.canonical_url, found.url_key, found.link_key) == (SLUG, key(SLUG), of.url_key)
    assert (found.url, found.content_key, found.guid_key) == (of.url, of.content_key, of.guid_key)


def test_an_address_is_read_where_the_page_was_found() -> None:
    moved = "https://www.news.example/moved/here"
    slug = SLUG.rpartition("/")[2]
    assert addressed(slug, url=moved).canonical_url == f"https://news.example/moved/{slug}"


@pytest.mark.parametrize(
    ("named", "kind"),
    [("https://news.example/", "text/html"), ("/a?utm_source=x", ""), (SLUG, "application/pdf")],
    ids=["front page", "itself", "no web page"],
)
def test_other_addresses_leave_the_article_as_it_was(named: str, kind: str) -> None:
    assert addressed(named, kind=kind) == article(TITLE, SUMMARY)
