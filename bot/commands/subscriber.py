"""What everyone may ask of the bot itself: what it is, what it keeps, what it understands."""

from __future__ import annotations

from bot.app import Program
from bot.commands.orders import EVERYONE, Button, Command, Order, Press, Reply
from bot.commands.private import words_of
from bot.housekeeping import READERS
from bot.i18n import Catalogue, catalogue
from bot.pieces import isolated
from bot.sheets import laid


def _what(words: Catalogue) -> str:
    return words.text(
        "Dadkhah watches public news feeds for coverage of Iran's 1988 prison massacre and of the "
        "officials named in connection with it, and tells it in digests. It attributes everything "
        "to its source, and calls nobody guilty whom no court has found so."
    )


async def help_(program: Program, order: Order) -> Reply:  # noqa: ARG001 - a handler
    """/start and /help"""
    from bot.commands.table import allowed  # the table is made of this module too

    words = words_of(order)
    lines = [_what(words), ""]
    admins = []
    for name, one in allowed(order.role).items():
        if name == "start":
            continue
        if one.role == EVERYONE:
            lines.append(f"/{name} – {words.text(one.help)}")
        else:
            admins.append(f"/{name} - {one.help}")
    text = laid("\n".join(lines), words)
    if admins:  # in English: so are their answers
        text += "\n\n" + "\n".join((laid(words.text("For admins:"), words), *admins))
    subscribe = Button(words.text("Subscribe"), "sub:start") if order.private else None
    return Reply(text, (subscribe,) if subscribe and not order.role else ())


async def about(program: Program, order: Order) -> str:
    """/about"""
    words = words_of(order)
    contact = program.settings.contact
    if contact:
        corrections = words.text("Corrections and complaints: %(contact)s") % {
            "contact": isolated(contact[:300])
        }
    else:
        corrections = words.text("Something is wrong? /report tells the admins which story.")
    lines = [
        _what(words),
        "",
        words.text(
            "The headlines are the outlets' own. Beside each outlet stands what it is: media, "
            "rights group, UN, court, advocacy or state media. That an official is named in a "
            "story says nothing about guilt; /officials shows who reports what."
        ),
        "",
        words.text("It reads feeds, and writes no articles: follow the links to the sources."),
        "",
        corrections,
        words.text("What is kept about you: /privacy"),
    ]
    return laid("\n".join(lines), words)


async def privacy(program: Program, order: Order) -> str:  # noqa: ARG001 - a handler
    """/privacy"""
    words = words_of(order)
    days = words.plural("%(n)s day", "%(n)s days", READERS)
    parts = [
        words.text(
            "If you do not subscribe, nothing about you is stored. How often somebody asks is "
            "counted in memory, against floods, and is gone when the program restarts."
        ),
        words.text(
            "If you subscribe, this is stored: the number of this chat (it is your account's "
            "number), your language, time zone, times and weekdays, the officials, topics and "
            "languages that you chose, and whether digests are stopped and why. No name, no user "
            "name, no phone number, and nothing that you search for or write."
        ),
        words.text(
            "What was sent to you (which stories, the text, when, the number of the message) is "
            "kept so that nothing comes twice, and deleted after %(days)s."
        )
        % {"days": days},
        words.text(
            "Admins of this bot see how many subscribers there are, and not who. A report of a "
            "wrong match reaches them without your name or number. Nothing of yours is in logs. "
            "Whoever runs the server can read its database, and its backups."
        ),
        words.text(
            "Telegram sees that you write to this bot, and what: chats with bots are not "
            "encrypted end to end. If that is a danger to you, read a public channel, or use an "
            "account that does not lead to you; and delete this chat on your side too."
        ),
        words.text("/stop pauses, /forget erases all of it at once."),
    ]
    return laid("\n\n".join(parts), words)


def hint(language: str) -> str:
    """What to say to plain text, or to a command that there is not, in a private chat."""
    words = catalogue(language)
    return laid(
        words.text(
            "I understand only commands. /help shows them, /latest the latest stories, "
            "/subscribe sends you digests."
        ),
        words,
    )


COMMANDS = {
    "start": Command(help_, "what this bot is", EVERYONE),
    "help": Command(help_, "what it understands", EVERYONE),
    "about": Command(about, "who speaks here, and where corrections go", EVERYONE),
    "privacy": Command(privacy, "what is kept about you", EVERYONE),
}
PRESSES: dict[str, Press] = {}
