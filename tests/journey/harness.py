"""What the tests of the whole way share: sample feeds, an environment, the command line."""

import contextlib
import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import Any, Self
from xml.sax.saxutils import escape

import pytest
import typer

import bot.app
from bot import deliver
from bot.app import Knowledge
from bot.cli import app
from bot.cli.edge import told
from tests.feedserver import FeedServer
from tests.standin import BotApiStandin
from watchers.changes import Rejudged, Stored
from watchers.errors import FeedUnreadable
from watchers.fulltext import read_page
from watchers.match import Matcher
from watchers.model import FetchFailure, Item
from watchers.reader import PageJob, Reading, ReadJob, read
from watchers.rehearsal import rejudged
from watchers.watchlist import Watchlist

CHAT = -1001234567890
NOWHERE = "https://nowhere.example/feed"  # a list of feeds cannot be empty
PROJECT = Path(__file__).parents[2]


@dataclass(frozen=True)
class News:
    """An invented article."""

    slug: str
    title: str
    text: str = ""

    @property
    def url(self) -> str:
        """Its address; nobody is ever asked for it."""
        return f"https://sample.example/{self.slug}"


# Titles are long, so that two pages are needed.
_LONG = ", with further remarks on the same occasion" * 5
RELEVANT = (
    News(
        "hague",
        "Parliamentary committee in The Hague hears witnesses on Iran's 1988 prison massacre"
        + _LONG,
        "Lawyers spoke for four hours.",
    ),
    News(
        "flowers",
        "Montreal film festival shows documentary about prisoners executed in Iran in 1988",
        "A bag of clothes returned to a mother is at the centre of it. Iran 1988 massacre.",
    ),
    News(
        "oslo",
        "Oslo university opens archive of letters on the 1988 massacre of political prisoners",
        "Volunteers catalogued envelopes and photographs, scanned by students in Bergen.",
    ),
)
_CITIES = ("Varamin", "Shiraz", "Tabriz", "Yazd", "Kerman", "Ahvaz", "Rasht", "Qazvin", "Zanjan")
NAMED = tuple(
    News(
        city.lower(),
        f"Gholam-Hossein Mohseni-Ejei inspects new courthouse building in {city}{_LONG}",
        f"The visit to {city} was number {number * 37} of its kind, said the {city} office.",
    )
    for number, city in enumerate(_CITIES, start=1)
)
OTHER = (News("ferry", "Ferry timetable: fish and chips boat sails again", "From Monday."),)
TOLD = frozenset(news.url for news in (*RELEVANT, *NAMED))


def rss(articles: Sequence[News], title: str = "Sample") -> str:
    """A feed of these articles, published an hour ago."""
    date = format_datetime(datetime.now(UTC) - timedelta(hours=1))
    items = "".join(
        f"<item><title>{escape(a.title)}</title><link>{a.url}</link><guid>{a.url}</guid>"
        f"<pubDate>{date}</pubDate><description>{escape(a.text)}</description></item>"
        for a in articles
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel>'
        f"<title>{title}</title><language>en</language>{items}</channel></rss>"
    )


def serve_samples(server: FeedServer) -> None:
    """Two feeds with validators."""
    server.set("/one.xml", rss(RELEVANT, "One"), etag='"one"')
    server.set("/two.xml", rss((*NAMED, *OTHER), "Two"), etag='"two"')


def feed_list(folder: Path, *urls: str) -> Path:
    """A TOML list of feeds."""
    path = folder / "feeds.toml"
    path.write_text("".join(f'[[feed]]\nurl = "{url}"\nlanguage = "en"\n' for url in urls))
    return path


Environment = dict[str, str]


def environment(
    folder: Path, feeds: FeedServer | None = None, standin: BotApiStandin | None = None
) -> Environment:
    """The settings of a program that lives in this folder."""
    values = {
        "DADKHAH_DATA_DIR": str(folder / "data"),
        "DADKHAH_ALLOWED_PRIVATE_HOSTS": "127.0.0.1",
        "DADKHAH_HOST_DELAY": "0",
        "DADKHAH_PARSE_PROCESSES": "1",
        "DADKHAH_FULL_TEXT": "false",  # the articles' addresses are nobody's
    }
    urls = [feeds.url("/one.xml"), feeds.url("/two.xml")] if feeds else [NOWHERE]
    values["DADKHAH_FEEDS"] = str(feed_list(folder, *urls))
    if standin is not None:
        values["DADKHAH_TELEGRAM_API_URL"] = standin.api_url
        values["DADKHAH_TELEGRAM_TOKEN"] = standin.token
        values["DADKHAH_CHANNEL"] = str(CHAT)
    return values


def with_ours(values: Environment) -> Environment:
    """The same for a child process: what it needs of this one's environment, and these."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("DADKHAH_", "COV"))}
    return {**kept, "PYTHONPATH": str(PROJECT), **values}


def die_with_parent() -> None:
    """In a new child: ask Linux to kill it when the test run itself is killed."""
    pr_set_pdeathsig = 1
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


def child(
    values: Environment, *arguments: str, module: str = "bot", timeout: float = 60, **options: Any
) -> subprocess.CompletedProcess[str]:
    """Run a command in a process (and a process group) of its own, to its end."""
    process = subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        env=with_ours(values), text=True, start_new_session=True,
        **{
            "stdout": subprocess.PIPE, "stderr": subprocess.PIPE,
            "preexec_fn": die_with_parent, **options,
        },
    )  # fmt: skip
    try:
        out, err = process.communicate(timeout=timeout)
    finally:
        # A killed program's reading processes must not outlive the test.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


class Killer:
    """Runs commands that are killed at a point (tests.journey.killed); a context manager."""

    def __init__(self) -> None:
        """Start the program that the commands are forked from."""
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.journey.killed"],
            env=with_ours({}), text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """End it: its input ends."""
        self._server.communicate(timeout=20)

    def __call__(self, values: Environment, point: str, *command: str) -> None:
        """Run a command; it must get to the point where it is killed."""
        pipe, answers = self._server.stdin, self._server.stdout
        assert pipe is not None
        assert answers is not None
        asked = {"point": point, "command": command, "environ": with_ours(values)}
        print(json.dumps(asked), file=pipe, flush=True)
        status = int(answers.readline())
        assert status == -signal.SIGKILL, f"{point} was never reached: exit {status}"


# ---------------------------------------------------------------- the same in this process


@cache
def _shipped() -> Watchlist:
    return Knowledge().watchlist


_matchers: OrderedDict[str, Matcher] = OrderedDict()  # by version: one takes longer than most tests
_MOST_MATCHERS = 8  # of 10 MB each


def matcher_of(watchlist: Watchlist) -> Matcher:
    """A matcher; one that was made of the same list lately: making one takes 0.1 s."""
    known = _matchers.pop(watchlist.version) if watchlist.version in _matchers else None
    made = _matchers[watchlist.version] = Matcher(watchlist) if known is None else known
    if len(_matchers) > _MOST_MATCHERS:
        _matchers.popitem(last=False)
    return made


class InlineWorkers:
    """Reads documents in this process: starting another one takes longer than most tests."""

    def __init__(self, watchlist: Watchlist | None = None, *_: object) -> None:
        """As Workers; by default with the shipped watchlist."""
        self.renew(watchlist or _shipped())

    def renew(self, watchlist: Watchlist) -> None:
        """Judge by another watchlist from now on."""
        self._matcher = matcher_of(watchlist)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing was started."""

    def start(self) -> None:
        """Nothing to start."""

    async def read(self, job: ReadJob) -> Reading | FetchFailure:
        """Read one document."""
        try:
            return read(job, self._matcher)
        except FeedUnreadable as error:
            return FetchFailure(error.kind, error.message)

    async def read_page(self, job: PageJob) -> Item | FetchFailure:
        """Read an article with its page."""
        return read_page(job, self._matcher)

    async def rejudge(
        self, articles: Sequence[Stored], now: datetime
    ) -> tuple[Rejudged, ...] | FetchFailure:
        """Judge stored articles again."""
        return rejudged(articles, self._matcher, now)


_FILES = {
    name: lru_cache(maxsize=4)(getattr(bot.app, name))
    for name in ("read_file", "parse_outlets", "parse_concepts")
}


def inline(patch: pytest.MonkeyPatch) -> None:
    """Read documents in this process, and the shipped files once."""
    patch.setattr("bot.app.Workers", InlineWorkers)
    read_once(patch)


def read_once(patch: pytest.MonkeyPatch) -> None:
    """Let the shipped files, and matchers, be made once of the same text: nobody changes them."""
    for name, made in _FILES.items():
        patch.setattr(bot.app, name, made)
    for module in ("bot.knowing", "bot.commands.preview", "bot.commands.rehearsing"):
        patch.setattr(f"{module}.Matcher", matcher_of)
    patch.setattr("watchers.match.Matcher", matcher_of)


@cache
def _command() -> Any:
    """What Typer makes of the functions, which takes longer than most commands."""
    return typer.main.get_command(app)


@dataclass(frozen=True)
class Said:
    """What a command said."""

    code: int
    out: str
    err: str


class CommandLine:
    """`dadkhah` in this process, with an environment of its own."""

    def __init__(self, patch: pytest.MonkeyPatch, capture: pytest.CaptureFixture[str]) -> None:
        self._patch = patch
        self._capture = capture
        inline(patch)
        patch.setattr(deliver, "Pace", partial(deliver.Pace, gap=0.0))

    def use(self, values: Environment) -> None:
        """Give the commands these settings (and those given before)."""
        for name, value in values.items():
            self._patch.setenv(name, value)

    def __call__(self, *arguments: str) -> Said:
        """Run a command."""
        self._capture.readouterr()
        code = told(lambda: _command()(list(arguments), prog_name="dadkhah"))
        said = self._capture.readouterr()
        return Said(code, said.out, said.err)


class Kept:
    """Data folders that were brought to a state once, to be copied: making one takes longer."""

    def __init__(self, folder: Path) -> None:
        """Keep them here."""
        self._folder = folder

    def __call__(self, name: str, target: Path, make: Callable[[], object]) -> None:
        """Let the target be in the state of that name, which `make` brings it to."""
        known = self._folder / name
        if known.exists():
            shutil.copytree(known, target)
            return
        make()
        shutil.copytree(target, known)


# ---------------------------------------------------------------- what readers saw


def links(standin: BotApiStandin, chat: int = CHAT) -> Counter[str]:
    """How often each article was told in the channel."""
    return Counter(
        entity["url"]
        for message in list(standin.sent)
        if message.chat_id == chat
        for entity in message.entities
        if entity["type"] == "text_link"
    )


@contextlib.contextmanager
def logging_as_it_was() -> Iterator[None]:
    """Commands set logging up anew; take that back."""
    import logging

    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
