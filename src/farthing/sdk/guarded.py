"""The HTTP of a wrapped client: of the class that its maker expects, and every request of it goes through the door.

Requests are made by the client's own HTTP, and sent by it once the door lets them: there is one httpx around a call, not two.
"""

from functools import cache
from typing import Any

from farthing.sdk.door import Door


def guarded(module: Any, door: Door, *, asynchronous: bool) -> Any:
    """HTTP of this httpx, around the client's own behind the door."""
    http, transport = (_asynchronous if asynchronous else _blocking)(module)
    made = http(transport=transport(door), timeout=door.inner.timeout, trust_env=False)
    made.door = door
    return made


@cache
def _blocking(module: Any) -> tuple[Any, Any]:
    class GuardedTransport(module.BaseTransport):  # type: ignore[misc]  # httpx or httpx2, whichever the client uses
        """For whoever sends by the transport itself, as clients with an X.509 identity do: it is the same door."""

        def __init__(self, door: Door) -> None:
            self._door = door

        def handle_request(self, request: Any) -> Any:
            return self._door.handle(request, stream=True)

        def close(self) -> None:
            self._door.inner.close()

    class GuardedClient(module.Client):  # type: ignore[misc]
        door: Door

        def build_request(self, *what: Any, **named: Any) -> Any:
            return self.door.inner.build_request(*what, **named)

        def send(self, request: Any, *, stream: bool = False, **how: Any) -> Any:
            return self.door.handle(request, stream=stream, **how)

    return GuardedClient, GuardedTransport


@cache
def _asynchronous(module: Any) -> tuple[Any, Any]:
    class AsyncGuardedTransport(module.AsyncBaseTransport):  # type: ignore[misc]
        """As `GuardedTransport`."""

        def __init__(self, door: Door) -> None:
            self._door = door

        async def handle_async_request(self, request: Any) -> Any:
            return await self._door.handle_async(request, stream=True)

        async def aclose(self) -> None:
            await self._door.inner.aclose()

    class AsyncGuardedClient(module.AsyncClient):  # type: ignore[misc]
        door: Door

        def build_request(self, *what: Any, **named: Any) -> Any:
            return self.door.inner.build_request(*what, **named)

        async def send(self, request: Any, *, stream: bool = False, **how: Any) -> Any:
            return await self.door.handle_async(request, stream=stream, **how)

    return AsyncGuardedClient, AsyncGuardedTransport
