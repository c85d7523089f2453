"""The policy of a replay: the recorded configuration with what a file changes in it, and what of it cannot be replayed."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from farthing.config.load import load, load_over
from farthing.config.settings import Settings
from farthing.domain.budget import Act, Budget
from farthing.replay.levers import Levers, levers_of

NEEDS_CONTENT = "needs content"
NOT_BUILT = "not built yet"
SIMPLIFIED = "simplified"
WHAT_IF = "what if"
"""The gateway does not do it yet; the replay does, and says what it assumes."""
RELEVANT = ("providers", "tiers", "budgets", "limits", "keys", "output", "guard", "prices", "currencies")
"""What of a configuration decides about calls."""


_ALIKE = "the recorded configuration has it too, and the gateway does not do it: it changes nothing here"
_EXACT = (
    "calls that equal an earlier one of their key would be answered for nothing: at most, because only messages, system, "
    "tools, model and cap are compared, not formats, seeds or choices of tools. Messages with ids of tool calls are never "
    "equal across runs, and calls that would ask for the cache by header are not on record"
)
_PREFIX = (
    "prompts are as recorded and only breakpoints move; what lies between two counts of the provider is spread by bytes. OpenAI and Gemini "
    "cache by themselves: nothing changes in their calls, and it cannot be turned off"
)
_WINDOW = (
    "older messages are left out, counted as the provider counted them, by bytes between two counts, and what its cache no "
    "longer holds is charged; answers are taken to be as long, and what an agent would ask for again is not foreseen"
)


class Remark(msgspec.Struct, frozen=True):
    """One part of the policy that the replay leaves out or simplifies."""

    kind: str
    name: str
    """The setting, as it is written in the file."""
    why: str


def policy_from(
    base: Path | None,
    policy: Path | None,
    environment: Mapping[str, str],
    flags: Mapping[str, object] | None = None,
    assigned: Sequence[str] = (),
) -> tuple[Settings, Settings]:
    """The recorded configuration, and the same with the tables that the policy names in place of its own and the single
    settings that are assigned, each `path=value`. `flags` are the recorded one's, as in `load`.

    Raises BadConfigs with file and line of every mistake.
    """
    then = load(base, environment, flags)
    return then, load_over(base, policy, environment, assigned) if policy or assigned else then


def same(policy: Settings, base: Settings) -> bool:
    """Whether the policy would decide nothing otherwise."""
    unchanged = all(getattr(policy, name) == getattr(base, name) for name in RELEVANT)
    return unchanged and levers_of(policy, base) == Levers()


def remarks(policy: Settings, base: Settings, budgets: tuple[Budget, ...]) -> tuple[Remark, ...]:
    """What the replay does not do of this policy, by name, and what it assumes of the rest."""
    levers = levers_of(policy, base)
    later = _of_later(policy, levers, budgets)
    return (*_of_content(policy), *later, *_of_levers(levers), *_of_people(policy, budgets))


def _of_content(policy: Settings) -> Iterator[Remark]:
    if policy.guard is not None and policy.guard.same_call:
        yield Remark(
            NEEDS_CONTENT, "[guard] same_call", "a record has the names of tools, not their arguments and results"
        )
    if policy.cache is not None and policy.cache.near is not None:
        yield Remark(NEEDS_CONTENT, "[cache] near", "whether two questions mean the same is in their words")
    if policy.cache is not None and policy.cache.tools is not None:
        yield Remark(NEEDS_CONTENT, "[cache] tools", "a record has the names of tools, not their arguments")
    if policy.context is not None and policy.context.plan in ("prune", "tiers", "auto"):
        yield Remark(NEEDS_CONTENT, f"[context] plan = {policy.context.plan!r}", "what can be left out is in the words")
    for at, route in enumerate(policy.routes):
        if route.check or any(name == "text" for name in route.when):
            yield Remark(NEEDS_CONTENT, f"[[routes]] {at + 1} check", "whether an answer passes is in its words")


def _of_later(policy: Settings, levers: Levers, budgets: tuple[Budget, ...]) -> Iterator[Remark]:
    if policy.cache is not None and policy.cache.exact is not None and levers.exact_ms is None:
        yield Remark(NOT_BUILT, "[cache] exact", _ALIKE)
    if policy.prefix is not None and levers.prefix is None:
        yield Remark(NOT_BUILT, f"[prefix] plan = {policy.prefix.plan!r}", _ALIKE)
    if policy.context is not None and policy.context.plan == "window" and levers.keep_turns is None:
        yield Remark(NOT_BUILT, "[context] plan = 'window'", _ALIKE)
    if any(not route.check for route in policy.routes):
        yield Remark(NOT_BUILT, "[[routes]]", "the gateway sends calls to the model that they name")
    if any(Act.COMPRESS in acts for acts in _acts(budgets)):
        yield Remark(NOT_BUILT, "soft: compress", "no lever shortens contexts")


def _of_levers(levers: Levers) -> Iterator[Remark]:
    """What is assumed of levers that the gateway does not have yet."""
    if levers.exact_ms is not None:
        yield Remark(WHAT_IF, "[cache] exact", _EXACT)
    if levers.prefix is not None:
        prefix = levers.prefix
        kept = f", ttl = {prefix.ttl!r}" if prefix.ttl else ""
        yield Remark(WHAT_IF, f"[prefix] plan = {prefix.plan!r}{kept}", _PREFIX)
    if levers.keep_turns is not None:
        yield Remark(WHAT_IF, f"[context] plan = 'window', keep_turns = {levers.keep_turns}", _WINDOW)


def _of_people(policy: Settings, budgets: tuple[Budget, ...]) -> Iterator[Remark]:
    if any(budget.hard == "approve" for budget in budgets) or any(Act.APPROVE in acts for acts in _acts(budgets)):
        yield Remark(SIMPLIFIED, "approvals", "nobody is asked: such calls are refused when `approve_wait` is over")
    if any(Act.LAND in acts for acts in _acts(budgets)):
        yield Remark(SIMPLIFIED, "soft: land", "a last answer is as long as the recorded one, within its cap")
    if any(Act.HINT in acts for acts in _acts(budgets)):
        yield Remark(SIMPLIFIED, "soft: hint", "the note is priced; whether the model listens is in its words")
    if any(Act.DOWNGRADE in acts for acts in _acts(budgets)) and policy.tiers:
        yield Remark(SIMPLIFIED, "soft: downgrade", "another model is taken to count and say as many tokens")


def _acts(budgets: tuple[Budget, ...]) -> Iterator[tuple[Act, ...]]:
    return (threshold.acts for budget in budgets for threshold in budget.soft)
