"""Logging: one event name a line on stderr, as text or JSON, without secrets."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterable, MutableMapping
from typing import Any

import structlog

# Of an address: what stands before @. Bounded, so that no line costs more than it is long.
_LOGIN = re.compile(r"(?<=://)[^\s/@:'\"]{0,200}:[^\s/@'\"]{1,1000}(?=@)")


class _Redactor:
    """Replaces secrets wherever they stand in an event, whoever wrote it there.

    Also the login in any address: libraries log what they connect to.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = tuple(secret for secret in secrets if secret)

    def _clean(self, value: Any) -> Any:
        if isinstance(value, str):
            for secret in self._secrets:
                value = value.replace(secret, "***")
            if "://" in value:
                value = _LOGIN.sub("***", value)
        return value

    def __call__(
        self, _: Any, __: str, event: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        for name, value in event.items():
            event[name] = self._clean(value)
        return event


def set_up(level: str, style: str, secrets: Iterable[str] = ()) -> None:
    """Send all logging to stderr. `style` is "text" or "json"; `secrets` never appear."""
    redact = _Redactor(secrets)
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: Any = structlog.processors.JSONRenderer(ensure_ascii=False)
    if style == "text":
        last = structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(),
            # The pretty one prints local variables, and breaks lines where a secret may stand.
            exception_formatter=structlog.dev.plain_traceback,
        )
    tail: list[Any] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if style == "json":
        tail.append(structlog.processors.format_exc_info)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[*tail, redact, last, redact_text(redact)]
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # httpx logs every URL at INFO, and the Bot API's URLs hold the token.
    for name in (
        "httpx",
        "httpcore",
        "telegram",
        "apscheduler",
        "asyncio",
        "tornado.access",
        "alembic",
    ):
        logging.getLogger(name).setLevel(logging.WARNING)
    # "maximum number of running instances": a long tick is not started twice, as it should be.
    logging.getLogger("apscheduler.scheduler").setLevel(logging.ERROR)
    # A traceback for each 502 of Telegram's; what came of the call is logged by whoever made it.
    logging.getLogger("telegram.request").setLevel(logging.CRITICAL)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def redact_text(redact: _Redactor) -> Any:
    """A last look at the finished line: tracebacks quote what raised them."""

    def look(_: Any, __: str, line: Any) -> Any:
        return redact._clean(line)  # noqa: SLF001 - of this module

    return look


def get(name: str) -> structlog.stdlib.BoundLogger:
    """The module's logger."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger
