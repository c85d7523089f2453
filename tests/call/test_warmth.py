"""What is probably cached, and for how long."""

from farthing.call import warmth as module
from farthing.call.warmth import COLD_AFTER_AN_HOUR_MS, COLD_AFTER_MS, Warmth
from farthing.domain.usage import Usage

ADA, BOB = ("k", "r", "ada"), ("k", "r", "bob")


def learned(usage, *, automatic=False):
    warmth = Warmth()
    warmth.learn(ADA, "m", usage, 0, automatic=automatic)
    return warmth


def test_what_was_read_and_what_was_written_is_found_by_the_next_request():
    usage = Usage(input_tokens=900, output_tokens=70, cache_read_input_tokens=500, cache_write_input_tokens=300)
    warm = learned(usage).of(ADA, "m", 1)
    assert (warm.cached_tokens, warm.input_tokens, warm.output_tokens) == (800, 900, 70)


def test_where_the_provider_caches_by_itself_the_whole_prompt_counts_although_nothing_was_read():
    assert learned(Usage(input_tokens=2_000), automatic=True).of(ADA, "m", 1).cached_tokens == 1_920
    assert learned(Usage(input_tokens=1_000), automatic=True).of(ADA, "m", 1).cached_tokens == 0


def test_it_grows_cold_and_what_was_written_for_an_hour_later():
    assert learned(Usage(input_tokens=1)).of(ADA, "m", COLD_AFTER_MS) is None
    hour = Usage(input_tokens=9, cache_write_input_tokens=9, cache_write_1h_input_tokens=9)
    assert learned(hour).of(ADA, "m", COLD_AFTER_AN_HOUR_MS - 1) is not None
    assert learned(hour).of(ADA, "m", COLD_AFTER_AN_HOUR_MS) is None


def test_each_agent_and_each_model_has_its_own():
    warmth = learned(Usage(input_tokens=1))
    assert warmth.of(BOB, "m", 1) is None
    assert warmth.of(ADA, "n", 1) is None


def test_who_asked_longest_ago_is_forgotten_first(monkeypatch):
    monkeypatch.setattr(module, "MOST", 2)
    warmth = Warmth()
    for model in ("a", "b", "a", "c"):
        warmth.learn(ADA, model, Usage(input_tokens=1), 0, automatic=False)
    assert [warmth.of(ADA, model, 1) is not None for model in "abc"] == [True, False, True]
