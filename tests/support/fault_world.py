"""The world in which faults happen: one budget a policy, runs that meet a fault, and what the ledger says of each run."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import httpx2

from farthing.config.engine import wall_ms
from farthing.testing import Reply, SimulatedProvider, list_prices
from support.fault_words import Policy, Then
from support.hasty import Seen

CONFIG = """
[store]
url = "sqlite:///{folder}/farthing.db"

[providers.openai]
format = "openai"
base_url = "{provider}/v1"
api_key = "sk-provider-openai"
first_byte_timeout = "{patience}"
idle_timeout = "{patience}"
retries = 2

[tiers]
small = ["gpt-4o-mini"]

[[budgets]]
name = "all"
limit = "1000 USD"

[[budgets]]
name = "block"
match = {{ team = "block" }}
limit = "{block} USD"
window = "run"

[[budgets]]
name = "downgrade"
match = {{ team = "downgrade" }}
limit = "{soft} USD"
window = "run"
soft = [ {{ at = 0.5, do = ["downgrade"] }} ]

[[budgets]]
name = "land"
match = {{ team = "land" }}
limit = "{soft} USD"
window = "run"
soft = [ {{ at = 0.5, do = ["land"] }} ]
land_output = 200
{more}
"""
BLOCK_USD = "0.0022"
"""Room for one hold of a faulty call and a half."""
SOFT_USD = "0.011"
"""The warm-up costs more than half of it, and what is left pays for a last call."""
DEAR, CHEAP = "gpt-4o", "gpt-4o-mini"
WARM_CAP, WARM_TEXT = 600, "Warm up."
TEXT = "Where is my order A-1001?"
OUTPUT_TOKENS = 40
"""What each answer has, unless a fault adds to it."""
FIRST_CAP = 120
"""Each combination of one fault has a cap of its own, by which its line on the provider's bill is known."""
ACTS = {Policy.BLOCK: (), Policy.DOWNGRADE: ("downgraded",), Policy.LAND: ("landing",)}
"""The flag that the policy leaves on the attempt that meets the fault."""
MODELS = {Policy.BLOCK: DEAR, Policy.DOWNGRADE: CHEAP, Policy.LAND: DEAR}
PATH = "/v1/chat/completions"


def write_config(
    folder: Path,
    provider_url: str,
    *,
    patience: str = "20s",
    block: str = BLOCK_USD,
    soft: str = SOFT_USD,
    more: str = "",
) -> Path:
    """The configuration of this world, in this folder."""
    file = folder / "farthing.toml"
    file.write_text(
        CONFIG.format(folder=folder, provider=provider_url, patience=patience, block=block, soft=soft, more=more)
    )
    return file


def provider(**more: Any) -> SimulatedProvider:
    """A provider that answers as this world expects. To be started `in_thread`."""
    more.setdefault("prices", list_prices(wall_ms))
    return SimulatedProvider(script=_reply, **more)


def _reply(prompt: Any) -> Reply:
    warms = any(WARM_TEXT in turn.text for turn in prompt.turns)
    return Reply(tokens=WARM_CAP if warms else OUTPUT_TOKENS, reasoning=0)


class Run(NamedTuple):
    """One run that meets one fault."""

    policy: Policy
    streamed: bool
    name: str
    cap: int
    secret: str = ""

    @property
    def headers(self) -> dict[str, str]:
        headers = {"content-type": "application/json", "x-farthing-labels": f"team={self.policy},run={self.name}"}
        return {**headers, "authorization": f"Bearer {self.secret}"} if self.secret else headers

    def body(self, text: str = TEXT) -> dict[str, Any]:
        return chat(text, self.cap, streamed=self.streamed)


def six_runs(name: str, secret: str = "") -> tuple[Run, ...]:
    """One for each policy, whole and streamed."""
    kinds = [(policy, streamed) for policy in Policy for streamed in (False, True)]
    return tuple(
        Run(policy, streamed, f"{name}-{policy}-{'streamed' if streamed else 'whole'}", FIRST_CAP + at, secret)
        for at, (policy, streamed) in enumerate(kinds)
    )


def chat(text: str, cap: int, *, streamed: bool) -> dict[str, Any]:
    return {"model": DEAR, "messages": [{"role": "user", "content": text}], "max_tokens": cap, "stream": streamed}


def warm_up(url: str, run: Run) -> None:
    """Bring the run over the threshold of its budget, where that has one."""
    if run.policy is not Policy.BLOCK:
        seen = send(url, run, chat(WARM_TEXT, WARM_CAP, streamed=False))
        assert seen.status == 200, seen.text


def call(url: str, run: Run, text: str = TEXT, **headers: str) -> Seen:
    """The call of the run that is to meet the fault."""
    return send(url, run, run.body(text), **headers)


def send(url: str, run: Run, body: dict[str, Any], **headers: str) -> Seen:
    """One request on a connection of its own, read to wherever it ends; status 0 where no answer began."""
    pieces: list[bytes] = []
    own = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        with _client().stream("POST", f"{url}{PATH}", json=body, headers={**run.headers, **own}) as answer:
            try:
                pieces.extend(answer.iter_raw())
                ended = True
            except httpx2.TransportError:
                ended = False
            text = b"".join(pieces).decode("utf-8", "replace")
            return Seen(answer.status_code, dict(answer.headers), text, ended)
    except httpx2.TransportError as error:
        return Seen(0, {}, str(error), ended=False)


@cache
def _client() -> httpx2.Client:
    """One for all, since making one is dear; it keeps no connection."""
    return httpx2.Client(trust_env=False, timeout=60, limits=httpx2.Limits(max_keepalive_connections=0))


def then(url: str, run: Run, **headers: str) -> Then | str:
    """What the run's next call gets; a text where it is nothing that the table knows."""
    seen = call(url, run, **headers)
    if seen.status != 200:
        found = [
            each for each in Then if each.value.startswith(f"{seen.status} ") and f'"{each.value[4:]}"' in seen.text
        ]
        return found[0] if found else f"{seen.status} {seen.text}"
    act = seen.headers.get("x-farthing-acts", "")
    acts = {"": Then.ANSWERED, "downgraded": Then.DOWNGRADED, "landing": Then.LANDING}
    return acts.get(act, f"answered, with {act}")


class Left(NamedTuple):
    """What the ledger holds of one run, its warm-up left out."""

    attempts: tuple[Any, ...]
    posted: int
    held: int
    unknown: int
    warm: int
    """Posted by the warm-up."""
    sums: dict[str, int]
    """What the run's attempts, the warm-up's among them, add up to on the run's own account, by state."""

    @property
    def states(self) -> tuple[str, ...]:
        return tuple(attempt.state for attempt in self.attempts)

    @property
    def holds(self) -> int:
        """What the attempts hold, or posted, on the run's account."""
        return sum(map(share_of, self.attempts))


def share_of(attempt: Any) -> int:
    """What one attempt holds, or posted, on its run's own account."""
    return sum(share.amount for share in attempt.shares if share.account.window.startswith("run:"))


def left_by(records: Any, run: Run) -> Left:
    """Read what is durable: flush before."""
    calls = [records.call(each.id) for each in sorted(records.recent(limit=50, run=run.name), key=lambda each: each.id)]
    attempts = [attempt for call in calls for attempt in call.attempts]
    warm = [attempt for attempt in attempts if attempt.usage is not None and attempt.usage.output_tokens == WARM_CAP]
    met = tuple(attempt for attempt in attempts if attempt not in warm)
    sums: dict[str, int] = {"held": 0, "unknown": 0, "settled": 0, "void": 0}
    for attempt in attempts:
        sums[attempt.state] += share_of(attempt)
    before = sum(map(share_of, warm))
    mine = [each for each in records.accounts(run.policy.value) if each.account.window == f"run:{run.name}"]
    posted, held, unknown = (sum(getattr(each, part) for each in mine) for part in ("posted", "held", "unknown"))
    return Left(met, posted - before, held, unknown, before, sums)


class Bill(NamedTuple):
    """The provider's side of one run's faulty call."""

    sent: int
    nanos: int
    models: tuple[str, ...]


def billed(simulated: SimulatedProvider, run: Run) -> Bill:
    """By the cap that arrived. For the bill as it was cleared before the fault."""
    entries = [entry for entry in simulated.bill if entry.cap == run.cap]
    return Bill(len(entries), sum(entry.nanos or 0 for entry in entries), tuple(entry.model for entry in entries))


class Outcome(NamedTuple):
    """Everything that came of one run's fault."""

    run: Run
    seen: Seen
    left: Left
    bill: Bill
    then: Then | str


Outcomes = dict[tuple[Policy, bool], Outcome]

NOBODY_SAW = Seen(0, {}, "", ended=False)
"""What a client saw that was not there any more."""


def at_once(
    runs: tuple[Run, ...], act: Callable[[Run], Seen], meanwhile: Callable[[], None] = lambda: None
) -> dict[Run, Seen]:
    """Do it for all runs at one time, each in a thread; `meanwhile` is done beside them."""
    with ThreadPoolExecutor(len(runs)) as pool:
        futures = {run: pool.submit(act, run) for run in runs}
        meanwhile()
        return {run: future.result(60) for run, future in futures.items()}
