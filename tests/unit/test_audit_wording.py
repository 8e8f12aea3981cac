"""The audit log in words: whoever reads it knows no names of actions."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

from bot.audit_wording import record_words
from watchers.telling import AuditRecord

AT = datetime(2026, 11, 22, 19, 3, 59, tzinfo=UTC)
PROJECT = Path(__file__).parents[2]
_NOTED = re.compile(
    r'"((?:admin|channel|delivery|digest|feed|posting|story|watch)\.[a-z]+(?:-[a-z]+)*)"'
)


def test_a_change_is_told_in_words() -> None:
    record = AuditRecord(AT, "7", "channel.change", "@digest", "schedule 08:00 -> 09:00")
    assert record_words(record) == (
        "2026-11-22 19:03, 7: changed the channel @digest (schedule 08:00 -> 09:00)"
    )
    assert record_words(AuditRecord(AT, "cli", "posting.stop", "")) == (
        "2026-11-22 19:03, the command line: stopped posting everywhere"
    )
    assert record_words(AuditRecord(AT, "system", "network.down", "all")) == (
        "2026-11-22 19:03, the program: network.down all"
    )


def test_what_was_written_stays_on_one_line_and_in_its_direction() -> None:
    said = record_words(AuditRecord(AT, "7", "watch.topic", "a", "دادگاه\nاستکهلم " + "x" * 9_999))
    assert "\n" not in said
    assert "(\u2068دادگاه استکهلم" in said
    assert len(said) < 500


def test_every_action_that_the_program_notes_has_words() -> None:
    sources = [*(PROJECT / "storage").glob("*.py"), PROJECT / "watchers" / "amend.py"]
    noted = {name for path in sources for name in _NOTED.findall(path.read_text("utf-8"))}
    noted = {name for name in noted if not name.endswith(".id")}  # foreign keys
    assert len(noted) > 25
    bare = {n for n in noted if n in record_words(AuditRecord(AT, "7", n, "x"))}
    assert bare == set()
