"""A new token, another bot, another DADKHAH_CHANNEL: what was told stays told."""

import asyncio
import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing

from bot.client import make_bot
from bot.correcting import Corrector
from bot.database import Database
from bot.deliver import Deliverer
from bot.sender import TelegramSender
from config.settings import load
from storage import open_store
from tests.journey.harness import CHAT, RELEVANT, TOLD, CommandLine, Environment, links
from tests.standin import BotApiStandin
from watchers.telling import SendOutcome

OTHER_CHAT = -1009876543210
NEW_TOKEN = "987654321:BBNewTokenOfTheSameBotOrOfAnother00"


def test_a_new_token_goes_on_where_the_old_one_was(
    settings: Environment, dadkhah: CommandLine, channel: BotApiStandin
) -> None:
    for command in ("poll", "digest"):
        assert dadkhah(command).code == 0
    channel.state.token = NEW_TOKEN
    assert "does not know the bot's token" in dadkhah("deliver").err
    assert links(channel) == {}
    dadkhah.use({"DADKHAH_TELEGRAM_TOKEN": NEW_TOKEN})
    wait_no_longer()
    assert dadkhah("deliver").code == 0
    assert dadkhah("digest").code == dadkhah("deliver").code == 0
    assert links(channel) == dict.fromkeys(TOLD, 1)


def wait_no_longer() -> None:
    """A refused token is tried again after a minute."""
    with closing(sqlite3.connect(load().data_dir / "dadkhah.db")) as connection:
        for table in ("channel", "delivery"):
            connection.execute(f"UPDATE {table} SET not_before = NULL")
        connection.commit()


def test_another_bot_cannot_correct_what_the_old_one_posted_and_says_so(
    settings: Environment, dadkhah: CommandLine, channel: BotApiStandin
) -> None:
    for command in ("poll", "digest", "deliver"):
        assert dadkhah(command).code == 0
    for message in channel.sent:  # from now on they are another bot's
        message.deleted = True
        channel.state.chats[CHAT].others.add(message.id)
    channel.state.token = NEW_TOKEN
    dadkhah.use({"DADKHAH_TELEGRAM_TOKEN": NEW_TOKEN})
    assert dadkhah("withdraw", RELEVANT[0].url, "--yes").code == 0
    assert asyncio.run(correct()) == {SendOutcome.FAILED: 1}
    store = open_store(load().database, create=False)
    assert "could not be changed" in store.notices(untold=True)[-1].text
    store.close()


async def correct() -> Mapping[str, int]:
    """What the running service does with what was withdrawn."""
    found = load()
    database = Database(open_store(found.database, create=False))
    bot = make_bot(found)
    await bot.request.initialize()
    try:
        return await Corrector(database, Deliverer(database)).run(TelegramSender(bot))
    finally:
        await bot.request.shutdown()
        database.close()


def test_another_channel_in_the_settings_is_added_and_the_old_one_stays(
    settings: Environment, dadkhah: CommandLine, channel: BotApiStandin
) -> None:
    for command in ("poll", "digest", "deliver"):
        assert dadkhah(command).code == 0
    channel.add_chat(OTHER_CHAT)
    dadkhah.use({"DADKHAH_CHANNEL": str(OTHER_CHAT)})
    for command in ("poll", "digest", "deliver"):
        assert dadkhah(command).code == 0
    listed = [json.loads(line) for line in dadkhah("channels", "list", "--json").out.splitlines()]
    assert {row["chat"] for row in listed} >= {str(CHAT), str(OTHER_CHAT)}
    assert links(channel) == dict.fromkeys(TOLD, 1)
    assert links(channel, OTHER_CHAT) == dict.fromkeys(TOLD, 1)
