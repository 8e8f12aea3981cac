"""The watchlist at the shell: edits are checked, told, audited, judged by, or refused whole."""

import contextlib
import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

import config
from bot import knowing
from bot.app import Knowledge
from bot.knowing import LEASE
from storage import open_store
from storage.engine import make_engine
from storage.tables import ARTICLE
from tests.feedserver import FeedServer
from tests.journey.harness import (
    CommandLine,
    Environment,
    Kept,
    News,
    Said,
    feed_list,
    rss,
    with_ours,
)
from watchers import amend
from watchers.amend import Edit, Joined
from watchers.ports import Store

Read = Callable[[], tuple[object, ...]]

# Invented people.
BRIDGE = News("bridge", "Bahram Sakhtegi inspects a new bridge in Varamin", "It was short.")
PERSIAN = News("pol", "بهرام ساختگی از پلی در ورامین بازدید کرد", "این بازدید کوتاه بود.")
FERRY = News("ferry", "Ferry timetable: fish and chips boat sails again", "From Monday.")
ARTICLES = (BRIDGE, PERSIAN, FERRY)
ADDED = ("watch", "add", "person", "bahram-sakhtegi", "Bahram Sakhtegi")
ROWS = """
[[person]]
id = "bahram-sakhtegi"
kind = "official"
name = "Bahram Sakhtegi"
aliases = ["Bahram Sakhtegi"]
status = "invented"
say = ""
claim_basis = "not-verified"
hold = true

[[own_topic]]
id = "ferries"
name = "Ferries"
query = 'ferry NEAR/5 (timetable OR سفر) NOT football'
"""


@pytest.fixture
def watch(
    dadkhah: CommandLine,
    settings: Environment,
    kept: Kept,
    samples: FeedServer,
    tmp_path: Path,
) -> CommandLine:
    """The command line on three stored articles."""
    samples.set("/watch.xml", rss(ARTICLES, "Watch"))
    folder = tmp_path / "list"
    folder.mkdir()
    dadkhah.use({"DADKHAH_FEEDS": str(feed_list(folder, samples.url("/watch.xml")))})
    kept("watch", Path(settings["DADKHAH_DATA_DIR"]), lambda: dadkhah("poll"))
    return dadkhah


def url(settings: Environment) -> str:
    """The database."""
    return f"sqlite:///{settings['DADKHAH_DATA_DIR']}/dadkhah.db"


def rows(said: Said) -> list[dict[str, Any]]:
    """The JSON lines of a command that must have worked."""
    assert said.code == 0, said.err
    return [json.loads(line) for line in said.out.splitlines()]


def officials(watch: CommandLine) -> dict[str, list[str]]:
    """Whom the stored articles name, by the end of their addresses."""
    return {row["url"].rpartition("/")[2]: row["officials"] for row in rows(watch("export"))}


def row(watch: CommandLine, row_id: str) -> dict[str, Any]:
    """One row of the watchlist."""
    (found,) = rows(watch("watch", "show", row_id, "--json"))
    return found


@pytest.fixture
def stored(settings: Environment) -> Read:
    """All that a refused edit must leave alone, as the database has it."""

    def read() -> tuple[object, ...]:
        store = open_store(url(settings), create=False)
        found = store.watch_rows(), store.audit(), tuple(store.export())
        store.close()
        return found

    return read


# ---------------------------------------------------------------- edits


def test_person_is_added_told_audited_and_found_in_what_is_stored(watch: CommandLine) -> None:
    said = watch(*ADDED, "--alias", "Bahram Sakhtegi", "--alias", "بهرام ساختگی")
    assert said.code == 0, said.err
    assert "bahram-sakhtegi (Bahram Sakhtegi): added" in said.out
    assert "+ fa: بهرام ساختگی" in said.out
    assert "3 stored articles judged again, 2 of them otherwise" in said.out
    found = officials(watch)
    assert found == {
        "bridge": ["bahram-sakhtegi"], "pol": ["bahram-sakhtegi"], "ferry": [],
    }  # fmt: skip
    latest = rows(watch("audit", "--json", "--limit", "1"))[0]
    assert (latest["actor"], latest["action"], latest["subject"]) == (
        "cli", "watch.add", "bahram-sakhtegi",
    )  # fmt: skip


def test_new_version_is_told_and_named_by_each_reason(watch: CommandLine) -> None:
    said = watch(*ADDED)
    version = re.search(r"The watchlist is now (\S+), change 1\.", said.out)
    assert version
    reasons = [reason for row in rows(watch("export")) for reason in row["reasons"]]
    assert [(r["watchlist"], r["sentence"]) for r in reasons] == [(version[1], BRIDGE.title)]


def test_person_is_added_with_what_is_said_of_them_but_on_hold(watch: CommandLine) -> None:
    options = ("--say", "as reported", "--claim-basis", "ngo-report", "--in-context", "Sakhtegi")
    assert watch(*ADDED, *options).code == 0
    found = row(watch, "bahram-sakhtegi")
    assert (found["say"], found["claim_basis"], found["needs_context"], found["hold"]) == (
        "as reported", "ngo-report", ["Sakhtegi"], True,
    )  # fmt: skip
    assert len(rows(watch("audit", "--json", "--limit", "9"))) == 1 + len(_before(watch))
    assert watch("watch", "hold", "bahram-sakhtegi", "--off").code == 0
    assert not row(watch, "bahram-sakhtegi")["hold"]


def _before(watch: CommandLine) -> list[dict[str, Any]]:
    """The audit's records that no edit of the watchlist made."""
    return [r for r in rows(watch("audit", "--json")) if not r["action"].startswith("watch.")]


def test_alias_is_added_and_taken_away(watch: CommandLine) -> None:
    watch(*ADDED)
    assert officials(watch)["pol"] == []
    assert watch("watch", "add", "alias", "bahram-sakhtegi", "بهرام ساختگی").code == 0
    assert officials(watch)["pol"] == ["bahram-sakhtegi"]
    said = watch("watch", "remove", "bahram-sakhtegi", "--alias", "بهرام ساختگي")  # Arabic yeh
    assert "- fa: بهرام ساختگی" in said.out
    assert officials(watch)["pol"] == []
    assert officials(watch)["bridge"] == ["bahram-sakhtegi"]


def test_alias_in_context_is_no_form_by_itself(watch: CommandLine) -> None:
    watch(*ADDED)
    said = watch("watch", "add", "alias", "bahram-sakhtegi", "بهرام ساختگی", "--in-context")
    assert (said.code, "+ needs_context: بهرام ساختگی" in said.out) == (0, True)
    assert officials(watch)["pol"] == []


def test_person_is_changed_held_and_removed(watch: CommandLine) -> None:
    assert watch("watch", "change", "hamid-noury", "say", "as a court found").code == 0
    assert watch("watch", "hold", "hamid-noury").code == 0
    found = row(watch, "hamid-noury")
    assert (found["say"], found["hold"], found["admins"]) == ("as a court found", True, "changed")
    assert [c["action"] for c in found["changes"]] == ["watch.hold", "watch.change"]
    assert {c["actor"] for c in found["changes"]} == {"cli"}
    assert watch("watch", "remove", "hamid-noury").code == 0
    assert watch("watch", "show", "hamid-noury").code == 1
    assert "hamid-noury" not in watch("watch", "list").out


def test_own_topic_is_added_changed_and_removed(watch: CommandLine) -> None:
    added = watch("watch", "add", "topic", "ferries", "Ferries", "ferry NEAR/3 timetable")
    assert "3 stored articles judged again, 1 of them otherwise" in added.out
    assert [r["topics"] for r in rows(watch("export"))] == [[], [], ["ferries"]]
    assert watch("watch", "change", "ferries", "query", "football").code == 0
    assert watch("watch", "change", "ferries", "name", "کشتی‌ها").code == 0
    listed = rows(watch("watch", "list", "--json"))[-1]
    assert (listed["id"], listed["kind"], listed["name"], listed["query"], listed["admins"]) == (
        "ferries", "own-topic", "کشتی‌ها", "football", "added",
    )  # fmt: skip
    assert [r["topics"] for r in rows(watch("export"))] == [[], [], []]
    assert watch("watch", "remove", "ferries").code == 0
    assert "ferries" not in watch("watch", "list").out


def test_file_of_rows_is_put_as_a_whole(watch: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "rows.toml").write_text("\ufeff" + ROWS, encoding="utf-8")
    said = watch("watch", "add", "file", "rows.toml")
    assert said.code == 0, said.err
    assert "bahram-sakhtegi (Bahram Sakhtegi): added" in said.out
    assert "ferries (Ferries): added" in said.out
    (record,) = rows(watch("audit", "--json", "--limit", "1"))
    assert record["subject"] == "bahram-sakhtegi, ferries"
    assert row(watch, "ferries")["changes"][0]["actor"] == "cli"


def test_edit_that_changes_nothing_says_so(watch: CommandLine, stored: Read) -> None:
    watch("watch", "hold", "hamid-noury")
    before = stored()
    said = watch("watch", "hold", "hamid-noury")
    assert (said.code, said.out) == (0, "It is so already; nothing was changed.\n")
    assert stored() == before


def test_what_is_typed_loses_what_cannot_be_seen(watch: CommandLine) -> None:
    watch(*ADDED)
    form = "\u202eSakhtegi\u2066  \x1b[31mBahram\u200f"
    assert watch("watch", "add", "alias", "bahram-sakhtegi", form).code == 0
    assert row(watch, "bahram-sakhtegi")["aliases"][-1] == "Sakhtegi [31mBahram"


def test_edit_makes_a_fresh_database(dadkhah: CommandLine, settings: Environment) -> None:
    assert dadkhah(*ADDED).code == 0
    assert Path(settings["DADKHAH_DATA_DIR"]).exists()
    assert "bahram-sakhtegi" in dadkhah("watch", "list").out


# ---------------------------------------------------------------- judging again


def test_running_service_judges_again_and_not_the_command(
    watch: CommandLine, settings: Environment
) -> None:
    store = open_store(url(settings), create=False)
    with store.lock(LEASE) as got:
        assert got
        said = watch(*ADDED)
    store.close()
    assert (said.code, "The running service takes it up" in said.out) == (0, True)
    assert officials(watch)["bridge"] == []


def test_judging_again_can_be_left_for_later(watch: CommandLine) -> None:
    assert watch(*ADDED, "--no-rejudge").code == 0
    assert officials(watch)["bridge"] == []
    said = watch("watch", "add", "alias", "bahram-sakhtegi", "Sakhtegi Bahram")
    assert "3 stored articles judged again, 1 of them otherwise" in said.out


def test_old_news_that_a_new_name_finds_is_never_told(
    watch: CommandLine, settings: Environment
) -> None:
    engine = make_engine(url(settings))
    with engine.begin() as connection:
        old = datetime.now(UTC) - timedelta(days=3)
        bridge = ARTICLE.c.canonical_url.endswith("/bridge")
        connection.execute(
            update(ARTICLE).where(bridge).values(time=old, published=old, first_seen=old)
        )
    engine.dispose()
    watch(*ADDED, "--alias", "Bahram Sakhtegi", "--alias", "بهرام ساختگی")
    watch("watch", "change", "bahram-sakhtegi", "say", "as reported")
    watch("watch", "change", "bahram-sakhtegi", "claim_basis", "ngo-report")
    watch("watch", "hold", "bahram-sakhtegi", "--off")
    found = officials(watch)
    assert found["bridge"] == found["pol"] == ["bahram-sakhtegi"]
    watch("poll")  # groups what is to be told
    told = "".join(rows(watch("digest", "--dry-run", "--json"))[0]["pages"])
    assert PERSIAN.title in told
    assert BRIDGE.title not in told


# ---------------------------------------------------------------- what is refused

REFUSED = {  # arguments: exit code, what is told
    "nobody": (("add", "alias", "nobody", "Some Form"), 1, "has the id 'nobody'"),
    "nobody-to-show": (("show", "n" * 5_000), 1, "is not on the watchlist"),
    "nobody-to-hold": (("hold", "nobody"), 1, "has the id 'nobody'"),
    "nobody-to-remove": (("remove", "nobody"), 1, "has the id 'nobody'"),
    "no-such-form": (("remove", "hamid-noury", "--alias", "Xyz"), 1, "has no form 'Xyz'"),
    "another-persons": (("add", "alias", "hamid-noury", "Ali Razini"), 2, "names 'ali-razini'"),
    "another-spelling": (("add", "alias", "hamid-noury", "ALI-RÁZINI"), 2, "names 'ali-razini'"),
    "short": (("add", "alias", "hamid-noury", "xy"), 2, "under 3 letters"),
    "one-word": (("add", "alias", "ali-razini", "the"), 2, "one word is no full name"),
    "ordinary": (("add", "alias", "ali-razini", "Iran"), 2, "ordinary word of the watchlist"),
    "ordinary-too": (
        ("add", "alias", "ali-razini", "Iran", "--in-context"), 2, "ordinary word of the watchlist",
    ),
    "a-surname": (("add", "person", "r-two", "Raisi"), 2, "one word is no full name"),
    "anothers-surname": (
        ("add", "alias", "ali-razini", "Noury", "--in-context"), 2, "also a form of 'hamid-noury'",
    ),
    "person-of-1988": (("add", "person", "massacre-1988", "Some Body"), 2, "has this id"),
    "json-without-text": (("test", '{"url": "https://a.example/"}'), 2, "line 1 has none of title"),
    "no-letters": (("add", "alias", "hamid-noury", "\u202e\u200f !"), 2, "no letter or digit"),
    "long": (("add", "alias", "hamid-noury", "x" * 5_000), 2, "at most 120 characters"),
    "there-already": (("add", "person", "hamid-noury", "Somebody"), 2, "on the watchlist already"),
    "bad-id": (("add", "person", "Bad ID", "Some Body"), 2, "'Bad ID' cannot be kept so"),
    "bad-kind": (("add", "person", "a-b", "Some Body", "--kind", "king"), 2, "kind: Input should"),
    "no-such-field": (("change", "hamid-noury", "sources", "x"), 2, "cannot be changed"),
    "no-such-basis": (("change", "hamid-noury", "claim_basis", "gossip"), 2, "claim_basis"),
    "neither-yes-nor-no": (("change", "hamid-noury", "hold", "maybe"), 2, "neither yes nor no"),
    "nothing-to-take": (("changes", "--take", "hamid-noury"), 1, "have not changed"),
    "nothing-to-keep": (("changes", "--keep", "hamid-noury"), 1, "have not changed"),
    "take-and-keep": (("changes", "--keep", "a", "--take", "a"), 2, "give one of them"),
    "query": (("add", "topic", "t", "T", "sanctions and Raisi"), 2, "at character 11"),
    "open-query": (("add", "topic", "t", "T", "(رئیسی OR"), 2, "In the query"),
    "empty-query": (("add", "topic", "t", "T", " "), 2, "The query is empty"),
    "huge-query": (("add", "topic", "t", "T", "x " * 5_000), 2, "10,000 characters"),
    "topic-of-a-person": (("add", "topic", "hamid-noury", "T", "x1"), 2, "already"),
    "topic-of-1988": (("add", "topic", "massacre-1988", "T", "x1"), 2, "has this id"),
    "no-such-file": (("add", "file", "missing.toml"), 1, "No such file"),
    "a-folder": (("rehearse", "."), 1, "directory"),
    "no-time": (("rehearse", "missing.toml", "--since", "noon"), 2, "--since"),
}  # fmt: skip


def test_edit_upon_somebody_elses_is_refused(
    watch: CommandLine, settings: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    interfere(monkeypatch, hold_razini)
    said = watch("watch", "change", "ali-razini", "say", "as reported")
    assert (said.code, said.out, "repeat the change" in said.err) == (1, "", True)
    monkeypatch.undo()
    watch.use(settings)
    (change,) = rows(watch("watch", "changes", "--json"))
    assert (change["id"], change["actor"]) == ("ali-razini", "42")


def interfere(
    monkeypatch: pytest.MonkeyPatch, edit: Callable[[Joined], Edit], most: int = 1
) -> None:
    """Let another admin make an edit in between, the first times that one is stored."""
    apply, times = knowing.apply, iter(range(most))

    def late(store: Store, mine: Edit, **values: Any) -> int:
        if next(times, None) is not None:
            apply(store, edit(Knowledge().load(store)), **{**values, "actor": "42"})
        return apply(store, mine, **values)

    monkeypatch.setattr("bot.knowing.apply", late)


def test_edit_beside_somebody_elses_is_made_anew(
    watch: CommandLine, settings: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    interfere(monkeypatch, hold_razini, most=2)
    said = watch(*ADDED)
    assert said.code == 0, said.err
    assert said.out.count("bahram-sakhtegi (Bahram Sakhtegi): added") == 1
    assert "change 3." in said.out
    monkeypatch.undo()
    watch.use(settings)
    changes = {row["id"]: row["actor"] for row in rows(watch("watch", "changes", "--json"))}
    assert changes == {"ali-razini": "42", "bahram-sakhtegi": "cli"}


def test_edit_is_not_made_anew_for_ever(
    watch: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    interfere(monkeypatch, hold_razini, most=9)
    said = watch(*ADDED)
    assert (said.code, said.out, "repeat the change" in said.err) == (1, "", True)


def test_off_hold_may_still_be_quiet(watch: CommandLine) -> None:
    watch(*ADDED, "--say", "as reported")
    said = watch("watch", "hold", "bahram-sakhtegi", "--off")
    assert "still not shown by name: the claim is not-verified" in said.out
    watch("watch", "hold", "hamid-noury")
    assert "still not" not in watch("watch", "hold", "hamid-noury", "--off").out


def test_what_an_edit_finds_is_grouped_at_once(watch: CommandLine) -> None:
    watch(*ADDED, "--say", "as reported", "--claim-basis", "ngo-report")
    watch("watch", "hold", "bahram-sakhtegi", "--off")
    told = "".join(rows(watch("digest", "--dry-run", "--json"))[0]["pages"])
    assert BRIDGE.title in told


@pytest.mark.parametrize("command", [("add", "file"), ("rehearse",)], ids=" ".join)
def test_help_keeps_its_brackets(command: tuple[str, ...], watch: CommandLine) -> None:
    said = " ".join(watch("watch", *command, "--help").out.replace("│", " ").split())
    assert "[[person]] and [[own_topic]] rows" in said


def test_misspelt_path_is_told_and_judged_as_text(watch: CommandLine) -> None:
    said = watch("watch", "test", "missing.txt")
    assert (said.code, "not relevant: missing.txt" in said.out) == (0, True)
    assert said.err == "missing.txt: no such file: judged as text.\n"
    assert watch("watch", "test", "Fish. And chips").err == ""


def test_reasons_that_are_alike_are_counted(watch: CommandLine) -> None:
    text = "A trial\n" + "Hamid Noury was heard again in Stockholm. " * 6
    said = watch("watch", "test", text)
    every = rows(watch("watch", "test", text, "--json"))[0]["reasons"]
    alike = [r for r in every if (r["subject"], r["rule"]) == ("hamid-noury", "full name")]
    assert said.out.count("hamid-noury (official): full name") == min(3, len(alike))
    assert (f"and {len(alike) - 3} more: hamid-noury, full name" in said.out) == (len(alike) > 3)


def hold_razini(joint: Joined) -> Edit:
    return amend.hold(joint, "ali-razini", on=True)


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_used_is_told_and_changes_nothing(
    case: str, watch: CommandLine, stored: Read
) -> None:
    arguments, code, told = REFUSED[case]
    before = stored()
    said = watch("watch", *arguments)
    assert (said.code, said.out) == (code, "")
    assert said.err.startswith("error: ")
    assert told in said.err
    assert len(said.err) < 500
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200f\x1b]", said.err)
    assert stored() == before


def test_place_of_a_querys_fault_is_drawn(watch: CommandLine) -> None:
    said = watch("watch", "add", "topic", "t", "T", "sanctions and Raisi")
    assert said.err.splitlines()[1:] == ["sanctions and Raisi", "          ^^^"]


PERSON = ROWS.partition("[[own_topic]]")[0]
FILES = {  # content: what is told
    "no-toml": (b"[[person]]\nid = \n", "line 2"),
    "no-rows": (b"", "no [[person]]"),
    "unknown-section": (b'[[people]]\nid = "x"\n', "people"),
    "unknown-key": (PERSON.encode() + b'nam = "x"\n', 'rows.toml:12: person[0] "bahram'),
    "missing-key": (b'\n\n[[person]]\nid = "a-b"\n', "rows.toml:3"),
    "bidi": (PERSON.replace('= "Bahram', '= "\u202eBahram').encode(), "bidi-override"),
    "control": (PERSON.replace('= "Bahram', '= "\\u0007Bahram').encode(), "control"),
    "twice": ((PERSON + PERSON).encode(), "rows.toml:14"),
    "short-alias": (PERSON.replace('["Bahram Sakhtegi"]', '["xy"]').encode(), "under 3 letters"),
    "anothers-alias": (
        PERSON.replace('["Bahram Sakhtegi"]', '["Ali Razini"]').encode(), "'ali-razini'",
    ),
    "query": (ROWS.replace("NOT football", "not football").encode(), "rows.toml:15"),
    "charset": (PERSON.replace("invented", "جديد").encode("windows-1256"), "rows.toml:7"),
    "picture": (b"\x89PNG\r\n\x1a\n\0\0", "not UTF-8"),
    "deep": (b"a = " + b"[" * 100_000, "not TOML"),
    "huge": (b"#" * 2_000_001, "longer than 2,000,000 characters"),
    "monstrous": (b"#" * 8_000_001, "over 8,000,000 bytes"),
}  # fmt: skip


@pytest.mark.parametrize("command", [("add", "file"), ("rehearse",)], ids=" ".join)
@pytest.mark.parametrize("case", FILES)
def test_file_that_cannot_be_used_is_told_with_its_line(
    case: str, command: tuple[str, ...], watch: CommandLine, tmp_path: Path, stored: Read
) -> None:
    data, told = FILES[case]
    (tmp_path / "rows.toml").write_bytes(data)
    before = stored()
    said = watch("watch", *command, "rows.toml")
    assert (said.code, said.out) == (2, "")
    assert told in said.err
    assert "rows.toml" in said.err
    assert "Nothing was changed" in said.err
    assert len(said.err) < 1_000
    assert stored() == before


# ---------------------------------------------------------------- rehearsal

SUMMARY = ["before", "after", "judged", "changed", "becomes_relevant", "relevant_no_more",
           "gained", "lost", "changes"]  # fmt: skip
CHANGE = ["url", "title", "time", "relevant", "was_relevant", "gained", "lost", "reasons"]
REASON = ["subject", "field", "alias", "start", "end", "rule", "score", "sentence", "watchlist"]


def test_rehearsal_finds_what_is_gained_and_lost_and_changes_nothing(
    watch: CommandLine, tmp_path: Path, stored: Read
) -> None:
    watch(*ADDED)
    changed = ROWS.replace('["Bahram Sakhtegi"]', '["بهرام ساختگی"]')
    changed = changed.replace('"Bahram Sakhtegi"', '"B. Sakhtegi"')
    (tmp_path / "rows.toml").write_text(changed, encoding="utf-8")
    before = stored()
    (found,) = rows(watch("watch", "rehearse", "rows.toml", "--json"))
    assert stored() == before
    assert list(found) == SUMMARY
    assert (found["judged"], found["changed"]) == (3, 3)
    assert (found["becomes_relevant"], found["relevant_no_more"]) == (0, 0)
    assert found["gained"] == {"bahram-sakhtegi": 1, "ferries": 1}
    assert found["lost"] == {"bahram-sakhtegi": 1}
    assert all(list(change) == CHANGE for change in found["changes"])
    by_title = {change["title"]: change for change in found["changes"]}
    lost = by_title[BRIDGE.title]
    assert (lost["gained"], lost["lost"]) == ([], ["bahram-sakhtegi"])
    assert [list(reason) for reason in lost["reasons"]] == [REASON]
    assert lost["reasons"][0]["watchlist"] == found["before"]
    gained = by_title[PERSIAN.title]["reasons"][0]
    assert (gained["sentence"], gained["watchlist"]) == (PERSIAN.title, found["after"])


def test_rehearsal_for_people_names_articles_and_sentences(
    watch: CommandLine, tmp_path: Path
) -> None:
    (tmp_path / "rows.toml").write_text(ROWS, encoding="utf-8")
    said = watch("watch", "rehearse", "rows.toml")
    assert said.code == 0, said.err
    assert said.out.startswith("3 stored articles judged by both lists: 2 would change;")
    assert f"{BRIDGE.title}\n  sample.example, 20" in said.out
    assert "  + bahram-sakhtegi\n" in said.out
    assert "title: **Bahram Sakhtegi** inspects a new bridge" in said.out


def test_rehearsal_of_a_whole_watchlist(watch: CommandLine, tmp_path: Path) -> None:
    text = config.shipped_watchlist()
    (tmp_path / "same.toml").write_text(text, encoding="utf-8")
    (tmp_path / "more.toml").write_text(text + ROWS, encoding="utf-8")
    assert "nothing would change" in watch("watch", "rehearse", "same.toml").out
    (found,) = rows(watch("watch", "rehearse", "more.toml", "--json"))
    assert found["gained"] == {"bahram-sakhtegi": 1, "ferries": 1}


def test_rehearsal_of_a_whole_watchlist_keeps_the_admins_rows(
    watch: CommandLine, tmp_path: Path
) -> None:
    text = config.shipped_watchlist()
    (tmp_path / "same.toml").write_text(text, encoding="utf-8")
    watch(*ADDED)
    said = watch("watch", "rehearse", "same.toml")
    assert "nothing would change" in said.out
    assert said.err == ""
    claims = ROWS.replace('"bahram-sakhtegi"', '"other-sakhtegi"')
    (tmp_path / "claims.toml").write_text(text + claims, encoding="utf-8")
    said = watch("watch", "rehearse", "claims.toml")
    assert "The admins' row 'bahram-sakhtegi' could not be used any more" in said.err


def test_whole_watchlist_with_a_fault_is_told_with_its_line(
    watch: CommandLine, tmp_path: Path
) -> None:
    text = config.shipped_watchlist() + '\n[[person]]\nid = "x-y"\n'
    (tmp_path / "bad.toml").write_text(text, encoding="utf-8")
    said = watch("watch", "rehearse", "bad.toml")
    line = text[: text.index('\n[[person]]\nid = "x-y"')].count("\n") + 2
    assert (said.code, said.out) == (2, "")
    assert f"bad.toml:{line}: person[" in said.err
    assert '"x-y".name' in said.err


@pytest.mark.parametrize(
    ("options", "judged", "listed"),
    [
        pytest.param(("--since", "1h"), 3, 2, id="since-an-hour"),
        pytest.param(("--since", "2100-01-01"), 0, 0, id="since-the-future"),
        pytest.param(("--limit", "1"), 3, 1, id="only-one"),
        pytest.param(("--limit", "0"), 3, 0, id="only-counted"),
    ],
)
def test_rehearsal_is_narrowed(
    options: tuple[str, ...], judged: int, listed: int, watch: CommandLine, tmp_path: Path
) -> None:
    (tmp_path / "rows.toml").write_text(ROWS, encoding="utf-8")
    (found,) = rows(watch("watch", "rehearse", "rows.toml", "--json", *options))
    assert (found["judged"], len(found["changes"])) == (judged, listed)


EDITS = {
    "person": ADDED,
    "alias": ("watch", "add", "alias", "hamid-noury", "Bahram Sakhtegi"),
    "topic": ("watch", "add", "topic", "ferries", "Ferries", "Sakhtegi"),
    "file": ("watch", "add", "file", "rows.toml"),
}


@pytest.mark.parametrize("edit", EDITS)
def test_dry_run_of_an_edit_rehearses_it(
    edit: str, watch: CommandLine, tmp_path: Path, stored: Read
) -> None:
    (tmp_path / "rows.toml").write_text(ROWS, encoding="utf-8")
    before = stored()
    said = watch(*EDITS[edit], "--dry-run")
    assert said.code == 0, said.err
    assert BRIDGE.title in said.out
    assert said.err == "Nothing was changed.\n"
    assert stored() == before


def test_rehearsal_without_a_database_makes_none(
    dadkhah: CommandLine, settings: Environment, tmp_path: Path
) -> None:
    (tmp_path / "rows.toml").write_text(ROWS, encoding="utf-8")
    said = dadkhah("watch", "rehearse", "rows.toml")
    assert (said.code, "There is no database yet" in said.err) == (1, True)
    assert not Path(settings["DADKHAH_DATA_DIR"]).exists()


# ---------------------------------------------------------------- an update of the shipped list

Ship = Callable[[str, str], None]


@pytest.fixture
def ship(monkeypatch: pytest.MonkeyPatch) -> Ship:
    """Ship another watchlist: `old` is written as `new` in it."""
    text = config.shipped_watchlist()

    def update_(old: str, new: str) -> None:
        assert old in text
        monkeypatch.setattr("config.shipped_watchlist", lambda: text.replace(old, new, 1))

    return update_


NAME = 'name = "Hamid Noury"'
CHANGES = ["section", "id", "name", "what", "actor", "at", "lines", "shipped", "left_out"]


def test_changes_are_told_with_who_made_them(watch: CommandLine) -> None:
    assert "Admins have changed nothing" in watch("watch", "changes").out
    watch("watch", "add", "alias", "hamid-noury", "Hamid Examplepour")
    watch("watch", "remove", "ali-razini")
    watch(*ADDED)
    found = rows(watch("watch", "changes", "--json"))
    assert all(list(change) == CHANGES for change in found)
    assert [(change["id"], change["what"], change["actor"]) for change in found] == [
        ("ali-razini", "removed", "cli"),
        ("bahram-sakhtegi", "added", "cli"),
        ("hamid-noury", "changed", "cli"),
    ]
    assert found[2]["lines"] == [{"field": "aliases", "sign": "+", "text": "Hamid Examplepour"}]
    said = watch("watch", "changes").out
    assert "  + aliases: Hamid Examplepour\n" in said


def test_update_of_a_row_that_admins_changed_is_shown_and_taken(
    watch: CommandLine, ship: Ship
) -> None:
    watch("watch", "change", "hamid-noury", "say", "as a court found")
    ship(NAME, 'name = "Hamid Nouri"')
    listed = watch("watch", "list")
    assert "shipped differs" in " ".join(listed.out.split())
    assert "1 shipped row changed under the admins': `dadkhah watch changes`." in listed.err
    (change,) = rows(watch("watch", "changes", "--json"))
    assert change["shipped"] == "changed"
    assert {"field": "name", "sign": "-", "text": "Hamid Nouri"} in change["lines"]
    assert "`watch changes --take hamid-noury`" in " ".join(watch("watch", "changes").out.split())
    assert row(watch, "hamid-noury")["name"] == "Hamid Noury"
    assert watch("watch", "changes", "--take", "hamid-noury").code == 0
    assert row(watch, "hamid-noury")["name"] == "Hamid Nouri"
    assert rows(watch("watch", "changes", "--json")) == []


def test_update_of_a_row_that_admins_changed_is_turned_down(watch: CommandLine, ship: Ship) -> None:
    watch("watch", "change", "hamid-noury", "say", "as a court found")
    ship(NAME, 'name = "Hamid Nouri"')
    said = watch("watch", "changes", "--keep", "hamid-noury")
    assert (said.code, "kept as it is" in said.out) == (0, True)
    (change,) = rows(watch("watch", "changes", "--json"))
    assert change["shipped"] is None
    assert row(watch, "hamid-noury")["name"] == "Hamid Noury"
    assert watch("watch", "list").err == ""


def test_row_that_does_not_fit_any_more_is_told_with_the_reason(
    watch: CommandLine, ship: Ship
) -> None:
    watch(*ADDED)
    ship('aliases = ["Ali Razini"', 'aliases = ["Bahram Sakhtegi", "Ali Razini"')
    listed = watch("watch", "list")
    assert "bahram-sakhtegi" not in listed.out
    assert "1 row of the admins cannot be used: `dadkhah watch changes`." in listed.err
    (change,) = rows(watch("watch", "changes", "--json"))
    assert "'ali-razini'" in change["left_out"]
    assert "Left out, for it does not fit any more" in watch("watch", "changes").out
    assert "not in force" in watch("watch", "show", "bahram-sakhtegi").out


# ---------------------------------------------------------------- show and list


LIST = ["id", "kind", "name", "claim_basis", "court_finding", "quiet", "query", "admins", "shipped"]


def test_list_has_officials_first_and_own_topics_last(watch: CommandLine) -> None:
    watch("watch", "add", "topic", "ferries", "Ferries", "ferry")
    watch(*ADDED)
    listed = rows(watch("watch", "list", "--json"))
    assert all(list(line) == LIST for line in listed)
    kinds = [line["kind"] for line in listed]
    first = kinds.count("official")
    assert kinds[:first] == ["official"] * first
    assert listed[first - 1]["id"] == "bahram-sakhtegi"
    assert kinds[-1] == "own-topic"
    said = watch("watch", "list").out
    assert said.index("official ") < said.index("bahram-sakhtegi") < said.index("other person")
    assert "added by" in said


def test_show_tells_who_changed_a_row(watch: CommandLine) -> None:
    watch("watch", "hold", "hamid-noury")
    said = " ".join(watch("watch", "show", "hamid-noury").out.split())
    assert re.search(r"changed \d{4}-\d\d-\d\d \d\d:\d\d UTC by cli: watch\.hold", said)
    assert "Hamid Noury" in said


# ---------------------------------------------------------------- test


def test_test_goes_by_the_admins_rows(watch: CommandLine) -> None:
    watch(*ADDED)
    watch("watch", "add", "topic", "ferries", "Ferries", "ferry")
    (found,) = rows(watch("watch", "test", f"{BRIDGE.title} by ferry", "--json"))
    assert list(found) == ["url", "relevant", "officials", "people", "topics", "reasons"]
    assert (found["officials"], found["topics"]) == (["bahram-sakhtegi"], ["ferries"])
    assert all(list(reason) == REASON for reason in found["reasons"])
    assert {reason["watchlist"] for reason in found["reasons"]} == {
        found["reasons"][0]["watchlist"]
    }


def test_test_marks_the_words_in_their_sentence(watch: CommandLine) -> None:
    watch(*ADDED, "--alias", "بهرام ساختگی")
    text = "Weather\nIt rained. بهرام\u200cساختگی از پلی بازدید کرد. It stopped."
    said = watch("watch", "test", text)
    assert "not relevant: Weather" in said.out
    assert "+ bahram-sakhtegi (official): full name, score 1" in said.out
    assert "text: **بهرام\u200cساختگی** از پلی بازدید کرد." in said.out
    assert "It rained" not in said.out


def test_test_says_why_a_text_is_not_relevant(watch: CommandLine) -> None:
    said = watch("watch", "test", FERRY.title)
    assert "why not: nothing of the watchlist was found in it." in said.out
    text = "Iran marks Halabja 1988 massacre\nThe 1988 massacre at Halabja, of Iraq's Anfal."
    said = watch("watch", "test", text)
    assert said.out.startswith("not relevant: Iran marks Halabja")
    assert "why not: what speaks for it is outweighed" in said.out
    assert re.search(r"\n  - halabja \(lookalike\): .*, score 0\n", said.out)
    assert "title: Iran marks **Halabja** 1988 massacre" in said.out


def test_test_reads_json_lines_with_separators_inside(watch: CommandLine) -> None:
    line = json.dumps({"title": f"{BRIDGE.title}\u2028again"}, ensure_ascii=False)
    (found,) = rows(watch("watch", "test", line, "--json"))
    assert found["relevant"] is False


# ---------------------------------------------------------------- a terminal


def test_terminal_of_80_columns_is_enough(watch: CommandLine, settings: Environment) -> None:
    watch(*ADDED, "--alias", "Bahram Sakhtegi", "--alias", "بهرام ساختگی")
    commands = (("list",), ("changes",), ("show", "hamid-noury"), ("test", PERSIAN.title))
    found = in_terminal(settings, *(("watch", *command) for command in commands))
    for command, shown in zip(commands, found, strict=True):
        assert len(shown) > 80, command
        assert max(map(len, shown.splitlines())) <= 80 + _marks(shown), command


_END = "==== that was it ===="


def _marks(text: str) -> int:
    """What takes no column: half-spaces of Persian, at most so many of a line."""
    return max(line.count("\u200c") for line in text.splitlines())


_ONE_BY_ONE = f"""
import json, sys
from bot.cli import app
from bot.cli.edge import told
for command in json.loads(sys.argv[1]):
    code = told(lambda: app(command, prog_name="dadkhah"))
    if code:
        sys.exit(code)
    print({_END!r})
"""


def in_terminal(settings: Environment, *commands: tuple[str, ...]) -> list[str]:
    """What each command shows in a terminal of 80 columns, without its colours."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 80, 0, 0))
    values = with_ours(settings) | {"TERM": "xterm"}
    command = [sys.executable, "-c", _ONE_BY_ONE, json.dumps(commands)]
    with subprocess.Popen(command, env=values, stdout=theirs, stderr=theirs) as running:
        os.close(theirs)
        shown = b""
        with contextlib.suppress(OSError):  # so Linux tells the end
            while part := os.read(ours, 65_536):
                shown += part
    os.close(ours)
    assert running.returncode == 0, shown.decode()
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode()).replace("\r\n", "\n")
    return text.split(f"{_END}\n")[:-1]
