"""A served feed whose articles are corrected, mended, taken out and put back. All is invented."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape
from pathlib import Path
from typing import Any

import pytest

from tests.feedserver import FeedServer
from tests.journey.harness import CommandLine, Environment, Said, feed_list

_NOW = datetime.now(UTC)
CALL = (
    "Former judges backed a call in Ghent for an inquiry into the 1988 massacre of political "
    "prisoners in Iran."
)
SEVEN = f"{CALL} They said that seven families had given evidence to them on Monday."
NINE = SEVEN.replace("seven", "nine")
FA = "قاضیان پیشین در گنت خواستار تحقیق درباره کشتار زندانیان سیاسی ایران در سال ۱۳۶۷ شدند."


def _entry(slug: str, title: str, text: str, hours: float) -> str:
    url = f"https://sample.example/{slug}"
    date = format_datetime(_NOW - timedelta(hours=hours))
    return (
        f"<item><title>{escape(title)}</title><link>{url}</link><guid>{url}</guid>"
        f"<pubDate>{date}</pubDate><description>{escape(text)}</description></item>"
    )


def _feed(*entries: str) -> str:
    return (
        '<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>Sample</title>'
        f"<language>en</language>{''.join(entries)}</channel></rss>"
    )


REST = (
    _entry("weather", "Rain in the north", "More rain is expected.", 3),
    _entry("harbour", "Harbour reopens", "Ships are back in port.", 4),
    _entry("museum", "Museum closes early", "The museum closes at five.", 5),
)


class Outlet:
    """A feed that is changed, polled, and looked at."""

    def __init__(self, server: FeedServer, dadkhah: CommandLine) -> None:
        self._server, self.dadkhah = server, dadkhah

    def poll(self, *entries: str) -> dict[str, Any]:
        self._server.set("/feed.xml", _feed(*entries, *REST))
        said: dict[str, Any] = json.loads(self._worked("poll", "--all", "--json").out)
        assert not said["failures"]
        return said

    def show(self, address: str = "https://sample.example/ghent") -> dict[str, Any]:
        said: dict[str, Any] = json.loads(self._worked("article", "show", address, "--json").out)
        return said

    def digest(self) -> str:
        """What is told now; it is told then."""
        pages = self._worked("digest", "--dry-run").out
        self._worked("digest")
        return pages

    def exported(self) -> dict[str, Any]:
        lines = map(json.loads, self._worked("export").out.splitlines())
        return {line["url"].rsplit("/", 1)[1]: line for line in lines}

    def _worked(self, *arguments: str) -> Said:
        said = self.dadkhah(*arguments)
        assert said.code == 0, said.err
        return said


@pytest.fixture
def outlet(
    dadkhah: CommandLine, settings: Environment, samples: FeedServer, tmp_path: Path
) -> Outlet:
    url = samples.url("/feed.xml")
    dadkhah.use({"DADKHAH_FEEDS": str(feed_list(tmp_path, url)), "DADKHAH_SCHEDULE": "08:00"})
    return Outlet(samples, dadkhah)


def _ghent(text: str = SEVEN, title: str = "Former judges back an inquiry", h: float = 1) -> str:
    return _entry("ghent", title, text, h)


def test_a_corrected_figure_is_an_update_and_is_told_once_more(outlet: Outlet) -> None:
    outlet.poll(_ghent())
    assert "inquiry" in outlet.digest()
    assert outlet.poll(_ghent(NINE))["updated"] == 1
    (update,) = outlet.exported()["ghent"]["updates"]
    assert update["fields"] == ["text"]
    again = outlet.digest()
    assert "inquiry" in again
    assert "updated" in again
    assert "inquiry" not in outlet.digest()
    assert outlet.poll(_ghent(SEVEN))["updated"] == 1
    assert "inquiry" not in outlet.digest()


def test_a_mended_slip_is_silent_and_kept(outlet: Outlet) -> None:
    outlet.poll(_ghent(SEVEN.replace("evidence", "evidnece")))
    outlet.digest()
    assert outlet.poll(_ghent())["updated"] == 0
    assert outlet.exported()["ghent"]["updates"] == []
    (revision,) = outlet.show()["revisions"]
    assert (revision["kind"], revision["reason"]) == ("cosmetic", "")
    assert "inquiry" not in outlet.digest()


def test_what_the_feed_takes_out_is_noted_and_what_it_puts_back_too(outlet: Outlet) -> None:
    outlet.poll(_ghent())
    outlet.poll()
    shown = outlet.show()
    assert shown["gone_at"]
    assert [update["fields"] for update in shown["updates"]] == [["removed"]]
    outlet.poll(_ghent())
    shown = outlet.show()
    assert shown["gone_at"] is None
    assert [one["kind"] for one in shown["revisions"]] == ["back", "gone"]


def test_what_rolls_out_of_the_feed_is_not_gone(outlet: Outlet) -> None:
    oldest = _entry("ghent", "Former judges back an inquiry", SEVEN, 20)
    outlet._server.set("/feed.xml", _feed(*REST, oldest))
    assert outlet.dadkhah("poll", "--all").code == 0
    outlet.poll()
    assert outlet.show()["gone_at"] is None


def test_both_versions_in_one_feed_make_one_updated_article(outlet: Outlet) -> None:
    outlet.poll(_ghent())
    corrected = _ghent(NINE, "CORRECTED: Former judges back an inquiry", 0.5)
    for entries in ((corrected, _ghent()), (_ghent(), corrected)):
        outlet.poll(*entries)
        assert outlet.show()["title"].startswith("CORRECTED")
    (update,) = outlet.exported()["ghent"]["updates"]
    assert update["fields"] == ["title", "text"]


def test_an_article_is_shown_to_people_with_what_changed(outlet: Outlet) -> None:
    outlet.poll(_ghent())
    outlet.poll(_ghent(f"{NINE} {FA}"))
    said = outlet.dadkhah("article", "show", "http://www.sample.example/ghent/?utm_source=a")
    assert said.code == 0
    assert "figure 7 became 9" in said.out
    assert "  - They said that seven families had given evidence to them on Monday." in said.out
    assert "  + They said that nine families had given evidence to them on Monday." in said.out
    assert f"  + \u2068{FA}\u2069" in said.out
    assert "\x1b" not in said.out
    assert "Verdict: relevant" in said.out


def test_the_keys_of_an_article(outlet: Outlet) -> None:
    outlet.poll(_ghent())
    outlet.poll(_ghent(NINE))
    shown = outlet.show()
    assert list(shown)[-5:] == ["baseline", "copies", "changed_at", "gone_at", "revisions"]
    (revision,) = shown["revisions"]
    assert list(revision) == ["at", "kind", "reason", "fields", "removed", "added"]
    assert revision["removed"] == [
        "They said that seven families had given evidence to them on Monday."
    ]
    assert shown["changed_at"] == revision["at"]


@pytest.mark.parametrize("address", ["https://sample.example/unknown", "nothing", " "])
def test_an_unknown_address_is_told_and_fails(outlet: Outlet, address: str) -> None:
    outlet.poll(_ghent())
    said = outlet.dadkhah("article", "show", address)
    assert said.code == 1
    assert "No stored article has the address" in said.err
    assert said.out == ""
