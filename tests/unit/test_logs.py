"""Logs are one line an event, on stderr, and never hold a secret."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator

import pytest
import structlog

from config import logs

SECRET = "123456:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
STYLES = ["text", "json"]


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """Logging is one for the process: what was there comes back."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def _raise(error: Exception) -> None:
    token = SECRET  # a local variable, which pretty tracebacks print
    assert token
    raise error


def _event() -> None:
    logs.get("a").warning(f"event with {SECRET}")


def _value() -> None:
    logs.get("a").warning("event", url=f"https://api.example/bot{SECRET}/getMe")


def _nested() -> None:
    logs.get("a").warning("event", values=[{"token": SECRET}], error=ValueError(SECRET))


def _name() -> None:
    logs.get("a").warning("event", **{f"key-{SECRET}": 1})


def _exception() -> None:
    try:
        _raise(RuntimeError(f"the token `{SECRET}` was rejected"))
    except RuntimeError:
        logs.get("a").exception("failed")


def _long_exception() -> None:
    try:
        _raise(RuntimeError("x" * 90 + SECRET + "y" * 200))
    except RuntimeError:
        logs.get("a").exception("failed")


def _chained() -> None:
    try:
        try:
            _raise(ValueError(SECRET))
        except ValueError as error:
            raise RuntimeError("outer") from error
    except RuntimeError:
        logs.get("a").exception("failed")


def _library() -> None:
    logging.getLogger("some.library").error("POST https://api.example/bot%s/x", SECRET)


def _library_exception() -> None:
    try:
        _raise(RuntimeError(SECRET))
    except RuntimeError:
        logging.getLogger("some.library").exception("failed: %s", {"url": SECRET})


def _extra() -> None:
    logging.getLogger("some.library").error("event", extra={"token": SECRET})


WAYS: dict[str, Callable[[], None]] = {
    "event": _event,
    "value": _value,
    "nested value": _nested,
    "name of a value": _name,
    "exception": _exception,
    "long exception": _long_exception,
    "chained exception": _chained,
    "a library's message": _library,
    "a library's exception": _library_exception,
    "a library's extra": _extra,
}


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_no_secret_reaches_a_log(
    way: Callable[[], None], style: str, capfd: pytest.CaptureFixture[str]
) -> None:
    logs.set_up("debug", style, [SECRET, ""])
    way()
    out, err = capfd.readouterr()
    assert out == ""
    assert "***" in err
    assert SECRET not in err
    assert SECRET[7:20] not in err
    assert SECRET[-12:] not in err


def test_json_is_one_object_a_line_with_its_values(capfd: pytest.CaptureFixture[str]) -> None:
    logs.set_up("info", "json")
    logs.get("watchers.x").info("feed_read", feed=7, title="خبر")
    (line,) = capfd.readouterr().err.splitlines()
    event = json.loads(line)
    assert (event["event"], event["feed"], event["title"]) == ("feed_read", 7, "خبر")
    assert (event["level"], event["logger"]) == ("info", "watchers.x")
    assert event["timestamp"].endswith("Z")


def test_a_traceback_in_json_stays_on_one_line(capfd: pytest.CaptureFixture[str]) -> None:
    logs.set_up("info", "json")
    _exception()
    (line,) = capfd.readouterr().err.splitlines()
    assert "RuntimeError" in json.loads(line)["exception"]


def test_text_names_the_event_and_its_values(capfd: pytest.CaptureFixture[str]) -> None:
    logs.set_up("info", "text")
    logs.get("watchers.x").info("feed_read", feed=7)
    (line,) = capfd.readouterr().err.splitlines()
    assert "feed_read" in line
    assert "feed=7" in line


@pytest.mark.parametrize("style", STYLES)
def test_less_than_the_level_is_not_logged(style: str, capfd: pytest.CaptureFixture[str]) -> None:
    logs.set_up("warning", style)
    logs.get("a").info("quiet")
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("name", ["httpx", "httpcore", "telegram", "apscheduler", "asyncio"])
def test_libraries_that_log_addresses_do_so_only_when_something_is_wrong(
    name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    logs.set_up("debug", "text")
    logging.getLogger(name).info("GET https://api.example/bot…")
    assert capfd.readouterr().err == ""


def test_setting_up_twice_logs_once(capfd: pytest.CaptureFixture[str]) -> None:
    logs.set_up("info", "text")
    logs.set_up("info", "text")
    logs.get("a").info("event")
    assert len(capfd.readouterr().err.splitlines()) == 1
