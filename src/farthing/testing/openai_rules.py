"""Rules that OpenAI's endpoints share, with the errors it really sends."""

from typing import Any

from farthing.testing.errors import Rejected
from farthing.testing.models import Model, model_named

Body = dict[str, Any]

_REASONING_ONLY_DEFAULTS = {"temperature": 1, "top_p": 1, "presence_penalty": 0, "frequency_penalty": 0}
_EFFORT_TOKENS = {"none": 0, "minimal": 0, "low": 32, "medium": 64, "high": 128, "xhigh": 256, "max": 256}
TIERS = {"auto": "", "default": "", "flex": "flex", "priority": "priority", "fast": "fast"}


def model_of(body: Body) -> tuple[str, Model]:
    """The model's name without the fault it may carry (`gpt-4o@no_usage`), and its facts."""
    name = body.get("model")
    if not isinstance(name, str) or not name:
        raise Rejected("you must provide a model parameter")
    plain = name.partition("@")[0]
    return plain, model_named(plain)


def require(body: Body, name: str) -> Any:
    if body.get(name) is None:
        raise Rejected(f"Missing required parameter: '{name}'.", param=name, code="missing_required_parameter")
    return body[name]


def refuse_unknown(body: Body, known: frozenset[str]) -> None:
    unknown = next((name for name in body if name not in known), None)
    if unknown is not None:
        raise Rejected(f"Unknown parameter: '{unknown}'.", param=unknown, code="unknown_parameter")


def integer(body: Body, name: str, low: int, high: int | None = None) -> int | None:
    """An optional whole number within its limits."""
    value = body.get(name)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool):
        found = "a string" if isinstance(value, str) else "a decimal" if isinstance(value, float) else "something else"
        raise Rejected(
            f"Invalid type for '{name}': expected an integer, but got {found} instead.", param=name, code="invalid_type"
        )
    if value < low:
        raise Rejected(
            f"Invalid '{name}': integer below minimum value. Expected a value >= {low}, but got {value} instead.",
            param=name,
            code="integer_below_min_value",
        )
    if high is not None and value > high:
        raise Rejected(
            f"Invalid '{name}': integer above maximum value. Expected a value <= {high}, but got {value} instead.",
            param=name,
            code="integer_above_max_value",
        )
    return value


def boolean(body: Body, name: str) -> bool:
    value = body.get(name)
    if value is not None and not isinstance(value, bool):
        raise Rejected(f"Invalid type for '{name}': expected a boolean.", param=name, code="invalid_type")
    return bool(value)


def listing(value: Any, name: str) -> list[Any]:
    if not isinstance(value, list):
        raise Rejected(f"Invalid type for '{name}': expected an array of objects.", param=name, code="invalid_type")
    if not value:
        raise Rejected(
            f"Invalid '{name}': empty array. Expected an array with minimum length 1, but got an empty array instead.",
            param=name,
            code="empty_array",
        )
    return value


def check_cap(cap: int | None, name: str, model: Model) -> None:
    if cap is not None and cap > model.max_output:
        raise Rejected(
            f"{name} is too large: {cap}. This model supports at most {model.max_output} completion tokens, "
            f"whereas you provided {cap}.",
            param=name,
            code="invalid_value",
        )


def check_sampling(body: Body, model: Model) -> None:
    """Reasoning models take only the default of each sampling setting."""
    if not model.reasons:
        return
    for name, default in _REASONING_ONLY_DEFAULTS.items():
        if body.get(name) not in (None, default):
            raise Rejected(
                f"Unsupported value: '{name}' does not support {body[name]} with this model. "
                f"Only the default ({default}) value is supported.",
                param=name,
                code="unsupported_value",
            )


def check_context(tokens: int, model: Model, param: str) -> None:
    if tokens > model.context:
        raise Rejected(
            f"This model's maximum context length is {model.context} tokens. However, your messages resulted in "
            f"{tokens} tokens. Please reduce the length of the messages.",
            param=param,
            code="context_length_exceeded",
        )


def reasoning_tokens(effort: object, model: Model) -> int:
    """How long a model thinks at this effort: ours to choose, the same every time. Raises Rejected for unknown words."""
    if not model.reasons:
        return 0
    word = "medium" if effort is None else effort
    if not isinstance(word, str) or word not in _EFFORT_TOKENS:
        raise Rejected(
            f"Invalid value: '{word}'. Supported values are: 'none', 'minimal', 'low', 'medium', 'high', and 'xhigh'.",
            param="reasoning_effort",
            code="invalid_value",
        )
    return _EFFORT_TOKENS[word]


def tier_of(body: Body) -> str:
    """The service tier that serves the request, as prices name it."""
    asked = body.get("service_tier") or "auto"
    if asked not in TIERS:
        raise Rejected(
            f"Invalid value: '{asked}'. Supported values are: 'auto', 'default', 'flex', and 'priority'.",
            param="service_tier",
            code="invalid_value",
        )
    return TIERS[asked]
