"""What both kinds of call share on the caller's side: what one call has come to so far, and what its user gets of it."""

import contextlib
import weakref
from abc import ABC, abstractmethod
from typing import Any

from farthing.domain.errors import Ambiguous
from farthing.sdk.engine import LocalEngine
from farthing.sdk.exchange import Done, Exchange, Headers, Take, Whole
from farthing.sdk.http import proof

TRAILING_PIECES = 8
"""The most that is read of what follows a stream's own end."""


class Caller(ABC):
    """One call, as its user's side knows it. `SyncCall` and `AsyncCall` do what the engine asks, each in its own way."""

    def __init__(self, inner: Any, module: Any, request: Any, **how: Any) -> None:
        """`inner` is the client's own HTTP, `module` the httpx it is of, `how` what its `send` is told beside the request."""
        self._inner = inner
        self._module = module
        self._request = request
        self._how = how
        self._engine: LocalEngine | None = None
        self._exchange: Exchange | None = None
        self._sent: Any = None
        """The engine's request, as the client's own HTTP sends it."""
        self._response: Any = None
        """The provider's."""
        self._taking: Take | None = None
        """Whoever pours the answer, as long as more of it is wanted."""
        self._out: list[bytes] = []
        """Pieces that the user is still to get."""
        self._over = False
        """Every hold has its end."""
        self._released = False
        """The provider's answer is closed."""
        self._left = False
        self._complete = False
        self._answer: Whole | None = None
        self._error: BaseException | None = None
        self._shown: weakref.ref[Any] | None = None
        """What the user has. Not held here: that it is dropped must be noticed."""

    @abstractmethod
    def close(self) -> None:
        """The user wants no more. What is under way is accounted for in the background. Safe to call twice, from anywhere."""

    @property
    def _engine_here(self) -> LocalEngine:
        assert self._engine is not None
        return self._engine

    @property
    def _exchange_here(self) -> Exchange:
        assert self._exchange is not None
        return self._exchange

    def _take(self, take: Take, piece: bytes) -> None:
        """Hand on a piece that was read; b"" for the answer's proper end."""
        wanted = False
        if piece:
            self._out, wanted = self._exchange_here.take(take, piece)
        if not wanted:
            self._taking = None
            self._exchange_here.poured(at_end=not piece)

    def _give_up(self, error: BaseException) -> None:
        """What the engine asked for broke: it must hear of it, and the error is raised again where the user is."""
        self._error, self._taking = error, None
        self._exchange_here.failed(proof(error, self._sent))
        if not isinstance(error, Exception):
            raise error

    def _finished(self, done: Done) -> None:
        """Every hold has its end."""
        self._over, self._complete, self._answer = True, done.complete, done.answer
        if done.last:
            self._out.append(done.last)
        if self._error is None:
            self._error = done.error
        self._engine_here.streams.discard(self)

    @property
    def _more_to_read(self) -> bool:
        """The money is settled, and of a streamed answer's bytes there may be some left that end it for HTTP."""
        return self._complete and self._answer is None and not self._released

    def _closed(self) -> None:
        """The provider's answer was closed."""
        self._released = True
        shown = None if self._shown is None else self._shown()
        if shown is not None:
            self._time(shown)

    def _streamed(self, status: int, headers: Headers, stream: Any) -> Any:
        """The response whose pieces follow."""
        self._engine_here.streams.add(self)
        made = self._module.Response(status, headers=headers, stream=stream, request=self._request)
        self._shown = weakref.ref(made)
        return made

    def _whole(self) -> Any:
        """The response that came at once. Raises what the client's own HTTP raised, where it tells more than we do."""
        answer = self._answer
        if answer is None or (self._error is not None and answer.status >= 500):
            raise self._error or Ambiguous("the call ended without an answer")
        made = self._module.Response(answer.status, headers=answer.headers, content=answer.body, request=self._request)
        self._time(made)
        return made

    def _time(self, made: Any) -> None:
        """How long the provider took; a transport that answers by itself, without a stream, has not measured it."""
        if self._response is not None:
            with contextlib.suppress(RuntimeError):
                made.elapsed = self._response.elapsed

    def _last(self) -> bytes:
        """The next piece, b"" where none follows, once there is one or the call is over or left. Raises where it broke off."""
        if self._out:
            return self._out.pop(0)
        if self._left:
            return b""
        if self._error is not None:
            raise self._error
        if not self._complete:
            raise self._module.RemoteProtocolError("the stream ended before the answer was complete")
        return b""
