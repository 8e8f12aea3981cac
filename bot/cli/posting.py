"""`dadkhah deliveries stop` and `resume`: the switch for all posting."""

from __future__ import annotations

import typer


def add_to(deliveries: typer.Typer) -> None:
    """Hang these commands on `dadkhah deliveries`."""
    deliveries.command()(stop)
    deliveries.command()(resume)


def stop() -> None:
    """Post nothing anywhere, from now on, in every process; nothing is lost."""
    _set(stopped=True)


def resume() -> None:
    """Post again what waits and what comes."""
    _set(stopped=False)


def _set(*, stopped: bool) -> None:
    from bot.cli.edge import store
    from bot.clock import utc_now
    from bot.wording import count

    with store(create=False) as opened:
        changed = opened.stop_posting(stopped=stopped, at=utc_now(), actor="cli")
        counts = opened.counts()
    waiting = counts.queued + counts.extra.get("private_queued", 0)
    state = "stopped everywhere" if stopped else "not stopped"
    already = "" if changed else " already"
    typer.echo(f"Posting is {state}{already}; {count(waiting, 'page')} queued.")
