"""What a skeleton says beside lengths: how the tokens of a prompt are spread over its messages, and pauses in a run.

Providers count the tokens of a whole prompt, never of its messages. Their count is spread by bytes: exact in sum, and as
good in each part as the text is even. Nothing here decides about money.
"""

from farthing.ports.records import CallRecord, CallSummary


def tokens_by_message(record: CallRecord) -> tuple[int, ...]:
    """Input tokens of each message; what is left of the provider's count are system, tools and the template's own.
    Empty where no provider has counted yet."""
    counted = [attempt.usage.input_tokens for attempt in record.attempts if attempt.usage is not None]
    skeleton = record.skeleton
    sizes = [message.bytes for message in skeleton.messages]
    whole = max(skeleton.text_bytes, sum(sizes))
    if not counted or not whole:
        return ()
    made, before, bytes_before = [], 0, 0
    for size in sizes:
        bytes_before += size
        upto = counted[-1] * bytes_before // whole
        made.append(upto - before)
        before = upto
    return tuple(made)


def gap_ms(record: CallRecord, before: CallSummary | None) -> int | None:
    """Milliseconds between the end of the run's call before and the arrival of this one: how long a provider's cache had
    to keep. Negative where they overlap; None for the first, and while the one before runs."""
    if before is None or before.finished_ms is None:
        return None
    return record.opening.arrived_ms - before.finished_ms
