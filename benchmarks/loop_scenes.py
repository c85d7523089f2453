"""Made-up agents: some go round in circles, some are honest and only look as if they did."""

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain

from conversations import Call, Message, answer, ask, calls_of, step

from farthing.wire.history import looks_like_error

ROUNDS = 8
"""A loop that is not caught by then is missed."""
WISH = ask("One more thing, please.")
LATE = 120
"""So many uses of tools come before a loop that begins late."""


class Material:
    """Real runs and their calls, to make agents from."""

    def __init__(self, runs: list[list[Message]]) -> None:
        self.runs = runs
        made = {(call.name, call.arguments): call for messages in runs for call in calls_of(messages)}
        self.failing = [call for call in made.values() if looks_like_error(call.result)]
        self.working = [call for call in made.values() if not looks_like_error(call.result)]
        self.telling = [call for call in self.working if call.name.startswith(("get_", "search_"))]
        self.acting = [call for call in self.working if call.name.startswith(("book_", "cancel_", "update_"))]
        self.wide = [call for call in self.working if len(json.loads(call.arguments)) > 1]

    def beginning(self, rng: random.Random) -> list[Message]:
        """A run up to a request, as far as any of its assistant's messages."""
        run = rng.choice(self.runs)
        ends = [at for at, message in enumerate(run) if at and message["role"] == "assistant"]
        return run[: rng.choice(ends)]

    def long_beginning(self, rng: random.Random) -> list[Message]:
        """Whole runs one after another, with `LATE` uses or more."""
        messages: list[Message] = []
        while sum(len(message.get("tool_calls") or ()) for message in messages) < LATE:
            messages += rng.choice(self.runs)
        return [*messages, WISH]


@dataclass(frozen=True)
class Loop:
    """An agent that has got lost."""

    name: str
    before: list[Message]
    round: Callable[[int], list[Message]]
    """What it does in its how-manieth round, from 1."""


def loops(from_: Material, rng: random.Random) -> Iterator[Loop]:
    """One of each kind."""
    a, b, c, d = rng.sample(from_.working, 4)
    news = rng.sample([call for call in from_.telling if call != a], ROUNDS)
    failing, wide = rng.choice(from_.failing), rng.choice(from_.wide)
    before, late = from_.beginning(rng), from_.long_beginning(rng)
    yield Loop("same call", before, lambda _: step(a))
    yield Loop("same call, late in a long run", late, lambda _: step(a))
    yield Loop("same call, a new thought between", before, lambda n: [*step(a), *step(_thought(n))])
    yield Loop("same call, one other new answer between", before, lambda n: [*step(a), *step(news[n - 1])])
    yield Loop("same call, `Continue.` between", before, lambda _: [*step(a), answer("On it."), ask("Continue.")])
    yield Loop("same call, keys in another order", before, lambda _: step(_shuffled(wide, rng)))
    yield Loop("same call, other white space", before, lambda n: step(_indented(wide, n)))
    yield Loop("oscillation", before, lambda _: [*step(a), *step(b)])
    yield Loop("oscillation, late in a long run", late, lambda _: [*step(a), *step(b)])
    yield Loop("cycle of 3", before, lambda _: [*step(a), *step(b), *step(c)])
    yield Loop("cycle of 4", before, lambda _: [*step(a), *step(b), *step(c), *step(d)])
    yield Loop("cycle of 4, late in a long run", late, lambda _: [*step(a), *step(b), *step(c), *step(d)])
    yield Loop("same two calls in parallel", before, lambda _: step(a, b))
    yield Loop("same call in parallel with new ones", before, lambda n: step(a, news[n - 1]))
    yield Loop("same call, same error", before, lambda _: step(failing))
    yield Loop("same error, other arguments", before, lambda n: step(_varied(failing, n)))
    yield Loop("same error, a new answer between", before, lambda n: [*step(_varied(failing, n)), *step(news[n - 1])])
    yield Loop(
        "same call, another error each time", before, lambda n: step(failing.saying(f"Error: timeout {n * 7919}"))
    )


@dataclass(frozen=True)
class Honest:
    """An agent that is getting on, or waits for something that will come."""

    name: str
    messages: list[Message]
    poll: tuple[str, ...] = ()
    begin: int = 1
    """Where the first request ends that it sends so: what stands before was otherwise when it was sent."""


def honest(from_: Material, rng: random.Random) -> Iterator[Honest]:
    """One of each kind: a real beginning, a new wish of the user's, and what the agent does about it to the end."""
    for name, steps, poll in _pollers(rng):
        yield Honest(name, [*from_.beginning(rng), WISH, *chain.from_iterable(steps), answer("Done.")], poll)
    before = [*from_.beginning(rng), WISH, *_cleared(6)]
    steps = [step(_build(f"running, {n} %")) for n in range(0, 100, 5)]
    yield Honest(
        "poll, old results cleared by the client",
        [*before, *chain.from_iterable(steps), answer("Done.")],
        (),
        len(before) + 1,
    )
    for name, steps in chain(_retries(from_, rng), _workers(from_, rng)):
        yield Honest(name, [*from_.beginning(rng), WISH, *chain.from_iterable(steps), answer("Done.")])


def _pollers(rng: random.Random) -> Iterator[tuple[str, list[list[Message]], tuple[str, ...]]]:
    pending, running, done = map(_build, ("pending", "running 3/9", "succeeded"))
    status = [Call.of("get_job_status", {"job": "j1"}, state) for state in ("queued", "running", "done")]
    ticks = [step(pending.saying(f"running, {n} %")) for n in range(0, 100, 5)]
    yield "poll, another result each time", ticks, ()
    few = [step(each) for each in (pending, pending, running, running, done)]
    yield "poll, two of each state", few, ()
    many = [step(each) for each, times in ((pending, 2), (running, rng.randint(3, 9)), (done, 1)) for _ in range(times)]
    yield "poll, many of one state once it has moved", many, ()
    named = [
        step(each)
        for each, times in zip(status, (rng.randint(3, 9), rng.randint(3, 9), 1), strict=True)
        for _ in range(times)
    ]
    yield "poll, many of each state, named status", named, ()
    yield "poll, exempt, 30 times", [step(pending)] * 30 + [step(done)], ("get_build",)
    slept = [[*step(pending), *step(Call.of("sleep", {"seconds": 2**n}, "ok"))] for n in range(9)]
    yield "poll with backoff, sleeping between", [*slept, step(done)], ()
    longer = [step(pending.written(json.dumps({"build": "b1", "wait_seconds": 2**n}))) for n in range(9)]
    yield "poll with backoff, waiting inside the call", [*longer, step(done)], ()


def _build(said: str) -> Call:
    return Call.of("get_build", {"build": "b1"}, said)


def _cleared(times: int) -> list[Message]:
    return list(chain.from_iterable(step(_build("[old result cleared]")) for _ in range(times)))


def _retries(from_: Material, rng: random.Random) -> Iterator[tuple[str, list[list[Message]]]]:
    works = rng.choice(from_.working)
    fails = works.saying("Error: connection reset")
    yield "two errors, then success", [step(fails), step(fails), step(works)]
    yield "an error now and then", [step(each) for each in (fails, works) for _ in range(2)] * 4
    guesses = [works.written(json.dumps({"path": name})) for name in ("a", "b", "c", "d")]
    yield "guesses in parallel, all wrong", [step(*(each.saying("Error: not found") for each in guesses)), step(works)]


def _workers(from_: Material, rng: random.Random) -> Iterator[tuple[str, list[list[Message]]]]:
    reads, acts = rng.choice(from_.telling), rng.sample(from_.acting, 8)
    news = rng.sample(from_.telling, 25)
    yield "reads again after each write", [[*step(reads), *step(act)] for act in acts]
    tests = Call.of("bash", {"command": "pytest -q"}, "1 failed")
    edits = [Call.of("edit_file", {"path": "a.py", "old": str(n), "new": str(n + 1)}, "ok") for n in range(8)]
    yield "same failing test after each edit", [[*step(tests), *step(edit)] for edit in edits]
    shell = [Call.of("bash", {"command": f"sed -i s/{n}/{n + 1}/ a.py"}, "") for n in range(8)]
    yield "same failing test, all in one shell", [[*step(tests), *step(each)] for each in shell]
    asked = [[*step(reads), answer("No news."), ask(f"And now, on day {n}?")] for n in range(8)]
    yield "the user asks again", asked
    wrong = rng.choice(from_.failing)
    insists = [[*step(wrong), answer("It failed."), ask(f"Try again, with feeling {n}.")] for n in range(8)]
    yield "the user insists in spite of errors", insists
    yield "the same call several times at once", [step(*[reads] * 6)]
    yield "turns pages", [step(reads.saying(f"page {n}")) for n in range(20)]
    groups = [news[n : n + 5] for n in range(0, 25, 5)]
    yield (
        "goes back to the index between chapters",
        [[*step(reads), *chain.from_iterable(step(each) for each in group if each != reads)] for group in groups],
    )


def _thought(n: int) -> Call:
    return Call.of("think", {"thought": f"Perhaps it is different now. Attempt {n}."}, "")


def _shuffled(call: Call, rng: random.Random) -> Call:
    pairs = list(json.loads(call.arguments).items())
    rng.shuffle(pairs)
    return call.written(json.dumps(dict(pairs)))


def _indented(call: Call, spaces: int) -> Call:
    return call.written(json.dumps(json.loads(call.arguments), indent=spaces))


def _varied(call: Call, n: int) -> Call:
    return call.written(json.dumps({**json.loads(call.arguments), "attempt": n}))
