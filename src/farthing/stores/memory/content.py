"""Content for as long as the process lives."""

import threading

from farthing.ports.content import Content

MOST = 10_000


class MemoryContents:
    """`farthing.ports.content.Contents` in memory; beyond `keep` the oldest go first."""

    def __init__(self, keep: int = MOST) -> None:
        self._keep = keep
        self._lock = threading.Lock()
        self._contents: dict[int, Content] = {}

    def put(self, contents: tuple[Content, ...]) -> None:
        with self._lock:
            self._contents.update((content.call, content) for content in contents)
            while len(self._contents) > self._keep:
                del self._contents[next(iter(self._contents))]

    def of(self, call: int) -> Content | None:
        return self._contents.get(call)

    def drop_before(self, at_ms: int) -> int:
        with self._lock:
            return self._forget([call for call, content in self._contents.items() if content.at_ms < at_ms])

    def drop(self, calls: tuple[int, ...]) -> int:
        with self._lock:
            return self._forget([call for call in dict.fromkeys(calls) if call in self._contents])

    def close(self) -> None:
        """Nothing to let go of."""

    def _forget(self, calls: list[int]) -> int:
        for call in calls:
            del self._contents[call]
        return len(calls)
