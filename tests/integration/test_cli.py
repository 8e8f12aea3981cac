"""The contract of the command line: commands, exit codes, keys of --json, round trips."""

import csv
import io
import json
import re
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bot.exporting import KEYS
from storage import open_store
from storage.engine import make_engine
from tests.feedserver import FeedServer
from tests.journey.harness import (
    CHAT,
    NAMED,
    NOWHERE,
    RELEVANT,
    TOLD,
    CommandLine,
    Environment,
    Kept,
    News,
    Said,
    environment,
    feed_list,
    rss,
    with_ours,
)
from tests.standin import BOT_USERNAME, BotApiThread


@pytest.fixture
def polled(dadkhah: CommandLine, settings: Environment, kept: Kept) -> CommandLine:
    """The same, after a first poll."""
    kept("polled", Path(settings["DADKHAH_DATA_DIR"]), lambda: dadkhah("poll"))
    return dadkhah


def rows(said: Said) -> list[dict[str, Any]]:
    """The JSON lines of a command that must have worked."""
    assert said.code == 0, said.err
    return [json.loads(line) for line in said.out.splitlines()]


# ---------------------------------------------------------------- help, usage, exit codes

COMMANDS = {
    (): {
        "demo", "run", "poll", "feeds", "watch", "digest", "deliver", "deliveries", "channels",
        "admins", "audit", "coverage", "export", "db", "doctor", "config", "stories",
        "article", "withdraw", "worker", "search",
    },
    ("feeds",): {
        "add", "discover", "list", "show", "remove", "pause", "resume", "check", "import", "export",
    },
    ("watch",): {
        "list", "show", "add", "change", "hold", "remove", "changes", "rehearse", "test",
    },
    ("watch", "add"): {"person", "alias", "topic", "file"},
    ("stories",): {"show", "merge", "split"},
    ("article",): {"show"},
    ("deliveries",): {"list", "settle", "stop", "resume"},
    ("channels",): {"list", "show", "add", "change", "pause", "remove"},
    ("admins",): {"list", "grant", "revoke"},
    ("db",): {"upgrade", "check", "backup", "copy", "restore", "resume", "recompute", "reindex"},
    ("config",): {"show"},
}  # fmt: skip


def _listed(text: str) -> set[str]:
    return set(re.findall(r"^│ ([a-z][a-z-]*) ", text, re.MULTILINE))


@pytest.mark.parametrize("group", COMMANDS, ids=lambda group: " ".join(group) or "root")
def test_help_lists_exactly_the_commands_that_work(
    group: tuple[str, ...], dadkhah: CommandLine
) -> None:
    said = dadkhah(*group, "--help")
    assert said.code == 0
    assert _listed(said.out) == COMMANDS[group]
    for command in COMMANDS[group]:
        assert dadkhah(*group, command, "--help").code == 0


def test_version_is_printed(dadkhah: CommandLine) -> None:
    assert re.fullmatch(r"dadkhah \d+\.\d+\.\d+\n", dadkhah("--version").out)


def test_help_takes_little_time() -> None:
    def cpu() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [sys.executable, "-m", "bot", "--help"]
        subprocess.run(command, env=with_ours({}), check=True, stdout=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    assert min(cpu() for _ in range(3)) < 0.7


EXITS = [
    pytest.param(("nonsense",), 2, id="no-such-command"),
    pytest.param(("poll", "--nonsense"), 2, id="no-such-option"),
    pytest.param(("feeds", "add"), 2, id="missing-argument"),
    pytest.param(("feeds", "show", "77"), 1, id="unknown-feed"),
    pytest.param(("feeds", "add", "no-address"), 2, id="no-address"),
    pytest.param(("feeds", "add", "https://a.example/", "--kind", "x"), 2, id="no-such-kind"),
    pytest.param(("feeds", "import", "missing.opml"), 1, id="no-such-file"),
    pytest.param(("poll", "77"), 1, id="poll-unknown-feed"),
    pytest.param(("digest", "@nobody"), 1, id="digest-unknown-channel"),
    pytest.param(("digest", "--since", "yesterday"), 2, id="no-time"),
    pytest.param(("deliveries", "list", "--state", "lost"), 2, id="no-such-state"),
    pytest.param(("deliveries", "settle", "1", "maybe"), 2, id="no-decision"),
    pytest.param(("deliveries", "settle", "1", "drop"), 1, id="unknown-delivery"),
    pytest.param(("deliveries", "settle", "drop"), 2, id="no-delivery"),
    pytest.param(("deliveries", "settle", "1", "2", "drop"), 2, id="two-deliveries"),
    pytest.param(("deliveries", "settle", "-", "drop"), 2, id="no-number-of-a-delivery"),
    pytest.param(
        ("deliveries", "settle", "1", "drop", "--all-private"), 2, id="one-and-all-private"
    ),
    pytest.param(("withdraw",), 2, id="withdraw-nothing"),
    pytest.param(("withdraw", "s1", "--person", "x"), 2, id="withdraw-two-things"),
    pytest.param(("withdraw", "s1", "--correct"), 2, id="correct-without-a-note"),
    pytest.param(("withdraw", "s1", "--note", "x" * 301), 2, id="note-too-long"),
    pytest.param(("withdraw", "s-nowhere"), 1, id="withdraw-unknown-story"),
    pytest.param(("withdraw", "--person", "nobody"), 1, id="withdraw-unknown-person"),
    pytest.param(("channels", "add", "nobody"), 2, id="no-channel-name"),
    pytest.param(("channels", "add", "@good", "--timezone", "Mars/Base"), 2, id="no-time-zone"),
    pytest.param(("channels", "add", "@good", "--schedule", "8am"), 2, id="no-schedule"),
    pytest.param(("channels", "add", "@good", "--language", "xx"), 2, id="no-language"),
    pytest.param(("channels", "change", "@nobody"), 2, id="nothing-to-change"),
    pytest.param(("channels", "remove", "@nobody"), 1, id="unknown-channel"),
    pytest.param(("admins", "grant", "@name"), 2, id="admin-by-name"),
    pytest.param(("admins", "grant", "5", "--role", "king"), 2, id="no-such-role"),
    pytest.param(("admins", "revoke", "5"), 1, id="no-admin"),
    pytest.param(("export", "--official", "nobody"), 2, id="no-such-official"),
    pytest.param(("export", "--format", "xml"), 2, id="no-such-format"),
    pytest.param(("watch", "show", "nobody"), 1, id="nobody"),
    pytest.param(("watch", "test", "{broken"), 2, id="broken-json"),
]


@pytest.mark.parametrize(("arguments", "code"), EXITS)
def test_exit_code_tells_failure_from_wrong_use(
    arguments: tuple[str, ...], code: int, polled: CommandLine
) -> None:
    said = polled(*arguments)
    assert said.code == code
    assert said.out == ""
    assert said.err
    assert "Traceback" not in said.err


READERS = [
    ("feeds", "list"), ("feeds", "export"), ("channels", "list"), ("admins", "list"), ("audit",),
    ("deliveries", "list"), ("export",), ("db", "check"),
]  # fmt: skip


@pytest.mark.parametrize("command", READERS, ids=" ".join)
def test_reading_command_makes_no_database(
    command: tuple[str, ...], dadkhah: CommandLine, settings: Environment
) -> None:
    said = dadkhah(*command)
    assert said.code == 1
    assert "There is no database yet" in said.err
    assert not Path(settings["DADKHAH_DATA_DIR"]).exists()


# ---------------------------------------------------------------- keys of --json

FEED_KEYS = [
    "id", "url", "name", "site", "language", "kind", "paused", "interval", "failures", "added_at",
    "next_due", "last_polled", "last_success", "failing_since", "newest", "last_error",
]  # fmt: skip


def test_poll_json(dadkhah: CommandLine) -> None:
    (summary,) = rows(dadkhah("poll", "--json"))
    assert list(summary) == [
        "feeds", "changed", "unchanged", "failed", "outage", "new", "copies", "updated",
        "relevant", "named", "baseline", "settled", "failures", "gaps",
        "skipped",
    ]  # fmt: skip


def test_poll_is_done_although_a_feed_failed(dadkhah: CommandLine, samples: FeedServer) -> None:
    gone = samples.url("/gone.xml")
    dadkhah("feeds", "add", "--no-check", gone, "--name", "Gone")
    (summary,) = rows(dadkhah("poll", "--json"))
    assert summary["failed"] == 1
    assert [failure["feed"] for failure in summary["failures"]] == [samples.url("/gone.xml")]
    assert list(summary["failures"][0]) == ["feed", "reason"]


def test_feeds_list_and_show_json(polled: CommandLine) -> None:
    listed = rows(polled("feeds", "list", "--json"))
    assert [list(feed) for feed in listed] == [FEED_KEYS] * 2
    (shown,) = rows(polled("feeds", "show", "1", "--json"))
    assert {key: shown[key] for key in FEED_KEYS} == listed[0]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", listed[0]["last_success"])


def test_channels_admins_and_audit_json(dadkhah: CommandLine) -> None:
    dadkhah("channels", "add", "@digest", "--timezone", "Asia/Tehran", "--language", "fa")
    dadkhah("admins", "grant", "42", "--role", "owner")
    (channel,) = rows(dadkhah("channels", "list", "--json"))
    assert list(channel) == [
        "id", "chat", "timezone", "schedule", "language", "added_at", "paused", "pause_reason",
        "last_slot", "not_before", "weekdays", "scope", "alerts", "tells_nothing_new",
        "needs_approval",
    ]  # fmt: skip
    (admin,) = rows(dadkhah("admins", "list", "--json"))
    assert list(admin) == ["user_id", "role", "added_at"]
    latest = rows(dadkhah("audit", "--json", "--limit", "1"))
    assert [list(record) for record in latest] == [["at", "actor", "action", "subject", "detail"]]
    assert latest[0]["actor"] == "cli"


def test_digest_deliver_and_deliveries_json(polled: CommandLine) -> None:
    (digest,) = rows(polled("digest", "--json"))
    assert list(digest) == ["channel", "stories", "named", "pages"]
    assert (digest["channel"], digest["stories"], digest["named"]) == ("console", 3, len(NAMED))
    queued = rows(polled("deliveries", "list", "--state", "queued", "--json"))
    assert [list(row) for row in queued] == [[
        "channel", "state", "id", "digest_id", "page", "pages", "attempts", "claimed_at",
        "sent_at", "message_id", "error",
    ]] * len(digest["pages"])  # fmt: skip
    delivered = polled("deliver", "--json")
    assert json.loads(delivered.out.splitlines()[-1]) == {
        "channel": "console",
        "outcomes": {"sent": len(digest["pages"])},
    }


def test_deliver_without_a_token_says_so_and_keeps_what_is_queued(polled: CommandLine) -> None:
    polled("channels", "add", "@digest")
    polled("digest")
    assert polled("deliver").code == 2
    assert len(rows(polled("deliveries", "list", "--state", "queued", "--json"))) == 2


def test_watch_list_json(dadkhah: CommandLine) -> None:
    people = rows(dadkhah("watch", "list", "--json"))
    keys = ["id", "kind", "name", "claim_basis", "court_finding", "quiet", "query", "admins",
            "shipped"]  # fmt: skip
    assert all(list(person) == keys for person in people)
    assert [person["id"] for person in people if person["court_finding"]] == ["hamid-noury"]


def test_doctor_json(dadkhah: CommandLine) -> None:
    findings = rows(dadkhah("doctor", "--json"))
    assert all(list(finding) == ["check", "state", "message"] for finding in findings)
    assert {finding["check"] for finding in findings} == {
        "settings", "watchlist", "feed list", "data folder", "database", "clock", "token",
    }  # fmt: skip
    assert {finding["state"] for finding in findings} <= {"ok", "note"}


CHANNELS = [
    pytest.param({}, 0, id="all-well"),
    pytest.param({"can_post": False}, 1, id="no-right-to-post"),
    pytest.param({"bot_status": "left"}, 1, id="not-there"),
]


@pytest.mark.parametrize(("chat", "code"), CHANNELS)
def test_doctor_asks_telegram_for_the_token_and_the_right_to_post(
    chat: dict[str, Any], code: int, dadkhah: CommandLine, tmp_path: Path
) -> None:
    with BotApiThread() as standin:
        standin.add_chat(CHAT, **chat)
        dadkhah.use(environment(tmp_path, None, standin))
        said = dadkhah("doctor", "--json")
    found = {row["check"]: row for row in map(json.loads, said.out.splitlines())}
    assert said.code == code
    assert BOT_USERNAME in found["token"]["message"]
    assert found["channel"]["state"] == ("ok" if code == 0 else "failed")
    assert standin.token not in said.out + said.err


def test_doctor_fails_on_a_token_that_telegram_does_not_know(
    dadkhah: CommandLine, tmp_path: Path
) -> None:
    with BotApiThread(token="1:other") as standin:
        dadkhah.use(environment(tmp_path, None, standin) | {"DADKHAH_TELEGRAM_TOKEN": "2:secret"})
        said = dadkhah("doctor")
    assert said.code == 1
    assert "@BotFather" in said.out
    assert "2:secret" not in said.out + said.err


def test_config_show_tells_every_setting_and_no_secret(dadkhah: CommandLine) -> None:
    dadkhah.use({
        "DADKHAH_TELEGRAM_TOKEN": "123456:hidden",
        "DADKHAH_DATABASE_URL": "postgresql://me:hidden@db.example/x",
        "DADKHAH_PROXY": "http://me:hidden@proxy.example:1",
    })  # fmt: skip
    (shown,) = rows(dadkhah("config", "show", "--json"))
    assert {"DADKHAH_DATA_DIR", "DADKHAH_SCHEDULE", "DADKHAH_LOG_LEVEL"} <= shown.keys()
    assert shown["DADKHAH_TELEGRAM_TOKEN"] == shown["DADKHAH_DATABASE_URL"] == "(set)"
    assert "hidden" not in json.dumps(shown) + dadkhah("config", "show").out


# ---------------------------------------------------------------- watch test

HEADLINE = "Report on the 1988 massacre of political prisoners in Iran"
VERDICT = ["url", "relevant", "officials", "people", "topics", "reasons"]
REASON = ["subject", "field", "alias", "start", "end", "rule", "score", "sentence", "watchlist"]


def test_watch_test_judges_the_argument_as_a_text(dadkhah: CommandLine) -> None:
    (verdict,) = rows(dadkhah("watch", "test", HEADLINE, "--json"))
    assert list(verdict) == VERDICT
    assert (verdict["relevant"], verdict["url"]) == (True, None)
    assert [list(reason) for reason in verdict["reasons"]] == [REASON] * len(verdict["reasons"])
    reason = verdict["reasons"][0]
    assert HEADLINE[reason["start"] : reason["end"]] == reason["alias"]


def test_watch_test_reads_a_file_that_is_there(dadkhah: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "article.txt").write_text(f"{HEADLINE}\nMore of it.", encoding="utf-8")
    (verdict,) = rows(dadkhah("watch", "test", "article.txt", "--json"))
    assert verdict["relevant"]


def test_watch_test_reads_standard_input(
    dadkhah: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    stdin = io.TextIOWrapper(io.BytesIO(HEADLINE.encode()))
    monkeypatch.setattr("sys.stdin", stdin)
    (verdict,) = rows(dadkhah("watch", "test", "-", "--json"))
    assert verdict["relevant"]


def test_watch_test_judges_json_lines_one_by_one(dadkhah: CommandLine) -> None:
    articles = [
        {"title": HEADLINE, "summary": "", "content": "", "url": "https://a.example/1"},
        {"title": "Ferry timetable", "url": "https://a.example/2"},
        {"title": "Archive", "content": f"<p>{HEADLINE}</p>", "url": "https://a.example/3"},
    ]
    lines = "\n\n".join(json.dumps(article) for article in articles)
    verdicts = rows(dadkhah("watch", "test", lines, "--json"))
    assert [(v["url"][-1], v["relevant"]) for v in verdicts] == [
        ("1", True), ("2", False), ("3", True),
    ]  # fmt: skip


def test_watch_test_explains_itself_to_people(dadkhah: CommandLine) -> None:
    said = dadkhah("watch", "test", "Hamid Noury was convicted over the 1988 executions in Iran")
    assert said.out.startswith("relevant: Hamid Noury")
    assert "hamid-noury" in said.out


# ---------------------------------------------------------------- export


def test_export_has_the_promised_keys_in_their_order(polled: CommandLine) -> None:
    exported = rows(polled("export"))
    assert all(tuple(row) == KEYS for row in exported)
    assert {row["url"] for row in exported} >= TOLD
    assert [row["first_seen"] for row in exported] == sorted(row["first_seen"] for row in exported)
    assert all(row["first_seen"].endswith("Z") for row in exported)


SELECTIONS = [
    pytest.param(("--since", "1h"), 13, id="since-an-hour"),
    pytest.param(("--since", "2100-01-01"), 0, id="since-the-future"),
    pytest.param(("--until", "2100-01-01T00:00Z"), 13, id="until-the-future"),
    pytest.param(("--until", "24h"), 0, id="until-yesterday"),
    pytest.param(("--official", "gholamhossein-mohseni-ejei"), 9, id="an-official"),
    pytest.param(("--official", "hamid-noury"), 0, id="another-official"),
    pytest.param(("--language", "en"), 13, id="a-language"),
    pytest.param(("--language", "fa"), 0, id="another-language"),
]


@pytest.mark.parametrize(("arguments", "count"), SELECTIONS)
def test_export_is_narrowed(arguments: tuple[str, ...], count: int, polled: CommandLine) -> None:
    assert len(rows(polled("export", *arguments))) == count


def test_export_as_csv_holds_no_formula(
    dadkhah: CommandLine, samples: FeedServer, tmp_path: Path
) -> None:
    evil = [
        News(str(n), f"{sign}cmd|' /C calc'!A{n} 1988 massacre in Iran's prisons")
        for n, sign in enumerate("=+-@")
    ]
    samples.set("/evil.xml", rss(evil))
    dadkhah.use({"DADKHAH_FEEDS": str(feed_list(tmp_path, samples.url("/evil.xml")))})
    dadkhah("poll")
    said = dadkhah("export", "--format", "csv")
    header, *cells = csv.reader(io.StringIO(said.out))
    titles = [row[KEYS.index("title")] for row in cells]
    assert tuple(header) == KEYS
    assert sorted(title[:2] for title in titles) == ["'+", "'-", "'=", "'@"]
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in cells for cell in row)


# ---------------------------------------------------------------- feeds


@pytest.fixture
def empty(dadkhah: CommandLine, settings: Environment, tmp_path: Path, kept: Kept) -> CommandLine:
    """A program that watches nothing yet."""
    folder = tmp_path / "empty"
    folder.mkdir()
    dadkhah.use({"DADKHAH_FEEDS": str(feed_list(folder, NOWHERE))})

    def make() -> None:
        assert dadkhah("admins", "grant", "7").code == 0
        assert dadkhah("feeds", "remove", NOWHERE).code == 0

    kept("empty", Path(settings["DADKHAH_DATA_DIR"]), make)
    return dadkhah


def test_feed_is_added_paused_resumed_and_removed(empty: CommandLine, samples: FeedServer) -> None:
    url = samples.url("/one.xml")
    added = empty("feeds", "add", url)
    assert (added.code, "3 entries, 3 of them on the subject" in added.out) == (0, True)

    def paused() -> bool:
        return bool(rows(empty("feeds", "show", url, "--json"))[0]["paused"])

    assert empty("feeds", "pause", url).code == 0
    assert paused()
    assert rows(empty("poll", "--all", "--json"))[0]["feeds"] == 0
    assert empty("feeds", "resume", url).code == 0
    assert not paused()
    assert empty("feeds", "add", url).code == 1  # watched already
    assert empty("feeds", "remove", url).code == 0
    assert rows(empty("feeds", "list", "--json")) == []
    actions = [row["action"] for row in rows(empty("audit", "--json"))]
    assert actions[:4] == ["feed.remove", "feed.resume", "feed.pause", "feed.add"]


def test_feeds_check_fails_if_any_feed_does_and_stores_nothing(
    empty: CommandLine, samples: FeedServer
) -> None:
    good, bad = samples.url("/one.xml"), samples.url("/page.html")
    assert empty("feeds", "check", good).code == 0
    said = empty("feeds", "check", good, bad, "--json")
    first, second = map(json.loads, said.out.splitlines())
    assert said.code == 1
    keys = [
        "url", "failure", "title", "language", "entries", "relevant", "newest", "named",
        "samples", "named_samples",
    ]  # fmt: skip
    assert list(first) == keys
    assert (first["failure"], first["entries"]) == (None, 3)
    assert second["failure"]["kind"] == "not-a-feed"
    assert rows(empty("feeds", "list", "--json")) == []


def test_feeds_that_are_exported_can_be_imported(empty: CommandLine, tmp_path: Path) -> None:
    for number, (name, kind) in enumerate([("A & <B>", "un"), ("خبر", "state")]):
        url = f"https://{number}.example/feed?a=1&b=2"
        done = empty("feeds", "add", "--no-check", url, "--name", name, "--kind", kind,
                     "--language", "fa")  # fmt: skip
        assert done.code == 0
    before = rows(empty("feeds", "list", "--json"))
    (tmp_path / "list.opml").write_text(empty("feeds", "export").out, encoding="utf-8")
    for feed in before:
        empty("feeds", "remove", feed["url"])
    assert "2 feeds added, 0" in empty("feeds", "import", "list.opml").out
    assert "0 feeds added, 2" in empty("feeds", "import", "list.opml").out
    after = rows(empty("feeds", "list", "--json"))
    same = ("url", "name", "site", "language", "kind")
    assert [[f[k] for k in same] for f in after] == [[f[k] for k in same] for f in before]


def test_list_with_a_row_that_cannot_be_used_changes_nothing_unless_told_to_skip_it(
    empty: CommandLine, tmp_path: Path
) -> None:
    feed_list(tmp_path, "https://good.example/feed", "gopher://bad.example/")
    refused = empty("feeds", "import", "feeds.toml")
    assert (refused.code, "gopher" in refused.err) == (2, True)
    assert rows(empty("feeds", "list", "--json")) == []
    assert empty("feeds", "import", "feeds.toml", "--skip-bad").code == 0
    assert len(rows(empty("feeds", "list", "--json"))) == 1


# ---------------------------------------------------------------- channels, admins, database


def test_channel_is_added_changed_paused_and_removed(empty: CommandLine) -> None:
    def channel() -> dict[str, Any]:
        return rows(empty("channels", "list", "--json"))[0]

    assert empty("channels", "add", str(CHAT), "--schedule", "18:00,06:30").code == 0
    assert (channel()["chat"], channel()["schedule"]) == (str(CHAT), ["06:30", "18:00"])
    assert empty("channels", "add", str(CHAT)).code == 1  # there already
    assert empty("channels", "change", str(CHAT), "--timezone", "Asia/Tehran").code == 0
    assert channel()["timezone"] == "Asia/Tehran"
    assert empty("channels", "pause", str(CHAT)).code == 0
    assert channel()["paused"]
    assert empty("channels", "pause", str(CHAT), "--resume").code == 0
    assert not channel()["paused"]
    assert empty("channels", "remove", str(CHAT)).code == 0
    assert rows(empty("channels", "list", "--json")) == []


def test_admin_is_granted_changed_and_revoked(empty: CommandLine) -> None:
    def admins() -> list[tuple[int, str]]:
        return [(a["user_id"], a["role"]) for a in rows(empty("admins", "list", "--json"))]

    empty("admins", "revoke", "7")
    assert empty("admins", "grant", "42").code == 0
    assert admins() == [(42, "editor")]
    assert empty("admins", "revoke", "42").code == 0
    assert admins() == []
    assert empty("admins", "grant", "42", "--role", "owner").code == 0
    assert empty("admins", "grant", "43", "--role", "owner").code == 0
    assert empty("admins", "grant", "42").code == 0
    assert admins() == [(42, "editor"), (43, "owner")]
    for last in (("revoke", "43"), ("grant", "43")):
        said = empty("admins", *last)
        assert (said.code, "43 is the last owner" in said.err) == (1, True)
    assert admins() == [(42, "editor"), (43, "owner")]


def test_database_is_checked_and_backed_up_but_nothing_is_overwritten(
    polled: CommandLine, tmp_path: Path
) -> None:
    assert "sound: 2 feeds, 13 articles (3 relevant)" in polled("db", "check").out
    assert polled("db", "backup", "copy.db").code == 0
    copy = open_store(f"sqlite:///{tmp_path / 'copy.db'}", create=False)
    assert copy.counts().articles == 13
    copy.close()
    before = (tmp_path / "copy.db").read_bytes()
    assert polled("db", "backup", "copy.db").code == 1
    assert (tmp_path / "copy.db").read_bytes() == before


def test_upgrade_makes_a_missing_database_and_leaves_a_current_one(
    dadkhah: CommandLine, settings: Environment
) -> None:
    assert dadkhah("db", "upgrade").code == 0
    file = Path(settings["DADKHAH_DATA_DIR"]) / "dadkhah.db"
    engine = make_engine(f"sqlite:///{file}")
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM feed").scalar() == 0
    engine.dispose()
    assert dadkhah("db", "upgrade").code == 0
    assert not (file.parent / "backups").exists()


def test_articles_of_the_samples_are_judged_as_the_tests_say(polled: CommandLine) -> None:
    exported = rows(polled("export"))
    assert {row["url"] for row in exported if row["relevant"]} == {news.url for news in RELEVANT}
