"""The benchmark of subscribers: its stand-in takes what the bot sends, and it is counted right."""

from pathlib import Path

from pydantic import SecretStr

from benchmarks.subscriber_server import server
from benchmarks.subscribers import Told, _judge, _subscriber, fill, verdicts
from bot.client import make_bot
from bot.sender import TelegramSender
from bot.subscribing import due
from config.settings import Settings
from storage import MemoryStore
from tests.unit.sending import NOW
from watchers.telling import Channel, Page, SendOutcome


async def test_the_server_takes_what_the_bot_sends(tmp_path: Path) -> None:
    with server() as served:
        settings = Settings(
            data_dir=tmp_path, telegram_token=SecretStr("1:bench"), telegram_api_url=served.url
        )
        bot = make_bot(settings)
        await bot.request.initialize()
        sender = TelegramSender(bot)
        chat = Channel(1, "77", "UTC", (), "fa", NOW, private=True)
        for number in range(3):
            result = await sender.send(chat, Page(f"صفحه {number}\nrest"))
            assert (result.outcome, result.message_id) == (SendOutcome.SENT, number + 1)
        await bot.request.shutdown()
        assert served.count() == 3
        assert [(to, text) for to, text, _ in served.end()] == [
            ("77", f"صفحه {number}") for number in range(3)
        ]


def test_everybodys_slot_has_just_come() -> None:
    store = MemoryStore()
    slot = fill(store, 40, NOW)
    found = due(store.subscribers(), NOW)
    assert len(found) == 40
    assert {when for _, when in found} == {slot}
    assert len({_subscriber(number, slot).timezone for number in range(40)}) == 4


def test_what_came_is_counted() -> None:
    told = Told(3, pages=4)
    taken = [("1", "a (1/2)", 10.0), ("1", "a (2/2)", 11.5), ("2", "a (1/2)", 10.5)]
    taken += [("2", "a (1/2)", 14.0), ("@bench", "page 0", 10.75)]
    _judge(told, {"page 0": 10.5}, taken)
    assert (told.twice, told.lost) == (1, 1)
    assert told.most == 3
    assert told.delays == [0.25]
    assert told.sending == 4.0
    missed = {verdict.text for verdict in verdicts(told) if not verdict.met}
    assert len(missed) == 2  # too slow, and a page twice
