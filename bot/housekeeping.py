"""What is thrown away when its time has come."""

from __future__ import annotations

from datetime import timedelta

from bot.app import Program
from bot.clock import utc_now
from config import logs

log = logs.get(__name__)

LEDGER_AGE = timedelta(days=90)  # docs/operating.md


async def tidy(program: Program) -> None:
    """Delete ledger rows older than 90 days. Articles and hashes stay."""
    before = utc_now() - LEDGER_AGE
    gone = await program.database(lambda store: store.forget_ledger(before))
    if gone:
        log.info("ledger_tidied", rows=gone)
