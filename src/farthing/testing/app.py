"""The provider's HTTP surface: routes, keys, limits and errors, as one raw ASGI application."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from farthing.testing import control
from farthing.testing.answer import Answer, Form
from farthing.testing.bill import Entry
from farthing.testing.chat import Chat
from farthing.testing.connection import BodyTooLarge, Connection, Left, Message
from farthing.testing.delivery import Delivery, Tab
from farthing.testing.embeddings import Embeddings
from farthing.testing.errors import Rejected, of_status
from farthing.testing.exchange import FAULT_HEADER, Exchange
from farthing.testing.faults import Fault
from farthing.testing.gemini import Generate, generate_at
from farthing.testing.models import LISTED, model_named
from farthing.testing.script import directive_in
from farthing.testing.simulation import Simulation
from farthing.testing.stored import BELOW, stored

_MODEL_EPOCH = 1_735_689_600


class App:
    """One provider's ASGI application."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._forms: dict[str, Form] = {
            "/v1/chat/completions": Chat(),
            "/v1/responses": simulation.responses,
            "/v1/messages": simulation.messages,
            "/v1/embeddings": Embeddings(),
        }

    async def __call__(
        self,
        scope: Message,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        assert scope["type"] == "http", f"the simulated provider speaks HTTP only, not {scope['type']}"
        exchange = Exchange(Connection(scope, receive, send), self._simulation)
        try:
            await self._route(exchange)
        except Rejected as error:
            await exchange.refuse(error)
        except BodyTooLarge:
            await exchange.refuse(of_status(exchange.maker, 413))
        except Left:
            return

    async def _route(self, exchange: Exchange) -> None:
        connection = exchange.connection
        match connection.method, connection.path:
            case _, path if path.startswith("/_sim/"):
                await _steer(exchange, path.removeprefix("/_sim/"))
            case "GET", path if path in self._forms and "websocket" in connection.headers.get("upgrade", "").lower():
                raise Rejected("web sockets are not simulated", status=426)
            case "POST", path if path in self._forms:
                await _answer(exchange, self._forms[path])
            case "POST", path if (form := generate_at(path)) is not None:
                await (_count_gemini if form.verb == "countTokens" else _answer)(exchange, form)
            case "POST", "/v1/messages/count_tokens":
                await self._count(exchange)
            case "GET", "/v1/models" | "/v1beta/models":
                exchange.authorize()
                await exchange.reply(_models(exchange))
            case "GET", path if path.startswith(("/v1/models/", "/v1beta/models/")):
                exchange.authorize()
                await exchange.reply(_model(exchange, path.partition("/models/")[2]))
            case method, path if path.startswith(BELOW):
                await stored(exchange, method, path.removeprefix(BELOW))
            case method, path:
                raise exchange.not_found(f"Invalid URL ({method} {path})")

    async def _count(self, exchange: Exchange) -> None:
        messages = self._simulation.messages
        body = await exchange.read(messages)
        tokens = messages.count(body)
        exchange.check_model(str(body["model"]))
        fault = exchange.simulation.count_faults.next(exchange.connection.headers.get(FAULT_HEADER, ""))
        if fault is None or not await exchange.suffer(fault):
            await exchange.reply({"input_tokens": tokens})


async def _count_gemini(exchange: Exchange, form: Generate) -> None:
    body = await exchange.read(form)
    exchange.check_model(form.model)
    counted = form.count(body)
    fault = exchange.simulation.count_faults.next(exchange.connection.headers.get(FAULT_HEADER, ""))
    if fault is None or not await exchange.suffer(fault):
        await exchange.reply(counted)


async def _answer(exchange: Exchange, form: Form) -> None:
    """A request to a model: understood or refused, billed, and delivered."""
    simulation = exchange.simulation
    arrived = simulation.clock()
    opened = Entry(number=0, dialect=form.name, model="", key=exchange.key[-4:], arrived_ms=arrived)
    try:
        body = await exchange.read(form)
        name = form.model if isinstance(form, Generate) else str(body.get("model") or "")
        exchange.check_model(name)
        ask = form.read(body)
        directive = directive_in(ask.prompt)
        fault = simulation.faults.next(exchange.named_fault(name, directive))
    except Rejected as error:
        simulation.bill.open(msgspec.structs.replace(opened, outcome="refused", status=error.status))
        raise
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        simulation.bill.open(msgspec.structs.replace(opened, outcome="refused", status=400))
        raise Rejected(f"Invalid request: {error}") from error
    answer = simulation.answer(form, ask, owner=exchange.key, fault=fault, directive=directive)
    entry = simulation.bill.open(
        msgspec.structs.replace(
            opened,
            model=ask.prompt.model,
            stream=ask.stream,
            cap=ask.cap,
            tier=ask.tier,
            fault="" if fault is None else fault.kind,
            response_id=answer.id,
        )
    )
    tab = Tab(simulation.bill, entry.number, answer, charges=fault is None or fault.charges)
    if ask.background and not ask.stream and fault is None:
        tab.settle(answer.usage.output_tokens, "answered", 200)
        await exchange.reply(simulation.responses.pending(answer, "queued"))
        return
    await _delivery(exchange, form, answer, tab, fault).send()


def _delivery(exchange: Exchange, form: Form, answer: Answer, tab: Tab, fault: Fault | None) -> Delivery:
    return Delivery(
        connection=exchange.connection,
        form=form,
        answer=answer,
        tab=tab,
        fault=fault,
        pace=exchange.simulation.settings.pace,
        headers=exchange.headers,
        request_id=exchange.request_id,
    )


async def _steer(exchange: Exchange, order: str) -> None:
    simulation = exchange.simulation
    match exchange.connection.method, order:
        case "GET", "bill":
            await exchange.reply(control.bill_body(simulation))
        case "POST", "reset":
            simulation.reset()
            await exchange.reply({"ok": True})
        case "POST", "script":
            try:
                control.obey(simulation, await exchange.connection.body(simulation.settings.largest_body))
            except ValueError as error:
                raise Rejected(str(error)) from error
            await exchange.reply({"ok": True})
        case method, _:
            raise exchange.not_found(f"Invalid URL ({method} /_sim/{order}); there are bill, script and reset")


def _models(exchange: Exchange) -> dict[str, Any]:
    names = exchange.simulation.settings.models or LISTED
    mine = [_listed(name, exchange.maker) for name in names if model_named(name).maker == exchange.maker]
    if exchange.maker == "anthropic":
        first, last = (mine[0]["id"], mine[-1]["id"]) if mine else (None, None)
        return {"data": mine, "has_more": False, "first_id": first, "last_id": last}
    return {"models": mine} if exchange.maker == "gemini" else {"object": "list", "data": mine}


def _model(exchange: Exchange, name: str) -> dict[str, Any]:
    exchange.check_model(name)
    return _listed(name, exchange.maker)


def _listed(name: str, maker: str) -> dict[str, Any]:
    if maker == "anthropic":
        return {"type": "model", "id": name, "display_name": name, "created_at": "2025-01-01T00:00:00Z"}
    if maker == "gemini":
        return _gemini(name)
    return {"id": name, "object": "model", "created": _MODEL_EPOCH, "owned_by": "openai"}


def _gemini(name: str) -> dict[str, Any]:
    model = model_named(name)
    return {
        "name": f"models/{name}",
        "version": "001",
        "displayName": name,
        "inputTokenLimit": model.context,
        "outputTokenLimit": model.max_output,
        "supportedGenerationMethods": ["generateContent", "countTokens"],
        "thinking": model.reasons,
    }
