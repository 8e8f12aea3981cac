"""A strict stand-in of Telegram's Bot API over real HTTP on loopback.

rules     what Telegram refuses: pure
storm     faults at random points: pure
state     chats, messages, updates, faults, the log of what became of each call
menus     lists of commands by scope and language
webhook   updates that are brought to the bot
methods   the methods of the Bot API
inject    the test's side: chats, updates, faults, waiting
server    HTTP, and BotApiStandin
thread    the same in a thread of its own
judge     Telegram's own library, to ask what it thinks of a text (used by tests, not by the rest)
"""

from tests.standin.server import BotApiStandin
from tests.standin.state import BOT_ID, BOT_USERNAME, TOKEN, Call, Chat, SentMessage
from tests.standin.thread import BotApiThread

__all__ = [
    "BOT_ID",
    "BOT_USERNAME",
    "TOKEN",
    "BotApiStandin",
    "BotApiThread",
    "Call",
    "Chat",
    "SentMessage",
]
