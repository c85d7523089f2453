"""Alerts for as long as the process lives: told once, delivered by one worker at a time, gone at the end."""

import threading
from collections.abc import Collection, Sequence

from msgspec.structs import replace

from farthing.alerts.delivery import key_of
from farthing.domain.errors import BadRequest
from farthing.ports.alerts import Address, Alert, Delivery, Event, Fired, NewAlert, Parcel

GONE = "nobody could deliver it in time; its address may no longer be configured"


class MemoryOutbox:
    """`farthing.ports.alerts.Outbox` in memory. Any thread may call."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._alerts: dict[int, Alert] = {}
        self._deliveries: dict[int, Delivery] = {}
        self._fired: dict[tuple[str, str], Fired] = {}
        self._events: list[Event] = []
        self._last = 0

    def fired(self, rule: str) -> tuple[Fired, ...]:
        with self._lock:
            return tuple(fired for (of, _), fired in sorted(self._fired.items()) if of == rule)

    def tell(self, alert: NewAlert, to: Sequence[Address]) -> Alert | None:
        with self._lock:
            fresh = [one for one in alert.readings if not self._told(alert.rule, one.subject, one.window)]
            if not fresh:
                return None
            number = self._number()
            first = alert.readings[0]
            self._alerts[number] = Alert(
                id=number,
                at_ms=alert.at_ms,
                rule=alert.rule,
                subject=first.subject,
                value=first.value,
                threshold=alert.threshold,
                title=alert.title,
                text=alert.text,
                state="firing",
            )
            for one in fresh:
                self._fired[alert.rule, one.subject] = Fired(subject=one.subject, window=one.window, alert=number)
            for address in to:
                self._send(number, address, alert.at_ms)
            return self._whole(number)

    def rearm(self, rule: str, fired: Sequence[Fired], now_ms: int) -> None:
        with self._lock:
            for one in fired:
                standing = self._fired.get((rule, one.subject))
                if standing is not None and standing.alert == one.alert:
                    del self._fired[rule, one.subject]
            left = {one.alert for one in self._fired.values()}
            for number in {one.alert for one in fired} - left:
                alert = self._alerts.get(number)
                if alert is not None and alert.ended_ms is None:
                    self._alerts[number] = replace(alert, state="over", ended_ms=now_ms)

    def acknowledge(self, alert: int, by: str, now_ms: int) -> None:
        with self._lock:
            found = self._alerts.get(alert)
            if found is None:
                raise BadRequest(f"there is no alert {alert}; `farthing alerts ls` shows all", field="alert")
            if found.acknowledged_ms is None:
                self._alerts[alert] = replace(found, acknowledged_by=by, acknowledged_ms=now_ms)
                for one in self._waiting():
                    if one.alert == alert:
                        self._deliveries[one.id] = replace(one, state="dropped", ended_ms=now_ms)

    def note(self, *events: Event) -> None:
        with self._lock:
            self._events += events

    def events(self, kind: str, since_ms: int) -> tuple[Event, ...]:
        """What was noted of this kind since then, in the order in which it was."""
        with self._lock:
            return tuple(event for event in self._events if event.kind == kind and event.at_ms >= since_ms)

    def claim(self, addresses: Collection[str], now_ms: int, lease_ms: int) -> Parcel | None:
        with self._lock:
            due = [one for one in self._waiting() if one.next_ms <= now_ms and one.address.digest in addresses]
            if not due:
                return None
            first = min(due, key=lambda one: (one.next_ms, one.id))
            taken = replace(first, attempts=first.attempts + 1, next_ms=now_ms + lease_ms)
            self._deliveries[taken.id] = taken
            alert = self._whole(taken.alert)
            key = key_of(alert.id, alert.at_ms, alert.rule, taken.address.digest)
            return Parcel(delivery=taken.id, attempt=taken.attempts, address=taken.address, alert=alert, key=key)

    def sent(self, parcel: Parcel, now_ms: int) -> None:
        with self._lock:
            one = self._deliveries.get(parcel.delivery)
            if one is not None and one.state != "sent":
                self._deliveries[one.id] = replace(one, state="sent", ended_ms=now_ms, last_error="")

    def failed(self, parcel: Parcel, error: str, next_ms: int | None, now_ms: int) -> None:
        with self._lock:
            one = self._deliveries.get(parcel.delivery)
            if one is None or one.state != "waiting" or one.attempts != parcel.attempt:
                return
            if next_ms is None:
                self._deliveries[one.id] = replace(one, state="dead", last_error=error, ended_ms=now_ms)
            else:
                self._deliveries[one.id] = replace(one, next_ms=next_ms, last_error=error)

    def bury(self, before_ms: int, now_ms: int) -> int:
        with self._lock:
            late = [
                one for one in self._waiting() if one.next_ms <= now_ms and self._alerts[one.alert].at_ms < before_ms
            ]
            for one in late:
                error = one.last_error or GONE
                self._deliveries[one.id] = replace(one, state="dead", last_error=error, ended_ms=now_ms)
            return len(late)

    def recent(self, *, limit: int, before_id: int | None = None, firing: bool = False) -> tuple[Alert, ...]:
        with self._lock:
            numbers = (
                number
                for number, alert in sorted(self._alerts.items(), reverse=True)
                if (before_id is None or number < before_id) and not (firing and alert.state == "over")
            )
            return tuple(self._whole(number) for number, _ in zip(numbers, range(limit), strict=False))

    def find(self, alert: int) -> Alert | None:
        with self._lock:
            return self._whole(alert) if alert in self._alerts else None

    def forget(self, before_ms: int) -> int:
        with self._lock:
            old = {
                number
                for number, alert in self._alerts.items()
                if alert.ended_ms is not None and alert.ended_ms < before_ms
            }
            self._deliveries = {one.id: one for one in self._deliveries.values() if one.alert not in old}
            self._alerts = {number: alert for number, alert in self._alerts.items() if number not in old}
            self._events = [event for event in self._events if event.at_ms >= before_ms]
            return len(old)

    def close(self) -> None:
        """Nothing is open."""

    def _told(self, rule: str, subject: str, window: str) -> bool:
        standing = self._fired.get((rule, subject))
        return standing is not None and standing.window == window

    def _send(self, alert: int, address: Address, at_ms: int) -> None:
        number = self._number()
        self._deliveries[number] = Delivery(
            id=number, alert=alert, address=address, state="waiting", attempts=0, next_ms=at_ms
        )

    def _waiting(self) -> list[Delivery]:
        return [one for one in self._deliveries.values() if one.state == "waiting"]

    def _whole(self, number: int) -> Alert:
        deliveries = tuple(one for one in self._deliveries.values() if one.alert == number)
        return replace(self._alerts[number], deliveries=deliveries)

    def _number(self) -> int:
        self._last += 1
        return self._last
