"""What differs between Gemini's models in how they are asked: how each is told to think less, and what a search costs one.

https://ai.google.dev/gemini-api/docs/thinking: Gemini 2.5 takes a budget in tokens (0 turns thinking off, but for Pro with
its least of 128 and Flash-Lite with its least of 512 beside 0), Gemini 3 and later a level. Older ones take neither.
"""

import re
from typing import Any

_BUDGETS = re.compile(r"gemini-2\.5-(pro|flash-lite|flash)")
_LEVELS = re.compile(r"gemini-(?:[3-9]|[1-9]\d)(?:[.-]|$)")
_NO_THOUGHT = re.compile(r"-(image|tts|live|audio|embedding)")
_LEAST = {"pro": 128, "flash-lite": 512, "flash": 1}
_LIGHT = frozenset({"minimal", "low"})


def bare(model: str) -> str:
    """A model's name without `models/` and without whoever sells it."""
    return model.rpartition("/")[2]


def less_thinking(model: str, thinking: dict[str, Any] | None) -> dict[str, Any] | None:
    """The `thinkingConfig` with which this model thinks as little as it can; None where nothing can or need be changed."""
    name, asked = bare(model), thinking or {}
    if _NO_THOUGHT.search(name):
        return None
    if budget := _BUDGETS.match(name):
        least = 128 if budget[1] == "pro" else 0
        return None if asked.get("thinkingBudget") == least else {**asked, "thinkingBudget": least}
    if not _LEVELS.match(name) or str(asked.get("thinkingLevel", "")).lower() in _LIGHT:
        return None
    return {**{key: value for key, value in asked.items() if key != "thinkingBudget"}, "thinkingLevel": "low"}


def fitting_budget(model: str, cap: int) -> int:
    """A thinking budget that leaves room to answer under the cap, and that the model accepts."""
    room = max(cap - 256, cap // 2)
    budget = _BUDGETS.match(bare(model))
    least = _LEAST[budget[1]] if budget else 1
    if room >= least:
        return room
    return 128 if budget and budget[1] == "pro" else 0


def searches_billed(model: str, queries: int) -> int:
    """Searches on the bill of an answer that is grounded in so many queries: Gemini 3 and later bill each of them, those
    before it the prompt. https://ai.google.dev/gemini-api/docs/google-search, "Pricing"."""
    return queries if _LEVELS.match(bare(model)) else min(queries, 1)
