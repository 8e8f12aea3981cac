"""A start that takes long, as systemd hears of it."""

import socket
import threading
from pathlib import Path

import pytest

from bot import waiting
from config.settings import Settings


async def test_a_long_upgrade_is_not_given_up_by_systemd(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "_STILL", 0.01)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "s"))
        systemd.settimeout(10)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "s"))
        heard: list[str] = []

        def upgrade() -> str:
            while len(heard) < 2:
                heard.append(systemd.recv(1_000).decode())
            return threading.current_thread().name

        settings = Settings(data_dir=tmp_path)
        assert await waiting.until_there(settings, upgrade, ()) != threading.main_thread().name
    assert all("EXTEND_TIMEOUT_USEC=" in one for one in heard)
