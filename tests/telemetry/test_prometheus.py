"""The exposition: what Prometheus's own parser reads back is what was to be told."""

import math

from prometheus_client.parser import text_string_to_metric_families

from farthing.telemetry.families import COUNTER, GAUGE, HISTOGRAM, NET, Family, Point, of_tally
from farthing.telemetry.prometheus import name_of, text
from farthing.telemetry.tally import Spread
from support.tallying import paid, tallied


def read(*families):
    return {family.name: family for family in text_string_to_metric_families(text(families).decode())}


def test_a_counter_has_its_ending_and_a_label_its_value_whatever_is_in_it():
    family = Family(name="farthing.calls", help="Calls", kind=COUNTER, points=(Point((("a.b", 'x"\\\ny'),), 3),))
    [sample] = read(family)["farthing_calls"].samples
    assert (sample.name, sample.labels, sample.value) == ("farthing_calls_total", {"a_b": 'x"\\\ny'}, 3)


def test_a_sum_that_may_fall_is_a_gauge():
    found = read(Family(name="x.saved", help="Saved", kind=NET, points=(Point((), -5),)))
    assert found["x_saved"].type == "gauge"


def test_a_histogram_is_cumulative_and_in_seconds():
    family = Family(
        name="x.duration",
        help="Time",
        kind=HISTOGRAM,
        unit="s",
        bounds=(0.5, 2),
        points=(Point((), Spread([1, 2, 4], 9_500)),),
    )
    samples = read(family)["x_duration_seconds"].samples
    assert [(s.labels["le"], s.value) for s in samples if s.name.endswith("_bucket")] == [
        ("0.5", 1),
        ("2.0", 3),
        ("+Inf", 7),
    ]
    assert [s.value for s in samples if s.name.endswith("_sum")] == [9.5]


def test_nano_dollars_are_whole_up_to_nine_million_dollars():
    family = Family(name="x", help="X", kind=COUNTER, points=(Point((), 2**53 - 1),))
    assert read(family)["x"].samples[0].value == 2**53 - 1


def test_older_names_are_left_out_and_nothing_of_the_process_is_added():
    found = read(*of_tally(tallied(paid(1))))
    assert "gen_ai_client_token_usage" not in found
    assert all(name.startswith(("farthing_", "gen_ai_")) for name in found)
    assert not any(math.isnan(sample.value) for family in found.values() for sample in family.samples)


def test_a_name_that_says_seconds_does_not_say_it_twice():
    assert name_of(Family(name="x.seconds", help="", kind=GAUGE, unit="s", points=())) == "x_seconds"
