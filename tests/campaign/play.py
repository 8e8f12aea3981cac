"""One run of the campaign: queue, deliver under faults, kill, start again, decide, deliver."""

import contextlib
import multiprocessing
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from storage import SqlStore
from storage.receipts import ABANDONED
from tests.campaign import judge
from tests.campaign.child import DONE, GAVE_UP, Job, is_open, live, now
from tests.campaign.counts import Outcome
from tests.campaign.judge import Facts, Span
from tests.campaign.plan import ARGUMENTS, CHAT, MOVED, USER, Plan, pages_of
from tests.standin import BotApiStandin, BotApiThread
from tests.standin.state import Exchange
from watchers.telling import Channel, ChannelSpec, DeliveryState, DigestOrder

# A process from which each life is forked, with everything imported: that takes 2 s, a fork none.
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.campaign.warm"])

_STEP = 0.003  # seconds between two looks at what goes on
_DEADLINE = 600.0  # seconds for one run, on a machine with other things to do
_ROUNDS = 8
_OPEN = (DeliveryState.UNCERTAIN, DeliveryState.FAILED)


class Overdue(AssertionError):
    """A run that comes to no end."""


def play(plan: Plan, folder: Path, store: SqlStore, url: str) -> Outcome:
    """Play a run on an empty database, which `store` has open at `url`; put away the store."""
    began = time.monotonic()
    outcome = Outcome(plan.seed)
    with BotApiThread() as telegram, contextlib.closing(store):
        run = _Run(plan, folder, store, url, telegram, outcome)
        try:
            run.play()
        except Overdue as error:
            outcome.problems.append(f"overdue: {error}")
        finally:
            run.end()
    outcome.seconds = time.monotonic() - began
    return outcome


class _Life:
    """One process of the program."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.seen: Counter[str] = Counter()
        self.began = self.seen_alive = time.monotonic()
        self.process: ForkServerProcess = _FORKS.Process(target=live, args=(job,))
        self.process.start()

    @property
    def exit_code(self) -> int | None:
        """How it ended; None while it goes on."""
        at = time.monotonic()
        code = self.process.exitcode
        if code is None:
            self.seen_alive = at
        else:
            self.process.join()
        return code

    def see(self, stage: str) -> None:
        """Telegram saw a stage of one of the sends: kill, if it is the one."""
        self.seen[stage] += 1
        kill = self.job.kill
        if kill is not None and (kill.where, kill.count) == (stage, self.seen[stage]):
            self.kill()

    def kill(self) -> None:
        """SIGKILL: no handler, no clean-up, no flushed buffer."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.process.pid or 0, signal.SIGKILL)


class _Run:
    def __init__(
        self, plan: Plan, folder: Path, store: SqlStore, url: str, telegram: BotApiStandin,
        outcome: Outcome,
    ) -> None:  # fmt: skip
        self.plan, self.store, self.telegram, self.outcome = plan, store, telegram, outcome
        self.url, self.log = url, str(folder / "lives.log")
        self.started = time.monotonic()
        self.dice = random.Random(f"{plan.seed} while it runs")
        self.lives: list[_Life] = []
        self.kills: list[Span] = []
        self.halts: list[Span] = []
        self.arrived: set[int] = set()
        self.resent: set[int] = set()
        self.queued = self.unsure = 0
        self.cut: set[tuple[int, int]] = set()  # pages, and which attempt at them
        self.coming = list(plan.kills)
        self.channels = [self._channel(number) for number in range(len(plan.digests))]
        self.channels += [self._subscriber(number) for number in range(len(plan.private))]
        telegram.watch(self._watch)

    # ------------------------------------------------------------ what is told

    def _channel(self, number: int) -> Channel:
        chat = CHAT - number
        self.telegram.add_chat(chat, "channel")
        self.telegram.add_chat(MOVED - number, "channel")
        share = self.plan.moves[number]
        if share:
            self.telegram.storm(
                "sendMessage", self.plan.seed + number, {"migrate": share},
                {"migrate": ({"to": MOVED - number, "moves": True},)}, left=1, chat_id=chat,
            )  # fmt: skip
        return self.store.add_channel(
            ChannelSpec(str(chat)), at=now(self.started) - timedelta(days=1), actor="cli"
        )

    def _subscriber(self, number: int) -> Channel:
        user = USER + number
        self.telegram.add_chat(user, "private", bot_status="member")
        spec = ChannelSpec(str(user), private=True)
        return self.store.add_channel(
            spec, at=now(self.started) - timedelta(days=1), actor="subscriber"
        )

    def _queue(self, number: int, pages: int) -> None:
        channel, at = self.channels[number], now(self.started) + timedelta(seconds=self.queued)
        order = DigestOrder(
            channel.id, slot=at, built_at=at, since=at - timedelta(days=1), subjects=(),
            pages=pages_of(self.plan.seed, number, self.queued, pages), scheduled=False,
        )  # fmt: skip
        assert self.store.queue_digests((order,))[0] is not None
        self.queued += pages

    # ------------------------------------------------------------ the run

    def play(self) -> None:
        plan = self.plan
        for number, digests in enumerate(plan.digests):
            for pages in digests:
                self._queue(number, pages)
        for number, pages in enumerate(plan.private, len(plan.digests)):
            self._queue(number, pages)
        self.telegram.storm("sendMessage", plan.seed, plan.trouble, ARGUMENTS)
        events = sorted(
            [(after, "queue", number, pages) for after, number, pages in plan.later]
            + [(stop.after, "stop", 0, stop.lasts) for stop in plan.stops]
        )
        for round_number in range(_ROUNDS):
            if round_number >= plan.stormy:
                self.telegram.calm()
                self.coming.clear()
            self._deliver(events if not round_number else [])
            self._wait(lambda: self.telegram.is_quiet, "the stand-in at rest")
            facts = self._facts()
            self.outcome.problems += judge.problems(facts)
            if self.outcome.problems or not self._decide(facts):
                break
        else:
            self.outcome.problems.append(f"not settled in {_ROUNDS} rounds")
        self._count(self._facts())

    def _deliver(self, events: list[tuple[float, str, int, float]]) -> None:
        """Lives of the program, one after another or two at once, until all is at rest."""
        began, waiting = time.monotonic(), list(events)
        halted: tuple[float, float] | None = None
        while True:
            self._in_time()
            at = time.monotonic() - began
            while waiting and waiting[0][0] <= at:
                _, what, number, amount = waiting.pop(0)
                if what == "queue":
                    self._queue(number, int(amount))
                elif halted is None:
                    halted = self._halt(amount)
            if halted is not None and time.monotonic() >= halted[1]:
                self._resume(halted[0])
                halted = None
            self._kill_in_time()
            self._bury()
            if self.plan.resumes and self.dice.random() < 0.02:
                self._lift_pauses()
            if not self.lives:
                if not is_open(self.store) and not waiting and halted is None:
                    return
                for _ in range(self.plan.processes):
                    self._begin_life()
            time.sleep(_STEP)

    def _begin_life(self) -> None:
        kill = self.coming.pop(0) if self.coming else None
        api, token = self.telegram.api_url, self.telegram.token
        life = _Life(Job(self.url, api, token, self.started, self.log, kill))
        self.outcome.counts["lives"] += 1
        self.lives.append(life)

    def _kill_in_time(self) -> None:
        for life in self.lives:
            kill = life.job.kill
            if kill and kill.where == "time" and time.monotonic() - life.began >= kill.seconds:
                life.kill()

    def _watch(self, stage: str, exchange: Exchange) -> None:
        """In the stand-in's thread: kill as the plan says, at once."""
        if exchange.method.lower() != "sendmessage":
            return
        for life in list(self.lives):
            life.see(stage)

    def _bury(self) -> None:
        """Look after lives that have ended, by themselves or killed."""
        for life in list(self.lives):
            code = life.exit_code
            if code is None:
                continue
            self.lives.remove(life)
            if code == -signal.SIGKILL:
                self.kills.append(Span(life.seen_alive, time.monotonic()))
                self.outcome.counts["kills"] += 1
                self._count_cut()
                self._begin_life()
            elif code != DONE:
                self.outcome.problems.append(f"a life ended with {code}; see {self.log}")
                raise Overdue("a life failed")

    def _count_cut(self) -> None:
        """Pages that a killed process may have left in the middle.

        Another process that lives may have found one already, before the death was seen here: it
        counts too, but no more than one of each channel at one kill.
        """
        sending = self.store.deliveries(DeliveryState.SENDING)
        channels = {page.channel_id for page in sending}
        if len(channels) != len(sending):
            self.outcome.problems.append(f"{len(sending)} pages in {len(channels)} channels")
        unsure = self.store.deliveries(DeliveryState.UNCERTAIN, limit=100_000)
        left = [page for page in unsure if page.error == ABANDONED]
        found = {(page.id, page.attempts): page.channel_id for page in left}
        new = {page: channel for page, channel in found.items() if page not in self.cut}
        if len(new) != len(set(new.values())):
            self.outcome.problems.append(f"{len(new)} pages were given up at one kill")
        self.cut |= {(page.id, page.attempts) for page in sending} | new.keys()

    # ------------------------------------------------------------ what admins do

    def _halt(self, lasts: float) -> tuple[float, float]:
        self.store.stop_posting(stopped=True, at=now(self.started), actor="7")
        self.outcome.counts["stops"] += 1
        at = time.monotonic()
        return at, at + lasts

    def _resume(self, began: float) -> None:
        self.halts.append(Span(began, time.monotonic()))
        self.store.stop_posting(stopped=False, at=now(self.started), actor="7")

    def _lift_pauses(self) -> int:
        paused = [channel for channel in self._all_channels() if channel.paused]
        for channel in paused:
            self.outcome.counts["pauses"] += 1
            self.store.change_channel(
                channel.id, {"paused": False}, at=now(self.started), actor="7"
            )
        return len(paused)

    def _decide(self, facts: Facts) -> bool:
        """Settle what is open, as an admin who sees the chat would; whether there was anything."""
        there = {message.text for message in facts.messages}
        pages = [page for page in facts.deliveries if page.state in _OPEN]
        for page in pages:
            decision = "arrived" if page.content.text in there else "resend"
            self.store.settle_delivery(page.id, decision, at=now(self.started), actor="7")
            counts = self.outcome.counts
            if page.state is DeliveryState.FAILED:
                counts["failed"] += 1
            else:
                counts["uncertain"] += 1
                counts["arrived" if decision == "arrived" else "resent"] += 1
                self.unsure += 1
            (self.arrived if decision == "arrived" else self.resent).add(page.id)
        lifted = self._lift_pauses()
        return bool(pages or lifted)

    # ------------------------------------------------------------ what there is to judge by

    def _all_channels(self) -> tuple[Channel, ...]:
        return (*self.store.channels(), *self.store.subscribers())

    def _facts(self) -> Facts:
        deliveries = sorted(self.store.deliveries(limit=100_000), key=lambda page: page.id)
        open_now = sum(page.state is DeliveryState.UNCERTAIN for page in deliveries)
        return Facts(
            channels=self._all_channels(),
            deliveries=deliveries,
            queued=self.queued,
            chats={
                channel.id: frozenset((int(channel.chat), MOVED - number))
                for number, channel in enumerate(self.channels)
            },
            messages=[message for message in self.telegram.sent if not message.deleted],
            sends=self.telegram.sends(),
            timeouts=self._timeouts(),
            cut=len(self.cut),
            unsure=self.unsure + open_now,
            arrived=self.arrived,
            resent=self.resent,
            kills=self.kills,
            halts=self.halts,
        )

    def _timeouts(self) -> int:
        log = Path(self.log)
        return log.read_bytes().count(GAVE_UP) if log.exists() else 0

    def _count(self, facts: Facts) -> None:
        counts = self.outcome.counts
        shown = [
            sum(m.text == page.content.text for m in facts.messages) for page in facts.deliveries
        ]
        self.outcome.faults = judge.count_faults(facts.sends)
        counts["runs"] = 1
        counts["two"] = self.plan.processes == 2
        counts["channels"] = len(self.plan.digests)
        counts["private"] = len(self.plan.private)
        counts["pages"] = self.queued
        counts["sends"] = len(facts.sends)
        counts["recorded"] = len(facts.messages)
        counts["ambiguous"] = sum(judge.ambiguous(exchange) for exchange in facts.sends)
        counts["timeouts"] = facts.timeouts
        counts["cut"] = len(self.cut)
        counts["restarts"] = counts.pop("lives", 1) - self.plan.processes
        counts["migrated"] = sum(MOVED - 100 < int(c.chat) <= MOVED for c in facts.channels)
        counts["once"] = shown.count(1)
        counts["duplicates"] = sum(times > 1 for times in shown)
        counts["lost"] = shown.count(0) + self.queued - len(shown)
        if not self.outcome.problems and counts["once"] != self.queued:
            self.outcome.problems.append(f"{counts['once']} of {self.queued} pages arrived once")

    def _wait(self, condition: Callable[[], bool], what: str) -> None:
        while not condition():
            self._in_time(what)
            time.sleep(_STEP)

    def _in_time(self, what: str = "all pages at rest") -> None:
        if time.monotonic() - self.started > _DEADLINE:
            raise Overdue(f"waiting for {what}")

    def end(self) -> None:
        """Leave nothing running."""
        for life in self.lives:
            life.kill()
            life.process.join(10)
