"""Simple steps: calls that a small model could surely have been asked. The rule is narrow on purpose; it is stated in
docs/guides/where-the-money-goes.md."""

from farthing.domain.usage import Usage
from farthing.ports.records import AttemptRecord, CallRecord

MOST_INPUT_TOKENS = 4_000
MOST_OUTPUT_TOKENS = 150
_FINISHED = frozenset({"stop", "end_turn", "stop_sequence", "completed"})


def is_simple(record: CallRecord, attempt: AttemptRecord, usage: Usage) -> bool:
    """A short question with a short answer that ended by itself: no tools, no pictures, no reasoning, no search."""
    skeleton = record.skeleton
    return (
        usage.input_tokens <= MOST_INPUT_TOKENS
        and 0 < usage.output_tokens <= MOST_OUTPUT_TOKENS
        and not (usage.reasoning_output_tokens or usage.web_search_requests)
        and not (usage.audio_input_tokens or usage.audio_output_tokens)
        and attempt.source == "provider"
        and attempt.finish in _FINISHED
        and not (skeleton.tool_names or skeleton.media)
        and not any(message.tools for message in skeleton.messages)
    )
