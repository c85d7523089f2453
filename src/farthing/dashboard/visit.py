"""One request to the dashboard, admitted and read; and the answers that pages give."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol, TypeVar

import msgspec

from farthing.config.engine import Engine
from farthing.dashboard.forms import Query
from farthing.dashboard.house import House
from farthing.dashboard.session import Session, Sessions
from farthing.domain.errors import BadRequest
from farthing.domain.key import Key
from farthing.gateway.admin.endpoint import Asked
from farthing.gateway.admin.entrance import Entrance
from farthing.gateway.reply import Headers

T = TypeVar("T")


class Aside(Protocol):
    """Does blocking work in one of the dashboard's own threads."""

    async def __call__(self, work: Callable[[], T], /) -> T: ...


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What goes back."""

    status: int = 200
    body: bytes = b""
    content_type: str = "text/html; charset=utf-8"
    headers: Headers = ()
    session: Session | None = None
    """The browser's session from now on; None: the one it has."""


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """Who looks, at what, and everything a page may use."""

    engine: Engine
    aside: Aside
    draw: Callable[..., bytes]
    """`draw(template, **values)`: a page as bytes; blocking."""
    sessions: Sessions
    house: House
    path: str
    entrance: Entrance
    visitor: str
    """Whom wrong keys are counted against."""
    base: str
    """Scheme, host and port as the browser named them."""
    named: Mapping[str, str]
    """The parts of the path that its template names."""
    query: Query
    form: Mapping[str, str]
    session: Session
    fresh: bool
    """The session is new: its cookie goes out with the answer."""
    key: Key | None
    """The key that logged in; None without keys."""
    locked: bool
    """There are keys, and this visitor has not logged in with one."""
    theme: str
    """`light`, `dark`, or "" for the system's."""
    partial: bool
    """htmx asks for a piece of a page."""
    now_ms: int

    @property
    def calls_at(self) -> str:
        """Where calls go, as far as this gateway knows: on an address of the admin side's own, somewhere else."""
        gateway = self.engine.settings.gateway
        if not self.entrance.for_keys:
            return self.base
        return f"http://{f'[{gateway.host}]' if ':' in gateway.host else gateway.host}:{gateway.port}"

    @property
    def token(self) -> str:
        """What every form of this session carries."""
        return self.sessions.token(self.session)

    async def page(self, template: str, status: int = 200, **values: Any) -> Answer:
        """A page, rendered in a thread of its own."""
        return Answer(status=status, body=await self.aside(lambda: self.draw(template, visit=self, **values)))

    async def read(self, work: Callable[[], T]) -> T:
        """The result of a blocking read."""
        return await self.aside(work)

    def asked(self, body: Any = None, **named: str) -> Asked:
        """The same request as the admin side knows it: what changes something is done there, once."""
        return Asked(engine=self.engine, maker=self.key, named=named, body=body)

    def wanted(self, field: str) -> str:
        """A field of the form that must be there. Raises BadRequest 400 that names it."""
        said = self.form.get(field, "").strip()
        if not said:
            raise BadRequest(f"{field} is missing", field=field)
        return said


def see(place: str, done: str = "") -> Answer:
    """Go and look there: what was asked is done. `done` names the notice that is shown there."""
    mark = "&" if "?" in place else "?"
    target = f"{place}{mark}done={done}" if done else place
    return Answer(status=303, headers=((b"location", target.encode("ascii")),))


Act = Callable[[Visit], Awaitable[Answer]]


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """One path of the dashboard."""

    path: str
    """`{name}` is one segment, `{name*}` any number of them."""
    act: Act
    method: str = "GET"
    open: bool = False
    """Shown before a login: shows nothing of anybody's."""
