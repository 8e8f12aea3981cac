"""Orders about admins: who may give orders, and what they did."""

from __future__ import annotations

from bot.app import Program
from bot.audit_wording import record_words
from bot.clock import utc_now
from bot.commands import confirming
from bot.commands.orders import OWNER, Button, Command, Order, Press, Reply
from bot.commands.which import wrong
from bot.wording import short
from watchers.errors import AdminInvalid
from watchers.registry import ROLES, admin_id, admin_role
from watchers.telling import Admin

REVOKE = "revoke"  # how the data of our buttons begin
AUDIT = "audit"
_PAGE = 15  # records in one message
_PAGES = 200  # of the audit log in a chat; the command line has all of it
_USAGE_GRANT = "/grant ID [owner or editor]"
_USAGE_REVOKE = "/revoke ID"
_USAGE_AUDIT = "/audit [PAGE]"


def user_id(word: str, usage: str) -> int:
    """A numeric id, in any script's digits. OrderInvalid otherwise."""
    plain = str(int(word)) if word.isdecimal() and len(word) < 20 else word
    try:
        return admin_id(plain[:40])
    except AdminInvalid as error:
        raise wrong(usage, error.message) from error


async def admins(program: Program, order: Order) -> str:
    """/admins"""
    found = await program.database(lambda store: store.admins())
    lines = ["Who may give orders (numeric ids; names do not count):"]
    lines += [_line(admin, order) for admin in sorted(found, key=_owners_first)]
    lines.append(
        "Editors may do all but add and remove channels and change these rights. "
        "/audit shows what was changed by whom."
    )
    return "\n".join(lines)


def _owners_first(admin: Admin) -> tuple[bool, int]:
    return admin.role != OWNER, admin.user_id


def _line(admin: Admin, order: Order) -> str:
    you = " (you)" if admin.user_id == order.user_id else ""
    return f"{admin.user_id}{you}: {admin.role} since {admin.added_at:%Y-%m-%d}"


async def grant(program: Program, order: Order) -> str:
    """/grant ID [owner or editor]"""
    if not 1 <= len(order.words) <= 2:
        raise wrong(_USAGE_GRANT, "One id is needed, and a role at most.")
    number = user_id(order.words[0], _USAGE_GRANT)
    given = order.words[1].lower() if len(order.words) > 1 else "editor"
    try:
        role = admin_role(given[:40])
    except AdminInvalid as error:
        raise wrong(_USAGE_GRANT, error.message) from error
    before = await program.database(lambda store: _role(store.admins(), number))
    if before == role:
        return f"{number} is {role} already. Nothing was changed."
    try:
        await program.registry.grant(str(number), role, now=utc_now(), actor=order.actor)
    except AdminInvalid as error:
        raise wrong(_USAGE_GRANT, error.message) from error
    was = f" (was {before})" if before else ""
    return (
        f"{number} is {role} now{was}. The bot can write to them only after they sent it /start. "
        f"/revoke {number} takes the rights."
    )


def _role(found: tuple[Admin, ...], number: int) -> str:
    return next((admin.role for admin in found if admin.user_id == number), "")


async def revoke(program: Program, order: Order) -> str | Reply:
    """/revoke ID"""
    if len(order.words) != 1:
        raise wrong(_USAGE_REVOKE, f"One id is needed, of {' and '.join(ROLES)}s.")
    number = user_id(order.words[0], _USAGE_REVOKE)
    found = await program.database(lambda store: store.admins())
    role = _role(found, number)
    if not role:
        raise wrong(_USAGE_REVOKE, f"{number} is no admin; /admins shows who is.")
    if role == OWNER and sum(admin.role == OWNER for admin in found) == 1:
        raise wrong(_USAGE_REVOKE, f"{number} is the last owner; /grant ID owner makes another.")
    you = " That is you." if number == order.user_id else ""
    text = (
        f"Take the rights of {number} ({role})?{you} It counts at once, and DADKHAH_ADMINS does "
        "not give them back; /grant does."
    )
    pending = confirming.Pending(REVOKE, number)
    return confirming.ask(order, REVOKE, pending, text, f"Revoke {number}")


async def pressed(program: Program, order: Order) -> Reply:
    """[Revoke] or [Cancel]. AdminInvalid for the last owner."""
    pending, do_it = confirming.answered(order, REVOKE)
    if pending is None:
        return confirming.old()
    if not do_it:
        return confirming.left()
    number = pending.number
    had = await program.database(lambda s: s.revoke(number, at=utc_now(), actor=order.actor))
    text = f"{number} has no rights any more." if had else f"{number} had no rights any more."
    return Reply(text, instead=True)


# ---------------------------------------------------------------- what was changed


async def audit(program: Program, order: Order) -> Reply:
    """/audit [PAGE]"""
    word = order.words[0] if order.words else "1"
    if len(order.words) > 1 or not word.isdecimal() or not 1 <= int(word[:9]) <= _PAGES:
        shown = short(" ".join(order.words), 40)
        raise wrong(_USAGE_AUDIT, f"“{shown}” is no page from 1 to {_PAGES}.")
    return await _page(program, int(word[:9]), instead=False)


async def turned(program: Program, order: Order) -> Reply:
    """A button to another page of the audit log."""
    word = order.data[0] if order.data else ""
    if not word.isdecimal() or not 1 <= int(word[:9]) <= _PAGES:
        return confirming.old()
    return await _page(program, int(word[:9]), instead=True)


async def _page(program: Program, page: int, *, instead: bool) -> Reply:
    found = await program.database(lambda store: store.audit(page * _PAGE + 1))
    part = found[(page - 1) * _PAGE : page * _PAGE]
    lines = [f"What was changed, newest first (UTC). Page {page}."]
    lines += [record_words(record) for record in part] or ["Nothing more."]
    buttons = [Button(f"‹ {page - 1}", f"{AUDIT}:{page - 1}")] if page > 1 else []
    if len(found) > page * _PAGE and page < _PAGES:
        buttons.append(Button(f"{page + 1} ›", f"{AUDIT}:{page + 1}"))
    return Reply("\n".join(lines), tuple(buttons), across=2, instead=instead)


COMMANDS = {
    "admins": Command(admins, "who may give orders"),
    "grant": Command(grant, "make somebody an admin: /grant ID [owner or editor]", OWNER),
    "revoke": Command(revoke, "take an admin's rights: /revoke ID", OWNER),
    "audit": Command(audit, "what was changed by whom: /audit [PAGE]"),
}
PRESSES = {REVOKE: Press(pressed, OWNER), AUDIT: Press(turned)}
