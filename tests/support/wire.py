"""A connection made of bytes: as much of one as a request and its answer need."""

from farthing.gateway.bell import Bell


class MemoryWire:
    """Is the connection and its transport in one."""

    def __init__(self):
        self.transport = self
        self.written = b""
        self.writes = 0
        self.closed = False
        self.peer = "127.0.0.1"
        self.stalled = False
        self.room = Bell()
        self.reading_paused = False
        self.answers = 0

    def write(self, data):
        self.written += data
        self.writes += 1

    def close(self):
        self.closed = True

    def answered(self):
        self.answers += 1

    def pause_reading(self):
        self.reading_paused = True

    def resume_reading(self):
        self.reading_paused = False

    def stall(self):
        self.stalled = True
        self.room.clear()

    def go_on(self):
        self.stalled = False
        self.room.set()
