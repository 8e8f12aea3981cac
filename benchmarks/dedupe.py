"""`make bench-dedupe`: a generated year of articles, stored and settled, copies found in it.

    python -m benchmarks.dedupe [COUNT] [options]      (default: 1000000)

Twice on a SQLite file: a twentieth of the articles is relevant and kept close, all through the
real store; then all of them are kept close. What the last 10,000 articles cost beside the first
10,000, which planted copies were found and what was joined that does not belong together, beside
datasketch on the same articles. Progress goes to stderr, the tables to stdout, every figure to
build/bench-dedupe.json. 1 if a figure that is wanted is missed.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from benchmarks import dedupe_peer
from benchmarks.dedupe_scoring import Found, score, score_peer
from benchmarks.dedupe_store import Cost, Making, Stored, Year
from benchmarks.dedupe_texts import EVERY, World
from benchmarks.ours import ROOT
from benchmarks.poll import busy, machine, say
from benchmarks.table import Verdict

_OUT = ROOT / "build" / "bench-dedupe.json"
_PART = 10_000  # articles of which the cost is told
_PEER = 10_000  # relevant articles that the peer gets, the first ones
_IDLE = 0.1  # share of the machine that others may use
GROWTH, GROWTH_BANDED = 2.0, 3.0  # times the cost of the first articles
RECALL = 0.98
FALSE = 1 / 10_000  # of the relevant articles
MEMORY = 500 * 1000 * 1000  # bytes


def stored(making: Making, part: int, *, whole: bool) -> Stored:
    """Store a year in a file that is thrown away again."""
    name = "all kept close" if making.banded else "a twentieth kept close"
    columns = ("{task.description}", "{task.completed:,.0f} of {task.total:,.0f} articles")
    texts = [TextColumn(column) for column in columns]
    console, total = Console(stderr=True), making.world.count
    bar = Progress(*texts, BarColumn(), TimeElapsedColumn(), TimeRemainingColumn(),
                   TextColumn("{task.fields[cost]}"), console=console)  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="bench-dedupe-") as folder, bar:
        task = bar.add_task(name, total=total, cost="")

        def progress(done: int, cost: Cost) -> None:
            told = f"{cost.each:.0f} us of CPU an article"
            bar.update(task, completed=done, cost=told)
            if not console.is_terminal and done * 20 // total > (done - part) * 20 // total:
                say(f"  {name}: {done:,} of {total:,} articles, {told}")

        return Year(making, Path(folder), part).run(whole=whole, progress=progress)


def cost_table(runs: dict[str, Stored]) -> Iterator[str]:
    """What storing and settling took."""
    yield (
        "| kept close | articles | store CPU us | settle CPU us | together | wall us "
        "| times the first | rows of bands | file MB | memory MB |"
    )
    yield "|---|---|---|---|---|---|---|---|---|---|"
    for name, run in runs.items():
        for which, cost in (("first", run.costs[0]), ("last", run.costs[-1])):
            each = [1e6 * seconds / cost.articles for seconds in (cost.store_cpu, cost.settle_cpu)]
            cells = [name, f"{which} {cost.articles:,}", f"{each[0]:.0f}", f"{each[1]:.0f}"]
            cells += [f"{cost.each:.0f}", f"{1e6 * cost.wall / cost.articles:.0f}"]
            cells += [f"{cost.each / run.costs[0].each:.2f}", f"{run.rows['band']:,}"]
            cells += [f"{run.size / 1e6:,.0f}", f"{run.memory / 1e6:.0f}"]
            yield f"| {' | '.join(cells)} |"


def found_table(ours: Found, same: Found, peer: Found | None) -> Iterator[str]:
    """Which planted copies were found, and what else was joined."""
    yield "| planted | ours: found of | recall | on the peer's articles | datasketch |"
    yield "|---|---|---|---|---|"
    for kind in (*sorted(ours.planted), "all copies"):
        cells = [kind, f"{ours.hits(kind):,} of {ours.count(kind):,}", f"{ours.recall(kind):.4f}"]
        cells += [f"{one.recall(kind):.4f}" if one else "-" for one in (same, peer)]
        yield f"| {' | '.join(cells)} |"
    three = (ours, same, peer)
    for kind in (*sorted(ours.traps), "all traps"):
        shown = [_joined(one, kind) if one else "-" for one in three]
        yield f"| trap: {kind}, joined | {shown[0]} | | {shown[1]} | {shown[2]} |"
    shown = [f"{one.wrong:,} of {one.relevant:,}" if one else "-" for one in three]
    yield f"| joined wrongly, of all relevant | {shown[0]} | | {shown[1]} | {shown[2]} |"


def _joined(found: Found, kind: str) -> str:
    if kind == "all traps":
        return f"{found.trapped.total():,} of {found.traps.total():,}"
    return f"{found.trapped[kind]:,} of {found.traps[kind]:,}"


def verdicts(runs: dict[str, Stored], ours: Found | None) -> Iterator[Verdict]:
    """One line for each figure that is wanted."""
    wanted = {"a twentieth": GROWTH, "all": GROWTH_BANDED}
    for name, run in runs.items():
        text = f"{name} kept close: the last articles cost {run.growth:.2f} times the first"
        yield Verdict(f"{text} (wanted: at most {wanted[name]:g})", run.growth <= wanted[name])
    if ours is not None:
        recall, false = ours.recall("all copies"), ours.wrong / max(1, ours.relevant)
        yield Verdict(f"recall of planted copies: {recall:.4f} (wanted: {RECALL})",
                      recall >= RECALL)  # fmt: skip
        text = f"{ours.wrong} of {ours.relevant:,} relevant articles joined wrongly"
        yield Verdict(f"{text} (wanted: under 1 in 10,000)", false < FALSE)
    memory = max(run.memory for run in runs.values())
    text = f"memory of the process at its highest: {memory / 1e6:.0f} MB (wanted: under 500)"
    yield Verdict(text, memory < MEMORY)


def compared(world: World, python: Path | None) -> dict[str, Any]:
    """What the peer found among the first relevant articles, and what both took for it."""
    if python is None:
        return {}
    made = [world.article(n * EVERY + EVERY - 1) for n in range(min(_PEER, world.count // EVERY))]
    say(f"datasketch: {len(made):,} relevant articles ...")
    return dedupe_peer.run(made, python)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.dedupe", description="Copies in a generated year of articles."
    )
    add: Callable[..., Any] = parser.add_argument
    add("count", nargs="?", type=int, default=1_000_000, help="of articles")
    add("--seed", type=int, default=1988, help="of the generated articles")
    add("--part", type=int, default=_PART, help="articles of which the cost is told")
    add("--only", choices=("a twentieth", "all"), help="one of the two runs")
    add("--whole", action="store_true", help="settle each article of the second run, too")
    add("--alone", action="store_true", help="without the peer")
    add("--out", type=Path, default=_OUT, help="where the figures go, as JSON")
    return parser.parse_args()


def main() -> int:
    """Measure and tell; 1 if a requirement is not met."""
    options = _options()
    if (used := busy()) > _IDLE:
        say(f"warning: others use {used:.0%} of this machine; the figures will not be good")
    world = World(options.count, options.seed)
    part = min(options.part, max(500, options.count // 4))
    python = None if options.alone else dedupe_peer.install()
    runs: dict[str, Stored] = {}
    for name in ("a twentieth", "all"):
        if options.only in (None, name):
            making = Making(world, banded=name == "all")
            runs[name] = stored(making, part, whole=options.whole or not making.banded)
    one = runs.get("a twentieth")
    ours = score(world, one.numbers, one.copies) if one else None
    said = compared(world, python)
    peer = score_peer(world, said["joined"]) if said else None
    judged = list(verdicts(runs, ours))
    _keep(options, runs, ours, {k: v for k, v in said.items() if k != "joined"}, judged)
    print(*cost_table(runs), sep="\n", end="\n\n")
    if one and ours:
        same = score(world, one.numbers, one.copies, most=_PEER)
        print(*found_table(ours, same, peer), sep="\n", end="\n\n")
    for name in ("ours", "datasketch") if said else ():
        parts = ", ".join(f"{what} {value:.0f} us" for what, value in said[name].items())
        print(f"{name}: {parts} of CPU a relevant article")
    for verdict in judged:
        print(f"{'met ' if verdict.met else 'MISS'}  {verdict.text}")
    return 0 if all(verdict.met for verdict in judged) else 1


def _keep(
    options: argparse.Namespace,
    runs: dict[str, Stored],
    ours: Found | None,
    peer: dict[str, Any],
    judged: list[Verdict],
) -> None:
    told = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "count": options.count,
        "seed": options.seed,
        "runs": {
            name: {
                "growth": run.growth,
                "rows": run.rows,
                "bytes": run.size,
                "memory": run.memory,
                "costs": [asdict(cost) for cost in run.costs],
            }
            for name, run in runs.items()
        },
        "found": ours and ours.as_dict(),
        "peer": peer,
        "verdicts": [asdict(verdict) for verdict in judged],
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(told, indent=1), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
