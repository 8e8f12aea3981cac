"""The menus of commands: who sees what, in which language."""

from bot.commands.orders import EVERYONE, Command, Order
from bot.commands.table import COMMANDS, allowed
from bot.i18n import LANGUAGES
from bot.menus import mark, menus


async def _nothing(program: object, order: Order) -> str:
    return ""


ONE = {"help": Command(_nothing, "this text", EVERYONE)}
ALL = {**ONE, "grant": Command(_nothing, "make somebody an admin", "owner")}
OF_ROLE = {"editor": ONE, "owner": ALL}


def test_everyone_has_a_menu_in_each_language_and_admins_their_own() -> None:
    found = menus(ONE, OF_ROLE, {7: "owner", 8: "editor"}, former=(8, 9))
    assert [(menu.chat_id, menu.language) for menu in found] == [
        (None, ""), (None, "fa"), (None, "fr"), (7, ""), (8, ""), (9, ""),
    ]  # fmt: skip
    assert [name for name, _ in found[3].commands] == ["help", "grant"]
    assert [name for name, _ in found[4].commands] == ["help"]
    assert found[5].commands == ()  # an admin no more


def test_the_mark_follows_rights_and_words() -> None:
    first = mark(menus(ONE, OF_ROLE, {7: "owner"}))
    assert first == mark(menus(ONE, OF_ROLE, {7: "owner"}))
    assert len({first, mark(menus(ONE, OF_ROLE, {})), mark(menus(ALL, OF_ROLE, {7: "owner"}))}) == 3


def test_the_real_commands_are_what_telegram_takes() -> None:
    by_role = {role: allowed(role) for role in ("editor", "owner")}
    found = menus(allowed(""), by_role, {7: "owner"})
    for menu in found:
        assert 1 <= len(menu.commands) <= 100
        for name, what in menu.commands:
            assert name.isascii()
            assert name == name.lower()
            assert name.replace("_", "").isalnum()
            assert len(name) <= 32
            assert 1 <= len(what) <= 256


def test_what_everyone_may_ask_is_said_in_every_language() -> None:
    by_language = {m.language or "en": dict(m.commands) for m in menus(allowed(""), {}, {})}
    assert set(by_language) == set(LANGUAGES)
    for name in allowed(""):
        words = {by_language[language][name] for language in LANGUAGES}
        assert len(words) == len(LANGUAGES), f"/{name} is not translated: {words}"


def test_roles_grow() -> None:
    assert set(allowed("")) < set(allowed("editor")) <= set(allowed("owner"))
    assert set(allowed("owner")) == set(COMMANDS)
