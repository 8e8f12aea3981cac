"""Settings: environment and `dadkhah.toml` become one frozen value, or a list of problems.

The environment (DADKHAH_...) wins over the file; a secret may stand in a file of its own
(DADKHAH_..._FILE). Nothing else in the program reads the environment: values are passed.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

PREFIX = "DADKHAH_"
FILE = "dadkhah.toml"

_ID = re.compile(r"[1-9]\d{0,18}")
_CLOCK = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d")
_TOKEN = re.compile(r"\d+:[A-Za-z0-9_-]+$")
_CHAT = re.compile(r"(?:@[A-Za-z][A-Za-z0-9_]{3,31}|-?\d{1,20})$")
_WEB = re.compile(r"https?://[^\s/]+", re.IGNORECASE)
_PROXY = re.compile(r"(?:https?|socks5h?)://[^\s/]+", re.IGNORECASE)
_DATABASE = re.compile(
    r"sqlite:///.+|(?:postgres|postgresql|postgresql\+psycopg)://[^/?#]*(?::\d+)?(?:[/?]|$)"
)
_HOST = re.compile(r"[^\s/:@*\[\]]+$")
_HOOK = re.compile(r"https?://[^\s/?#]+/[^\s?#]+$", re.IGNORECASE)
_HOOK_SECRET = re.compile(r"[A-Za-z0-9_-]{16,256}$")  # Telegram takes 1 to 256 of these
_LISTEN = re.compile(r"(?:\[[0-9A-Fa-f:]+\]|[^\s:]+):\d{1,5}")


class SettingsInvalid(Exception):
    """Settings that cannot be used: `problems` has one line for each wrong variable."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


def _listed(value: object) -> object:
    """From "a, b" or a TOML array: a tuple of what is not empty."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return tuple(value) if isinstance(value, list) else value


Texts = Annotated[tuple[str, ...], NoDecode]
Numbers = Annotated[tuple[int, ...], NoDecode]


class Settings(BaseSettings):
    """Every setting, with its default. README.md's table says the same for people."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, extra="forbid", frozen=True, validate_default=True
    )

    data_dir: Path = Path("data")
    database_url: SecretStr = SecretStr("")  # empty: SQLite in data_dir
    engine: Literal["embedded", "distributed"] = "embedded"
    telegram_token: SecretStr = SecretStr("")
    telegram_api_url: str = "https://api.telegram.org"
    telegram_proxy: SecretStr = SecretStr("")
    webhook_url: str = ""  # empty: long polling
    webhook_secret: SecretStr = SecretStr("")
    admins: Numbers = ()
    channel: str = ""
    timezone: str = "UTC"
    schedule: Texts = ("08:00", "18:00")
    language: Literal["en", "fa", "fr"] = "en"
    feeds: Path | None = None
    proxy: SecretStr = SecretStr("")
    contact: str = ""
    allowed_private_hosts: Texts = ()
    excluded_hosts: Texts = ()  # publishers who asked to be left out
    host_delay: float = Field(default=5.0, ge=0, le=3600)  # seconds
    fetch_concurrency: int = Field(default=32, ge=1, le=1000)
    full_text: bool = True  # fetch the pages of suspicious articles
    parse_processes: int = Field(default=0, ge=0, le=256)  # 0: one a core
    retention_text: int = Field(default=0, ge=0, le=36_500)  # days; 0: for ever
    retention_ledger: int = Field(default=90, ge=0, le=36_500)  # days; 0: for ever
    retention_audit: int = Field(default=0, ge=0, le=36_500)  # days; 0: for ever
    http_listen: str = "127.0.0.1:8080"  # empty: off
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["text", "json"] = "text"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the library's interface
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment first, then what `load` read from files."""
        return env_settings, init_settings

    @property
    def database(self) -> str:
        """The database's address; it may hold a password, so it is never logged."""
        given = self.database_url.get_secret_value()
        return given or f"sqlite:///{self.data_dir.absolute() / 'dadkhah.db'}"

    @property
    def token(self) -> str | None:
        """The bot's token, or None: then digests are printed and nothing is posted."""
        return self.telegram_token.get_secret_value() or None

    @field_validator("schedule", "allowed_private_hosts", "excluded_hosts", mode="before")
    @classmethod
    def _list(cls, value: object) -> object:
        return _listed(value)

    @field_validator("admins", mode="before")
    @classmethod
    def _ids(cls, value: object) -> object:
        found = _listed(value)
        if not isinstance(found, tuple) or not all(_ID.fullmatch(str(one)) for one in found):
            msg = "must be numeric user ids, not names, e.g. 123456789 (@userinfobot tells yours)"
            raise ValueError(msg)
        return found

    @field_validator("schedule")
    @classmethod
    def _clock(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for time in value:
            if not _CLOCK.fullmatch(time):
                msg = f"{time!r} is no time of day; write HH:MM, e.g. 08:00,18:00"
                raise ValueError(msg)
        return tuple(sorted(set(value)))

    @field_validator("excluded_hosts")
    @classmethod
    def _hosts(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for host in value:
            _shaped(host, _HOST, "write hosts such as example.org; their subdomains are meant too")
        return value

    @field_validator("timezone")
    @classmethod
    def _zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            msg = f"{value!r} is no IANA time zone; write e.g. Europe/Berlin or Asia/Tehran"
            raise ValueError(msg) from error
        return value

    @field_validator("channel")
    @classmethod
    def _chat(cls, value: str) -> str:
        return _shaped(value, _CHAT, "write @channelname or a numeric chat id")

    @field_validator("telegram_api_url")
    @classmethod
    def _api(cls, value: str) -> str:
        return _shaped(value, _WEB, "write http(s)://host[:port]").rstrip("/")

    @field_validator("http_listen")
    @classmethod
    def _listen(cls, value: str) -> str:
        advice = "write host:port, or nothing to switch it off"
        _shaped(value, _LISTEN, advice)
        if value and not 0 <= int(value.rpartition(":")[2]) < 65536:
            msg = f"{value!r} has no port; {advice}"
            raise ValueError(msg)
        return value

    @field_validator("contact")
    @classmethod
    def _contact(cls, value: str) -> str:
        if not (value.isascii() and value.isprintable()):
            msg = f"{value!r} cannot be sent in a header; write an address of mail or web"
            raise ValueError(msg)
        return value

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: SecretStr) -> SecretStr:
        return _secret(
            value, _DATABASE, "write sqlite:///file or postgresql://user:password@host/name"
        )

    @field_validator("telegram_token")
    @classmethod
    def _token(cls, value: SecretStr) -> SecretStr:
        return _secret(value, _TOKEN, "is no bot token; copy it from @BotFather (123456:ABC...)")

    @field_validator("webhook_url")
    @classmethod
    def _hook(cls, value: str) -> str:
        return _shaped(value, _HOOK, "write https://host/a-path-that-is-not-empty")

    @field_validator("webhook_secret")
    @classmethod
    def _hook_secret(cls, value: SecretStr) -> SecretStr:
        return _secret(value, _HOOK_SECRET, "write 16 to 256 of the letters A-Z a-z 0-9 _ -")

    @field_validator("proxy", "telegram_proxy")
    @classmethod
    def _proxy(cls, value: SecretStr) -> SecretStr:
        return _secret(value, _PROXY, "write http://host:port or socks5://host:port")


def _shaped(value: str, shape: re.Pattern[str], advice: str) -> str:
    if value and not shape.match(value):
        msg = f"{value!r} cannot be used; {advice}"
        raise ValueError(msg)
    return value


def _secret(value: SecretStr, shape: re.Pattern[str], advice: str) -> SecretStr:
    """Checked without ever repeating the value."""
    if value.get_secret_value() and not shape.match(value.get_secret_value()):
        raise ValueError(advice)
    return value


def load(environ: Mapping[str, str] | None = None, folder: Path | None = None) -> Settings:
    """Read the settings. SettingsInvalid lists every wrong variable, one line each."""
    environ = os.environ if environ is None else environ
    problems: list[str] = []
    listen = PREFIX + "HTTP_LISTEN"
    values = _from_toml((folder or Path()) / FILE, problems)
    values |= _from_files(environ, problems)
    if environ.get(listen) == "":  # empty means off here, and "the default" everywhere else
        values["http_listen"] = ""
    try:
        settings = Settings(**values)
    except ValidationError as error:
        problems += [_problem(dict(e), environ) for e in error.errors()]
        raise SettingsInvalid(tuple(problems)) from None
    problems += _unfit(settings)
    if problems:
        raise SettingsInvalid(tuple(problems))
    return settings


def _unfit(settings: Settings) -> list[str]:
    """What each variable says is right, and together they cannot work."""
    problems = []
    if settings.engine == "distributed" and not settings.database.startswith("postgres"):
        problems.append(
            "DADKHAH_ENGINE: distributed needs PostgreSQL; set DADKHAH_DATABASE_URL to "
            "postgresql://user:password@host/name, or leave the engine embedded"
        )
    if not settings.webhook_url:
        return problems
    if not settings.webhook_secret.get_secret_value():
        problems.append(
            "DADKHAH_WEBHOOK_SECRET: is needed with DADKHAH_WEBHOOK_URL, else anybody could "
            "give the bot orders"
        )
    if not settings.http_listen:
        problems.append("DADKHAH_HTTP_LISTEN: is needed with DADKHAH_WEBHOOK_URL; write host:port")
    return problems


def _from_toml(path: Path, problems: list[str]) -> dict[str, Any]:
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        problems.append(f"{path.name}: cannot be read: {error}")
        return {}
    for name in [name for name in values if name not in Settings.model_fields]:
        problems.append(f"{path.name}: {name}: no such setting; take the line out")
        del values[name]
    return values


def _from_files(environ: Mapping[str, str], problems: list[str]) -> dict[str, Any]:
    """Values whose variable names a file: DADKHAH_TELEGRAM_TOKEN_FILE=/run/secrets/token."""
    values: dict[str, Any] = {}
    for name in Settings.model_fields:
        variable = PREFIX + name.upper()
        path = environ.get(variable + "_FILE")
        if not path:
            continue
        if environ.get(variable):
            problems.append(f"{variable}: is set, and {variable}_FILE too; keep one of them")
            continue
        try:
            values[name] = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is no text"
            problems.append(f"{variable}_FILE: {path} cannot be read: {reason}")
    return values


def unknown_variables(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Variables that look like ours and are none: a slip of the pen, or another version's.

    They stop nothing (going back a version must work), but `doctor` and `run` tell them.
    """
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    known |= {name + "_FILE" for name in known}
    return tuple(n for n in sorted(environ) if n.startswith(PREFIX) and n not in known)


def _problem(error: Mapping[str, Any], environ: Mapping[str, str]) -> str:
    name = str(error["loc"][0]) if error["loc"] else "?"
    variable = PREFIX + name.upper()
    here = variable if environ.get(variable) else f"{FILE}: {name}"
    if environ.get(variable + "_FILE"):
        here = variable + "_FILE"
    message = str(error["msg"]).removeprefix("Value error, ")
    shown = f" (it is {error['input']!r})" if error["type"] != "value_error" else ""
    secret = "Secret" in str(Settings.model_fields[name].annotation)
    return f"{here}: {message[:1].lower()}{message[1:]}{'' if secret else shown}"


def shown(settings: Settings) -> dict[str, object]:
    """Every variable with its value as text, number or list; secrets only as set or not."""
    values: dict[str, object] = {}
    for name in Settings.model_fields:
        value = getattr(settings, name)
        if isinstance(value, SecretStr):
            value = "(set)" if value.get_secret_value() else ""
        elif isinstance(value, tuple):
            value = list(value)
        elif value is None or isinstance(value, Path):
            value = str(value or "")
        values[PREFIX + name.upper()] = value
    return values
