"""Logging in with a key that has the right `admin`, and out again."""

import secrets

from farthing.accounts.secrets import find
from farthing.dashboard.visit import Answer, Visit, see
from farthing.domain.key import Key
from farthing.gateway.admin.access import RIGHT

HOME = "/dashboard"


async def show(visit: Visit) -> Answer:
    """The form; whoever needs none goes on."""
    return see(safe(visit.query.first("to"))) if not visit.locked else await _form(visit, visit.query.first("to"))


async def log_in(visit: Visit) -> Answer:
    """A new session for a right key. Says no more of a wrong one than that it is wrong."""
    to = safe(visit.form.get("to", ""))
    if not visit.locked:
        return see(to)
    if visit.house.attempts.exhausted(visit.now_ms, visit.visitor):
        return await _form(visit, to, "Too many wrong keys: wait a minute.", status=429)
    key = find(visit.engine.keys, visit.form.get("key", "").strip())
    if key is None or RIGHT not in key.rights:
        visit.house.attempts.failed(visit.now_ms, visit.visitor)
        return await _form(visit, to, "This is no key with the right to look in here.", status=403)
    session = visit.sessions.begin(secrets.token_bytes(16), visit.now_ms, key, visit.entrance.name)
    return Answer(status=303, headers=((b"location", to.encode("ascii")),), session=session)


async def log_out(visit: Visit) -> Answer:
    """The session is over, for whoever has its cookie."""
    visit.sessions.end(visit.session, visit.now_ms)
    session = visit.sessions.begin(secrets.token_bytes(16), visit.now_ms, entrance=visit.entrance.name)
    return Answer(status=303, headers=((b"location", HOME.encode()),), session=session)


def safe(to: str) -> str:
    """A place of our own to go on to: nothing that leads elsewhere."""
    ours = to == HOME or (to.startswith("/dashboard/") and not to.startswith("/dashboard/log"))
    return to if ours and to.isascii() and to.isprintable() and "\\" not in to and " " not in to else HOME


async def _form(visit: Visit, to: str, problem: str = "", status: int = 200) -> Answer:
    administrators = any(_may(key) for key in visit.engine.keys.values())
    return await visit.page("login.html", status, to=safe(to), problem=problem, administrators=administrators)


def _may(key: Key) -> bool:
    return RIGHT in key.rights and bool(key.digest)
