"""Gates over HTTP: a model that broke its cap is listed, and is called again once that is acknowledged."""

from farthing.testing import Fault
from support.admin import BUDGET, admin, chat, refused
from support.gateway import gateway_and_provider


def test_a_broken_cap_closes_its_gate_until_it_is_acknowledged(tmp_path):
    with gateway_and_provider(tmp_path, BUDGET, faults=[Fault(kind="overrun")]) as (gateway, _):
        broke = chat(gateway)
        no = chat(gateway)
        assert (no.status_code, no.json()["error"]["code"]) == (402, "provider_overran")
        (gate,) = admin(gateway, "GET", "/gates")["gates"]
        assert gate["name"] == "openai/gpt-4o-mini"
        assert gate["call"] == broke.headers["x-farthing-call-id"]
        assert gate["closed_at"].endswith("Z")
        assert admin(gateway, "POST", "/gates/openai/gpt-4o-mini/acknowledge") == gate
        assert chat(gateway).status_code == 200
        assert admin(gateway, "GET", "/gates") == {"gates": []}
        refused(gateway, "POST", "/gates/openai/gpt-4o-mini/acknowledge", status=404)
