"""An entry becomes an article with one address, plain text and a believable time."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchers.dedupe import fingerprint, first_of_copies
from watchers.model import Article, Entry, Grouped
from watchers.normalise import body_text, language_of, normalise
from watchers.text import clean

NOW = datetime(2026, 7, 30, 12, tzinfo=UTC)
FEED = "https://news.example/feed"
ENTRY = Entry(
    guid="g1",
    link="/story?utm_source=rss",
    title="A <b>title</b>",
    summary="<p>Lead.</p>",
    published=NOW - timedelta(hours=1),
)
wild = st.text(alphabet=st.characters(exclude_categories=()), max_size=60)


def article(entry: Entry = ENTRY, *, unique: bool = True, language: str | None = None) -> Article:
    made = normalise(entry, feed_url=FEED, feed_language=language, now=NOW, unique_guid=unique)
    assert made is not None
    return made


def test_an_entry_becomes_an_article() -> None:
    made = article()
    assert made.url == "https://news.example/story?utm_source=rss"
    assert made.canonical_url == "https://news.example/story"
    assert (made.title, made.text, made.published) == ("A title", "Lead.", ENTRY.published)


def test_an_entry_that_is_nothing_at_all_is_no_article() -> None:
    nothing = Entry(guid="g", link="mailto:x@news.example", title=" ", summary="<p></p>")
    assert normalise(nothing, feed_url=FEED, feed_language=None, now=NOW, unique_guid=True) is None


def test_the_guid_is_the_identity_of_an_entry() -> None:
    changed = replace(ENTRY, title="Another", link="/other")
    assert article(changed).guid_key == article().guid_key
    assert article(changed).url_key != article().url_key


def test_a_guid_that_repeats_identifies_nothing() -> None:
    other = replace(ENTRY, link="/other")
    assert article(other, unique=False).guid_key != article(unique=False).guid_key


def test_an_entry_without_a_link_has_an_address_within_its_feed() -> None:
    one, other = (article(replace(ENTRY, link=None, guid=guid)) for guid in ("a", "b"))
    assert one.canonical_url.startswith(f"{FEED}#entry-")
    assert one.url_key != other.url_key
    assert one.url == FEED


def test_a_changed_text_changes_the_content_key_only() -> None:
    changed = article(replace(ENTRY, summary="<p>Corrected.</p>"))
    assert changed.content_key != article().content_key
    assert (changed.guid_key, changed.url_key) == (article().guid_key, article().url_key)


def test_markup_that_changes_alone_changes_nothing() -> None:
    same = article(replace(ENTRY, summary="<div><i>Lead.</i></div>"))
    assert same.content_key == article().content_key


def test_a_text_without_a_title_is_headed_by_its_first_line() -> None:
    made = article(replace(ENTRY, title="", summary="<p>First.</p><p>Second.</p>"))
    assert (made.title, made.text) == ("First.", "First.\nSecond.")


TIMES: dict[str, tuple[datetime | None, datetime | None]] = {
    "past": (NOW - timedelta(days=3), NOW - timedelta(days=3)),
    "future": (NOW + timedelta(days=3), NOW),
    "epoch": (datetime(1970, 1, 1, tzinfo=UTC), None),
    "year 1": (datetime(1, 1, 1, tzinfo=UTC), None),
    "missing": (None, None),
}


@pytest.mark.parametrize(("printed", "kept"), TIMES.values(), ids=TIMES)
def test_times_are_believed_only_between_1971_and_now(
    printed: datetime | None, kept: datetime | None
) -> None:
    assert article(replace(ENTRY, published=printed)).published == kept


BODIES = {
    "summary only": ("<p>Lead.</p>", "", "Lead."),
    "content only": ("", "<p>All.</p>", "All."),
    "content begins with it": ("Lead…", "<p>Lead and the rest.</p>", "Lead and the rest."),
    "two texts": ("Lead.", "<p>Something else.</p>", "Lead.\nSomething else."),
    "WordPress tail": ("Lead.<p>The post <a>T</a> appeared first on <a>S</a>.</p>", "", "Lead."),
    "French tail": ("<p>A.</p><p>L’article T est apparu en premier sur S.</p>", "", "A."),
    "German tail": ("<p>A.</p><p>Der Beitrag T erschien zuerst auf S.</p>", "", "A."),
    "a post in the text": ("The post was abolished.", "", "The post was abolished."),
}


@pytest.mark.parametrize(("summary", "content", "text"), BODIES.values(), ids=BODIES)
def test_the_text_says_everything_once(summary: str, content: str, text: str) -> None:
    assert body_text(summary, content) == text


LANGUAGES: dict[str, tuple[str, str | None, str | None]] = {
    "declared": ("A text in English", "en", "en"),
    "region": ("A text in English", "en-GB", "en"),
    "underscore": ("Un texte", "fr_FR", "fr"),
    "unknown": ("A text in English", None, None),
    "nonsense": ("A text in English", "x!", None),
    "a word": ("A text in English", "english", None),
    "Persian": ("این خبر را از تهران می\u200cخوانید", None, "fa"),
    "Persian declared English": ("این خبر را از تهران می\u200cخوانید", "en-US", "fa"),
    "Arabic": ("هذا الخبر من طهران إلى القراء في العالم", None, "ar"),
    "Arabic declared English": ("هذا الخبر من طهران إلى القراء", "en", "ar"),
    "Urdu declared": ("یہ خبر تہران سے ہے", "ur", "ur"),
    "English declared Persian": ("A long text in English letters", "fa", None),
    "nothing": ("", "fa", "fa"),
}


@pytest.mark.parametrize(("text", "declared", "language"), LANGUAGES.values(), ids=LANGUAGES)
def test_the_script_outweighs_the_declared_language(
    text: str, declared: str | None, language: str | None
) -> None:
    assert language_of(text, declared) == language


def test_an_entrys_own_language_outweighs_the_feeds() -> None:
    assert article(replace(ENTRY, language="sv"), language="en").language == "sv"


# ---------------------------------------------------------------- aggregators

HIDDEN = Entry(
    guid="g",
    link="https://news.google.com/rss/articles/CBMiQUFVX3lxTE5leGFtcGxlZXhhbXBsZQ?oc=5",
    title="Families gather at the cemetery again - The Paper",
    summary='<a href="https://news.google.com/x">Families gather at the cemetery again</a>'
    '&nbsp;&nbsp;<font color="#6f6f6f">The Paper</font>',
    published=NOW - timedelta(hours=1),
    source="The Paper",
    source_url="https://www.paper.example",
)


def test_an_aggregators_link_gives_way_to_the_articles() -> None:
    wrapped = replace(
        ENTRY, link="https://www.google.com/url?url=https%3A//paper.example/a%3Fy%3D2"
    )
    made = article(replace(wrapped, source="The Paper", title="One - The Paper"))
    assert made.url == made.canonical_url == "https://paper.example/a?y=2"
    assert (made.title, made.source, made.source_url) == ("One", "", None)


def test_where_the_link_hides_it_the_outlet_is_kept() -> None:
    made = article(HIDDEN)
    assert (made.title, made.text) == ("Families gather at the cemetery again", "")
    assert (made.source, made.source_url) == ("The Paper", "https://www.paper.example")


def test_an_outlets_own_entry_keeps_no_source() -> None:
    made = article(replace(HIDDEN, link="https://paper.example/a"))
    assert (made.source, made.source_url, made.text) == ("", None, "")


OUTLETS = {
    "its own name": ("Title - The Paper", "The Paper", "Title"),
    "in other letters": ("Title - دادنامه‌ی ما", "دادنامه ي ما", "Title"),
    "another name": ("Title - Part two", "The Paper", "Title - Part two"),
    "no outlet": ("Title - The Paper", "", "Title - The Paper"),
    "nothing but it": (" - The Paper", "The Paper", "- The Paper"),
    "the last of two": ("A - B - The Paper", "The Paper", "A - B"),
}


@pytest.mark.parametrize(("printed", "outlet", "title"), OUTLETS.values(), ids=OUTLETS)
def test_a_title_loses_the_outlets_name(printed: str, outlet: str, title: str) -> None:
    assert article(replace(HIDDEN, title=printed, source=outlet)).title == title


def test_a_summary_of_its_own_stays() -> None:
    bing = "https://www.bing.com/news/apiclick.aspx?ref=FexRss&aid="
    lead = "The families came early, and the gates were locked."
    assert article(replace(HIDDEN, link=bing, summary=lead)).text == lead


def grouped(number: int, made: Article) -> Grouped:
    return Grouped(
        id=number,
        canonical_url=made.canonical_url,
        title=made.title,
        text=made.text,
        published=made.published,
        first_seen=NOW,
        language=made.language,
        relevant=True,
        officials=(),
        fingerprint=fingerprint(made.title, made.text, close=True),
    )


def test_the_copy_at_the_outlet_is_found_by_its_title() -> None:
    own = Entry(
        guid="1",
        link="https://www.paper.example/cemetery",
        title="Families gather at the cemetery again",
        summary="<p>They brought flowers, as they do every year, and were turned away.</p>",
        published=NOW - timedelta(hours=3),
    )
    theirs, hidden = grouped(1, article(own)), grouped(2, article(HIDDEN))
    assert set(theirs.fingerprint.bands) & set(hidden.fingerprint.bands)  # a candidate
    assert first_of_copies(hidden, [theirs]) == (theirs, "same title")


@given(guid=st.none() | wild, link=st.none() | wild, title=wild, summary=wild, content=wild)
def test_whatever_an_entry_holds_its_article_can_be_stored(
    guid: str | None, link: str | None, title: str, summary: str, content: str
) -> None:
    entry = Entry(guid=guid, link=link, title=title, summary=summary, content=content)
    made = normalise(entry, feed_url=FEED, feed_language=title, now=NOW, unique_guid=True)
    if made is None:
        return
    assert made.title == clean(made.title).replace("\n", " ")
    assert made.text == clean(made.text)
    for value in asdict(made).values():
        assert not isinstance(value, str) or "\0" not in value.encode().decode()


@pytest.mark.parametrize(
    ("text", "declared", "language"),
    [
        ("The families of those who were executed have asked for an inquiry.", "fr", "en"),
        ("Le portail de la ville a été fermé par les autorités pour dix jours.", "en", "fr"),
        ("Die Familien der Hingerichteten haben mit dem Anwalt und der Stadt geredet.", "en", "de"),
        ("The families asked.", "fr", "fr"),
        ("Raisi: «Un giorno»", "it", "it"),
        ("The families of those who were executed have asked for an inquiry.", "nl", "nl"),
    ],
)  # fmt: skip
def test_a_language_that_is_plainly_another_is_not_believed(
    text: str, declared: str, language: str
) -> None:
    assert language_of(text, declared) == language
