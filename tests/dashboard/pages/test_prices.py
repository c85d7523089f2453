"""Prices: in use, unknown, our own, changed, looked up."""


def test_models_in_use_have_their_prices_and_unknown_ones_stand_out(visitor):
    page = visitor.get("/dashboard/prices").text
    assert "Nobody knows what these cost" in page
    assert "mystery-7b" in page
    assert "house-model" in page
    assert "claude-opus-4-6" in page
    assert "$6.25" in page


def test_a_model_is_looked_up(visitor):
    assert "$2.50" in visitor.get("/dashboard/prices?model=openai/gpt-4o").text
    assert "is not in the price book" in visitor.get("/dashboard/prices?model=<i>gpt").text
    assert "<i>gpt" not in visitor.get("/dashboard/prices?model=<i>gpt").text


def test_an_empty_page_says_what_to_do(fresh_visitor):
    assert "No model in use yet" in fresh_visitor.get("/dashboard/prices").text
