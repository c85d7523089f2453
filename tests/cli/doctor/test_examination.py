"""What the doctor sees outside the store."""

import pytest

from farthing.cli.doctor.examination import Finding, State, clock, gateway, packages, providers
from farthing.cli.run.background import background_gateway
from farthing.config.load import load
from farthing.domain.ids import EPOCH_MS
from farthing.testing import SimulatedProvider
from support.configs import load_text
from support.filled_store import fill


def states(found) -> list[State]:
    return [finding.state for finding in found]


def test_the_packages_here_are_good():
    assert list(packages())[-1].part == "packages"
    assert State.BAD not in states(packages())


def test_a_missing_extra_is_named_with_the_way_to_get_it(monkeypatch):
    monkeypatch.setattr("farthing.cli.doctor.examination.find_spec", lambda _: None)
    assert [finding.do for finding in packages()][1:] == [
        "pip install 'farthing[tokens]'",
        "pip install 'farthing[proxy]'",
        "pip install 'farthing[alerts]'",
    ]


def test_a_running_gateway_is_ready(tmp_path):
    flags = {"store.url": f"sqlite:///{tmp_path}/f.db", "gateway.port": 0}
    with background_gateway(load(None, {"OPENAI_API_KEY": "sk"}, flags), what="test") as running:
        (found,) = gateway(load(None, {}, {"gateway.port": running.port}))
    assert found.state is State.GOOD


def test_something_else_on_the_gateways_port_is_not_taken_for_one():
    with SimulatedProvider().in_thread() as other:
        (found,) = gateway(load(None, {}, {"gateway.port": other.port}))
    assert found.state is State.BAD


def test_no_gateway_is_only_noted():
    (found,) = gateway(load(None, {}, {"gateway.port": 1}))
    assert (found.state, found.do) == (State.NOTE, "`farthing serve` starts it")


def test_a_clock_behind_the_records_is_bad(tmp_path, monkeypatch):
    fill(tmp_path / "f.db")
    settings = load(None, {}, {"store.url": f"sqlite:///{tmp_path}/f.db"})
    assert states(clock(settings)) == [State.GOOD]
    monkeypatch.setattr("farthing.cli.doctor.examination.wall_ms", lambda: EPOCH_MS + 1)
    assert states(clock(settings)) == [State.BAD]
    monkeypatch.setattr("farthing.cli.doctor.examination.wall_ms", lambda: EPOCH_MS - 1)
    assert states(clock(settings)) == [State.BAD]


def test_without_a_provider_every_call_is_refused(tmp_path):
    (found,) = providers(load(None, {}))
    assert found.state is State.BAD


def test_a_listed_model_without_a_price_is_noted(tmp_path):
    with SimulatedProvider().in_thread() as provider:
        text = f'[providers.x]\nformat = "openai"\nbase_url = "{provider.url}/v1"\nmodels = ["gpt-4o", "mystery"]\n'
        found = list(providers(load_text(tmp_path, text)))
    assert states(found) == [State.GOOD, State.NOTE]
    assert "mystery" in found[1].said


def test_a_certificate_nobody_vouches_for_is_bad(tmp_path):
    with SimulatedProvider().in_thread() as plain:
        text = f'[providers.x]\nformat = "openai"\nbase_url = "https://127.0.0.1:{plain.port}/v1"\n'
        (found,) = providers(load_text(tmp_path, text))
    assert found.state is State.BAD


@pytest.mark.parametrize("state", State)
def test_findings_are_plain_values(state: State):
    assert Finding(part="p", state=state, said="s").do == ""
