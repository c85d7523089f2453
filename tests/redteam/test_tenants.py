"""A key that may limit its own runs must not reach those of other keys."""

import pytest

import farthing
from support.admin import ask, bearer, chat
from support.gateway import gateway_and_provider
from support.sdk_world import sdk

A, B = "fr_" + "a" * 43, "fr_" + "b" * 43
KEYS = "".join(
    f'[[keys]]\nname = "{name}"\nsecret = "{secret}"\nmay_set = ["run"]\nrights = ["call", "runs"]\n'
    for name, secret in (("a", A), ("b", B))
)
TINY = {"limits": {"usd": "0.000001"}, "labels": {}}


@pytest.mark.parametrize("name", ["*", "vic*"])
@pytest.mark.parametrize("lasting", [{"keeps": True, "window": "day"}, {"keeps": False, "window": "lifetime"}])
def test_no_name_of_a_run_means_the_runs_of_others(tmp_path, name, lasting):
    with gateway_and_provider(tmp_path, KEYS) as (gateway, _):
        body = {**TINY, **lasting, "run": name}
        said = ask(gateway, "PUT", f"/farthing/v1/run-budgets/run/{name}", body, **bearer(A))
        assert said.status_code == 400
        assert "runs of others" in said.text
        assert chat(gateway, **bearer(B), x_farthing_labels="run=victim").status_code == 200


def test_nor_does_a_name_in_process():
    with sdk(), pytest.raises(farthing.Misused, match="other runs"):
        farthing.budget("$1", name="nightly*", window="day")


def test_an_answer_of_another_key_cannot_be_fetched(tmp_path):
    with gateway_and_provider(tmp_path, KEYS) as (gateway, _):
        asked = {"model": "gpt-4o-mini", "input": "hello", "max_output_tokens": 50}
        made = ask(gateway, "POST", "/v1/responses", asked, **bearer(B)).json()["id"]
        assert ask(gateway, "GET", f"/v1/responses/{made}", **bearer(A)).status_code == 404
        assert ask(gateway, "GET", f"/v1/responses/{made}", **bearer(B)).status_code == 200
