"""One call in process: whose it is, and how long its client waits."""

import openai
import pytest

import farthing
from farthing.sdk.calls import _patience_ms, merged
from support.sdk_provider import simulated
from support.sdk_world import openai_client, sdk


def test_the_labels_of_the_budgets_win_over_what_a_request_says():
    assert merged((("run", "theirs"), ("user", "ann")), (("run", "ours"),)) == (("run", "ours"), ("user", "ann"))


@pytest.mark.parametrize(
    ("headers", "ms"),
    [
        ((), None),
        (((b"x-stainless-timeout", b"20"),), 20_000),
        (((b"x-stainless-read-timeout", b"0.5"),), 500),
        (((b"x-stainless-timeout", b"soon"),), None),
        (((b"x-stainless-timeout", b"-1"),), None),
        (((b"x-stainless-timeout", b"nan"),), None),
    ],
)
def test_waiting_is_bounded_by_the_clients_own_patience(headers, ms):
    assert _patience_ms(headers) == ms


def test_a_bad_request_is_the_clients_own_error_and_is_not_sent():
    with simulated() as provider, sdk(), farthing.budget("$1"):
        with pytest.raises(openai.BadRequestError):
            openai_client(provider).chat.completions.create(model="gpt-4o-mini", messages="hi")
        assert not provider.requests
