"""The desk: takes a request, says who it is from, finds its page, and sends the answer under strict headers."""

import logging
import re
import secrets
from collections.abc import Mapping
from urllib.parse import quote, unquote

from farthing.config.engine import Engine
from farthing.dashboard.access import check_change, check_look
from farthing.dashboard.assets import Assets
from farthing.dashboard.forms import cookies_of, form_of, query_of
from farthing.dashboard.headers import PRIVATE, SAFE, THEME, cookie, cookie_name
from farthing.dashboard.house import House
from farthing.dashboard.paths import HOME
from farthing.dashboard.render import Renderer
from farthing.dashboard.routes import ROUTES
from farthing.dashboard.session import LASTS_SECONDS, Sessions, key_of
from farthing.dashboard.visit import Answer, Aside, Route, Visit, see
from farthing.domain.errors import BadRequest, LedgerUnavailable, PastUnsummed
from farthing.gateway.admin.access import still_admitted
from farthing.gateway.admin.entrance import HERE, Entrance
from farthing.gateway.turn import ClientLeft, Turn

log = logging.getLogger("farthing.dashboard")

SECRET = "dashboard_secret"  # noqa: S105 - the name it is kept under
LOGIN = "/dashboard/login"
THEMES = ("light", "dark")


class Desk:
    """One dashboard at work."""

    def __init__(self, engine: Engine, aside: Aside) -> None:
        self.engine = engine
        self.aside = aside
        self.assets = Assets()
        self.renderer = Renderer(self.assets)
        self.house = House()
        self._sessions: Sessions | None = None
        self._routes = tuple((pattern(route.path), route) for route in ROUTES)

    async def answer(self, turn: Turn, entrance: Entrance = HERE) -> None:
        """Answer one request, whatever it is. Raises ClientLeft."""
        constant, named = turn.request.constant, turn.request.named
        visit = None
        try:
            entrance.check_page(named, turn.peer)
            answer = self.assets.answer(constant.path, constant.query, named)
            if answer is None:
                visit, route = await self._visit(turn, entrance)
                answer = await self._act(visit, route)
        except (BadRequest, LedgerUnavailable) as error:
            answer = await self._refused(error, visit)
        except ClientLeft:
            raise
        except Exception:  # an error of ours is logged, and told without its words
            log.exception("%s %s failed", constant.method, constant.path)
            answer = await self._refused(BadRequest("an error of Farthing's own; see its log", status=500), visit)
        cached = any(name == b"cache-control" for name, _ in answer.headers)
        more = (*(() if cached else (PRIVATE,)), *_cookie(visit, answer))
        content = ((b"content-type", answer.content_type.encode()),) if answer.body else ()
        await turn.whole(answer.status, [*content, *SAFE, *answer.headers, *more], answer.body)

    async def sessions(self) -> Sessions:
        """Those of this installation; its secret is read once."""
        if self._sessions is None:
            directory, fresh = self.engine.directory, secrets.token_bytes(32)
            self._sessions = Sessions(await self.aside(lambda: directory.secret(SECRET, fresh)))
        return self._sessions

    async def _visit(self, turn: Turn, entrance: Entrance) -> tuple[Visit, Route]:
        """The request, read. Raises BadRequest for what is no page of ours, or is not asked for by one."""
        constant, named = turn.request.constant, turn.request.named
        route, parts = self._find(constant.method, constant.raw_path.decode("latin-1"))
        if route.method == "POST":
            check_change(named, entrance.schemes)
        else:
            check_look(named)
        query, sessions, now_ms = query_of(constant.query), await self.sessions(), self.engine.now_ms()
        cookies = cookies_of(named)
        kept = sessions.read(cookies.get(cookie_name(sessions.mark, https=entrance.https), ""), now_ms, entrance.name)
        session = kept or sessions.begin(secrets.token_bytes(16), now_ms, entrance=entrance.name)
        form = await form_of(turn) if route.method == "POST" else {}
        if route.method == "POST" and not sessions.is_token(session, form.get("token", "")):
            raise BadRequest("this page is out of date: load it again, then repeat", field="token", status=403)
        key = key_of(session, self.engine.keys.values())  # after the body: the key may have been revoked meanwhile
        visit = Visit(
            engine=self.engine,
            aside=self.aside,
            draw=self.renderer.draw,
            sessions=sessions,
            house=self.house,
            path=constant.path,
            entrance=entrance,
            visitor=entrance.visitor(named, turn.peer),
            base=f"{'https' if entrance.https else 'http'}://{named.get(b'host', b'').decode('latin-1')}",
            named=parts,
            query=query,
            form=form,
            session=session,
            fresh=kept is None,
            key=key,
            locked=(entrance.for_keys or bool(self.engine.keys)) and key is None,
            theme=next((theme for theme in THEMES if theme == cookies.get(THEME)), ""),
            partial=named.get(b"hx-request") == b"true",
            now_ms=now_ms,
        )
        return visit, route

    async def _act(self, visit: Visit, route: Route) -> Answer:
        if visit.locked and not route.open:
            if visit.partial:  # a piece of a page that was open when the session ended: the whole page goes there
                return Answer(status=200, headers=((b"hx-redirect", LOGIN.encode()),))
            return see(f"{LOGIN}?to={quote(visit.path, safe='')}")
        if route.method == "POST" and not route.open:
            still_admitted(visit.key, self.engine.keys)
        return await route.act(visit)

    async def _refused(self, error: BadRequest | LedgerUnavailable, visit: Visit | None) -> Answer:
        """What went wrong, as a page. It reads nothing, so it works when nothing else does."""
        status, message = (error.status, error.message) if isinstance(error, BadRequest) else (503, str(error))
        retry = ((b"retry-after", b"2"),) if status == 503 else ()
        summing = isinstance(error, PastUnsummed)
        if summing:
            retry = (*retry, (b"refresh", b"2"))  # it shows how far the summing is, and the page itself once it can
        body = self.renderer.draw("error.html", visit=visit, status=status, message=message, summing=summing)
        return Answer(status=status, body=body, headers=retry)

    def _find(self, method: str, raw_path: str) -> tuple[Route, Mapping[str, str]]:
        """Raises BadRequest 404, or 405 where the path takes another method."""
        elsewhere = False
        for shape, route in self._routes:
            found = shape.fullmatch(raw_path)
            if found is None:
                continue
            if route.method == ("GET" if method == "HEAD" else method):
                return route, {name: unquote(value) for name, value in found.groupdict().items()}
            elsewhere = True
        if elsewhere:
            raise BadRequest(f"this page does not take {method[:10]}", status=405, code="method_not_allowed")
        raise BadRequest("there is no such page", field="path", status=404, code="not_found")


def _cookie(visit: Visit | None, answer: Answer) -> tuple[tuple[bytes, bytes], ...]:
    if visit is None or visit.path == HOME or (answer.session is None and not visit.fresh):
        return ()
    value, mark = visit.sessions.write(answer.session or visit.session), visit.sessions.mark
    return (cookie(mark, value, seconds=LASTS_SECONDS, https=visit.entrance.https),)


def pattern(path: str) -> re.Pattern[str]:
    """What a route's path matches, as it stands in the request line."""
    whole = re.sub(r"{(\w+)\*}", r"(?P<\1>.+)", path)
    return re.compile(re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", whole))
