"""The bundled sample feeds: readable, dated as stated, and different only where meant."""

import io
import json
import re
from calendar import timegm
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import feedparser
import pytest

from bot.demo.samples import SampleFeed, render, sample_feeds

NOW = datetime(2026, 11, 20, 12, 34, 56, 789, tzinfo=UTC)
FEEDS = {feed.file: feed for feed in sample_feeds()}

# Entries at the first and at the second poll.
ENTRIES = {
    "rights-monitor.xml": (3, 4),
    "palais-notebook.xml": (3, 3),
    "courrier-libertes.xml": (3, 3),
    "elbe-umschau.xml": (3, 4),
    "rattsnotiser.xml": (2, 2),
    "correo-austral.xml": (3, 4),
    "al-qandil.xml": (3, 3),
    "kooche-press.xml": (4, 6),
    "payam-kohan.xml": (3, 3),
    "yadnameh.rdf": (3, 3),
    "docket-lamp.json": (2, 3),
    "names-appeal.xml": (2, 2),
    "exile-forum.xml": (2, 2),
    "open-envelope.xml": (2, 2),
    "khabar-resmi.xml": (3, 3),
    "harbour-gazette.xml": (3, 3),
    "news-pointer.xml": (4, 4),
}
CHANGED = {
    "rights-monitor.xml",
    "elbe-umschau.xml",
    "correo-austral.xml",
    "kooche-press.xml",
    "docket-lamp.json",
}
BROKEN, UNUSABLE, JSON_FEED = "harbour-gazette.xml", "lantern-weekly.html", "docket-lamp.json"
XML_FEEDS = sorted(set(ENTRIES) - {JSON_FEED})
OLD, UNDATED = "https://rights-monitor.example/0/list-of-names", "http://yadnameh.example/names"


def parse(feed: SampleFeed, wave: int) -> Any:
    # Bytes only: feedparser would fetch a string that looks like an address.
    headers = {"content-type": f"{feed.content_type}; charset={feed.charset}"}
    return feedparser.parse(io.BytesIO(render(feed, wave, NOW)), response_headers=headers)


def dates(feed: SampleFeed, wave: int) -> dict[str, datetime | None]:
    if feed.file == JSON_FEED:
        items = json.loads(render(feed, wave, NOW))["items"]
        return {item["url"]: datetime.fromisoformat(item["date_published"]) for item in items}
    return {
        entry.link: datetime.fromtimestamp(timegm(when), UTC) if when else None
        for entry in parse(feed, wave).entries
        for when in [entry.get("published_parsed") or entry.get("updated_parsed")]
    }


def test_every_feed_lives_on_its_own_reserved_host_and_covers_the_languages_and_kinds() -> None:
    hosts = [urlsplit(feed.url).hostname or "" for feed in FEEDS.values()]
    assert len(set(hosts)) == len(hosts) == 18
    assert all(host.endswith((".example", ".test")) for host in hosts)
    assert {feed.language for feed in FEEDS.values()} == {"en", "fa", "fr", "de", "sv", "ar", "es"}
    assert {feed.kind for feed in FEEDS.values()} == {
        "human-rights", "un", "persian-media", "world-media", "court-law", "advocacy", "state",
    }  # fmt: skip
    assert set(FEEDS) == {*ENTRIES, UNUSABLE}


@pytest.mark.parametrize("file", sorted(FEEDS))
def test_every_address_inside_a_feed_is_on_a_reserved_host(file: str) -> None:
    text = render(FEEDS[file], 2, NOW).decode(FEEDS[file].charset)
    namespaces = {"www.w3.org", "purl.org", "jsonfeed.org"}
    hosts = set(re.findall(r"https?://([^/\"<\s]+)", text)) - namespaces
    assert all(host.endswith((".example", ".test")) for host in hosts)


@pytest.mark.parametrize("wave", [1, 2])
@pytest.mark.parametrize("file", sorted(set(XML_FEEDS) - {BROKEN}))
def test_xml_feeds_are_well_formed(file: str, wave: int) -> None:
    body = render(FEEDS[file], wave, NOW)
    assert b"{{" not in body
    assert b"<!--" not in body
    # expat knows only a few encodings by itself; the declared one is checked below.
    text = body.decode(FEEDS[file].charset)
    ET.fromstring(re.sub(r"^<\?xml[^>]*\?>", "", text))


@pytest.mark.parametrize("wave", [1, 2])
@pytest.mark.parametrize("file", XML_FEEDS)
def test_feedparser_reads_the_expected_entries_and_language(file: str, wave: int) -> None:
    feed = FEEDS[file]
    parsed = parse(feed, wave)
    assert len(parsed.entries) == ENTRIES[file][wave - 1]
    assert parsed.feed.language.split("-")[0] == feed.language
    assert all(entry.title and entry.link for entry in parsed.entries)
    assert bool(parsed.bozo) == (file == BROKEN)


def test_the_broken_feed_is_not_well_formed_and_still_gives_links_and_dates() -> None:
    with pytest.raises(ET.ParseError):
        ET.fromstring(render(FEEDS[BROKEN], 1, NOW))
    assert "https://www.harbour-gazette.example/world/hague-hearing" in dates(FEEDS[BROKEN], 1)
    assert None not in dates(FEEDS[BROKEN], 1).values()


def test_the_unusable_feed_is_a_page_without_entries() -> None:
    feed = FEEDS[UNUSABLE]
    assert feed.content_type == "text/html"
    assert render(feed, 1, NOW) == render(feed, 2, NOW)
    assert not parse(feed, 1).entries


@pytest.mark.parametrize("wave", [1, 2])
def test_the_json_feed_is_valid_and_carries_no_marks(wave: int) -> None:
    document = json.loads(render(FEEDS[JSON_FEED], wave, NOW))
    assert document["version"] == "https://jsonfeed.org/version/1.1"
    assert document["language"] == "en"
    assert len(document["items"]) == ENTRIES[JSON_FEED][wave - 1]
    assert not any("_wave" in item for item in document["items"])


def test_the_windows_1256_feed_decodes_to_persian_with_arabic_letters_and_zwnj() -> None:
    feed = FEEDS["payam-kohan.xml"]
    body = render(feed, 1, NOW)
    assert b'encoding="windows-1256"' in body
    with pytest.raises(UnicodeDecodeError):
        body.decode("utf-8")
    # Without the HTTP header the declaration alone must be enough.
    parsed = feedparser.parse(io.BytesIO(body))
    assert parsed.encoding == "windows-1256"
    assert parsed.entries[0].title.split("\u200c") == [
        "مراسم يادبود در خاوران؛ خانواده",
        "هاي اعدام",
        "شدگان 67 پشت در ماندند",
    ]


@pytest.mark.parametrize("file", sorted(ENTRIES))
def test_first_wave_is_news_of_the_last_day_but_for_the_old_and_the_undated(file: str) -> None:
    found = dates(FEEDS[file], 1)
    for link, when in found.items():
        if link == UNDATED:
            assert when is None
        elif link == OLD:
            assert when == NOW.replace(microsecond=0) - timedelta(days=40)
        else:
            assert when is not None
            assert timedelta(hours=1) < NOW - when < timedelta(hours=24)


@pytest.mark.parametrize("file", sorted(ENTRIES))
def test_new_entries_of_the_second_wave_are_of_the_last_half_hour(file: str) -> None:
    first, second = dates(FEEDS[file], 1), dates(FEEDS[file], 2)
    assert first.items() <= second.items()
    fresh = [second[link] for link in second.keys() - first.keys()]
    assert len(fresh) == ENTRIES[file][1] - ENTRIES[file][0]
    assert all(when and timedelta(0) < NOW - when < timedelta(minutes=30) for when in fresh)


@pytest.mark.parametrize("file", sorted(FEEDS))
def test_only_the_feeds_with_news_change_between_the_waves(file: str) -> None:
    changed = render(FEEDS[file], 1, NOW) != render(FEEDS[file], 2, NOW)
    assert changed == (file in CHANGED)


def test_an_updated_article_keeps_its_address_and_changes_its_figure() -> None:
    link = "https://rights-monitor.example/1/khavaran-gates"
    titles = {
        wave: next(e.title for e in parse(FEEDS["rights-monitor.xml"], wave).entries
                   if e.link == link)
        for wave in (1, 2)
    }  # fmt: skip
    assert "about 80" in titles[1]
    assert "about 120" in titles[2]


@pytest.mark.parametrize("file", sorted(FEEDS))
def test_the_same_instant_gives_the_same_bytes_in_any_time_zone(file: str) -> None:
    elsewhere = NOW.astimezone(timezone(timedelta(hours=3, minutes=30)))
    assert render(FEEDS[file], 1, NOW) == render(FEEDS[file], 1, elsewhere)


@pytest.mark.parametrize(
    ("wave", "now"), [(0, NOW), (3, NOW), (1, NOW.replace(tzinfo=None))], ids=["0", "3", "naive"]
)
def test_unknown_waves_and_naive_instants_are_refused(wave: int, now: datetime) -> None:
    with pytest.raises(ValueError):
        render(FEEDS[JSON_FEED], wave, now)
