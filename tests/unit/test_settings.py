"""Settings are read whole or refused with one line for each wrong variable; secrets stay secret."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from config.settings import FILE, PREFIX, Settings, SettingsInvalid, load, shown, unknown_variables

SECRET = "hunter2-hunter2"
TOKEN = "123456:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
Set = Callable[..., Settings]


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Set:
    """Loads with these variables (named without the prefix) in an empty folder."""

    def set_and_load(**variables: str) -> Settings:
        for name, value in variables.items():
            monkeypatch.setenv(PREFIX + name.upper(), value)
        return load(folder=tmp_path)

    return set_and_load


def problems(settings: Set, **variables: str) -> tuple[str, ...]:
    with pytest.raises(SettingsInvalid) as caught:
        settings(**variables)
    assert str(caught.value) == "\n".join(caught.value.problems)
    return caught.value.problems


def test_everything_has_a_default(settings: Set) -> None:
    made = settings()
    assert made.token is None
    assert made.database.startswith("sqlite:////")
    assert made.database.endswith("/data/dadkhah.db")
    assert (made.timezone, made.schedule, made.language) == ("UTC", ("08:00", "18:00"), "en")


GIVEN: dict[str, tuple[str, str, object]] = {
    "admins": ("admins", "7, 8,", (7, 8)),
    "one admin": ("admins", "7", (7,)),
    "channel": ("channel", "@channel_name", "@channel_name"),
    "numeric channel": ("channel", "-1001234567890", "-1001234567890"),
    "zone": ("timezone", "Asia/Tehran", "Asia/Tehran"),
    "schedule in order": ("schedule", "18:00,08:00,18:00", ("08:00", "18:00")),
    "host delay": ("host_delay", "0.5", 0.5),
    "no host delay": ("host_delay", "0", 0.0),
    "API": ("telegram_api_url", "http://127.0.0.1:8081/", "http://127.0.0.1:8081"),
    "listen on IPv6": ("http_listen", "[::1]:8080", "[::1]:8080"),
    "listening off": ("http_listen", "", ""),
    "publishers": ("excluded_hosts", "a.example, b.example", ("a.example", "b.example")),
    "hosts": ("allowed_private_hosts", "10.0.0.0/8, a.lan:80", ("10.0.0.0/8", "a.lan:80")),
    "empty is the default": ("timezone", "", "UTC"),
}


@pytest.mark.parametrize(("name", "text", "value"), GIVEN.values(), ids=GIVEN)
def test_a_variable_is_read(settings: Set, name: str, text: str, value: object) -> None:
    assert getattr(settings(**{name: text}), name) == value


# What is wrong, and a word of what to do about it.
WRONG = {
    "admin's name": ("admins", "@somebody", "numeric"),
    "negative admin": ("admins", "-5", "numeric"),
    "zone": ("timezone", "Teheran", "IANA"),
    "zone outside": ("timezone", "../../etc/passwd", "IANA"),
    "schedule": ("schedule", "8am", "HH:MM"),
    "hour": ("schedule", "25:00", "HH:MM"),
    "a publisher's address": ("excluded_hosts", "https://a.example/", "subdomains"),
    "a publisher's pattern": ("excluded_hosts", "*.a.example", "subdomains"),
    "channel": ("channel", "my channel", "@channelname"),
    "API": ("telegram_api_url", "api.telegram.org", "http"),
    "listen": ("http_listen", "8080", "host:port"),
    "language": ("language", "de", "'en'"),
    "engine": ("engine", "steam", "'embedded'"),
    "delay": ("host_delay", "-1", "greater than or equal to 0"),
    "delay is no number": ("host_delay", "soon", "number"),
    "concurrency": ("fetch_concurrency", "0", "greater than or equal to 1"),
    "retention": ("retention_text", "-1", "greater than or equal to 0"),
    "log level": ("log_level", "loud", "'debug'"),
    "log format": ("log_format", "xml", "'json'"),
    "token": ("telegram_token", SECRET, "@BotFather"),
    "proxy": ("proxy", SECRET, "http://host:port"),
    "Telegram proxy": ("telegram_proxy", f"ftp://u:{SECRET}@h/", "socks5://host:port"),
}


@pytest.mark.parametrize(("name", "text", "advice"), WRONG.values(), ids=WRONG)
def test_a_wrong_value_is_one_line_naming_the_variable_and_what_to_do(
    settings: Set, name: str, text: str, advice: str
) -> None:
    (line,) = problems(settings, **{name: text})
    assert line.startswith(f"{PREFIX}{name.upper()}: ")
    assert advice in line
    assert "\n" not in line
    assert SECRET not in line


def test_all_wrong_values_are_told_at_once(settings: Set) -> None:
    found = problems(settings, timezone="x", schedule="y", language="z", telegram_token=SECRET)
    assert [line.partition(":")[0].removeprefix(PREFIX) for line in found] == [
        "TELEGRAM_TOKEN", "TIMEZONE", "SCHEDULE", "LANGUAGE",
    ]  # fmt: skip


# ---------------------------------------------------------------- secrets


def test_a_secret_may_stand_in_a_file(settings: Set, tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text(f"{TOKEN}\n")
    assert settings(telegram_token_file=str(path)).token == TOKEN


def test_a_variable_and_its_file_both_set_are_refused(settings: Set, tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text(TOKEN)
    (line,) = problems(settings, telegram_token=TOKEN, telegram_token_file=str(path))
    assert line.startswith(f"{PREFIX}TELEGRAM_TOKEN: ")
    assert "keep one" in line


def test_a_file_that_cannot_be_read_is_named(settings: Set, tmp_path: Path) -> None:
    (line,) = problems(settings, telegram_token_file=str(tmp_path / "none"))
    assert line.startswith(f"{PREFIX}TELEGRAM_TOKEN_FILE: ")
    assert "No such file" in line


def test_a_file_with_a_wrong_secret_is_named_and_not_quoted(settings: Set, tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text(SECRET)
    (line,) = problems(settings, telegram_token_file=str(path))
    assert line.startswith(f"{PREFIX}TELEGRAM_TOKEN_FILE: ")
    assert SECRET not in line


def test_secrets_are_never_shown(settings: Set) -> None:
    made = settings(
        telegram_token=TOKEN,
        database_url=f"postgresql://u:{SECRET}@db/x",
        proxy=f"http://u:{SECRET}@proxy:1",
    )
    text = f"{made!r} {made} {shown(made)}"
    assert TOKEN not in text
    assert SECRET not in text
    assert shown(made)["DADKHAH_TELEGRAM_TOKEN"] == "(set)"
    assert shown(made)["DADKHAH_TELEGRAM_PROXY"] == ""


def test_what_is_shown_has_every_variable(settings: Set) -> None:
    assert set(shown(settings())) == {PREFIX + name.upper() for name in Settings.model_fields}


# ---------------------------------------------------------------- the file


def test_the_file_has_names_without_the_prefix(settings: Set, tmp_path: Path) -> None:
    (tmp_path / FILE).write_text('timezone = "Asia/Tehran"\nadmins = [7, 8]\nhost_delay = 2\n')
    made = settings()
    assert (made.timezone, made.admins, made.host_delay) == ("Asia/Tehran", (7, 8), 2.0)


def test_the_environment_wins_over_the_file(settings: Set, tmp_path: Path) -> None:
    (tmp_path / FILE).write_text('timezone = "Asia/Tehran"\n')
    assert settings(timezone="Europe/Berlin").timezone == "Europe/Berlin"


FILES = {
    "unknown key": ('colour = "red"', "colour: no such setting"),
    "wrong value": ('timezone = "x"', "timezone: "),
    "wrong type": ("channel = 5", "channel: "),
    "no TOML": ("timezone =", "cannot be read"),
    "a secret of a wrong type": ("telegram_token = 5551234", "telegram_token: "),
}


@pytest.mark.parametrize(("text", "said"), FILES.values(), ids=FILES)
def test_a_problem_in_the_file_names_the_file(
    settings: Set, tmp_path: Path, text: str, said: str
) -> None:
    (tmp_path / FILE).write_text(text)
    (line,) = problems(settings)
    assert line.startswith(f"{FILE}: ")
    assert said in line
    assert "5551234" not in line


def test_a_file_that_is_no_text_is_told(settings: Set, tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"\xff\xfe")
    (line,) = problems(settings)
    assert line.startswith(f"{FILE}: cannot be read")


def test_variables_that_are_none_of_ours_are_told_and_stop_nothing(settings: Set) -> None:
    settings(timezon="x", telegram_token_files="y")
    assert unknown_variables(os.environ) == (
        "DADKHAH_TELEGRAM_TOKEN_FILES",
        "DADKHAH_TIMEZON",
    )


def test_settings_cannot_be_changed(settings: Set) -> None:
    with pytest.raises(ValueError, match="frozen"):
        settings().timezone = "x"
