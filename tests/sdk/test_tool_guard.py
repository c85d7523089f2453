"""Tools in circles and beyond their limits, and honest ones."""

import asyncio

import pytest

import farthing
from farthing.sdk.engine import close_engines
from farthing.sdk.tool_errors import ToolRefused


@pytest.fixture(autouse=True)
def _store(monkeypatch):
    monkeypatch.setenv("FARTHING_STORE", "memory:")
    monkeypatch.delenv("FARTHING_CONFIG", raising=False)
    yield
    close_engines()


def test_the_third_same_result_is_the_last_and_the_model_is_told():
    with farthing.budget("$1") as run:
        made = []

        @run.tool
        def search(q: str) -> str:
            made.append(q)
            return "nothing"

        for _ in range(3):
            search("x")
        with pytest.raises(ToolRefused) as refused:
            search("x")
        assert refused.value.code == "tool_loop"
        assert refused.value.tool == "search"
        assert "3 times" in refused.value.for_model
        assert "was not run" in refused.value.for_model
        assert search("something else") == "nothing"
        assert made == ["x", "x", "x", "something else"]
        assert run.tools["search"][:3] == (4, 0, 1)


def test_two_calls_that_alternate_are_a_loop_too():
    with farthing.budget("$1") as run:

        @run.tool
        def read(path: str) -> str:
            return f"content of {path}"

        @run.tool
        def listing(path: str) -> str:
            return "a b"

        made = 0
        with pytest.raises(ToolRefused):  # noqa: PT012 - which of them is the last is not the point
            for _ in range(10):
                read(path="a")
                listing(path="/")
                made += 1
        assert made < 4


def test_an_error_again_and_again_is_a_loop_whatever_was_asked():
    with farthing.budget("$1") as run:

        @run.tool
        def fetch(url: str) -> str:
            raise OSError("no route")

        for each in "abc":
            with pytest.raises(OSError, match="no route"):
                fetch(each)
        with pytest.raises(ToolRefused, match="same error"):
            fetch("d")


def test_an_honest_poller_is_no_loop():
    with farthing.budget("$1") as run:
        answers = iter(["waiting"] * 8 + ["done"])

        @run.tool
        def get_job_status(id: int) -> str:
            return next(answers)

        assert [get_job_status(1) for _ in range(9)][-1] == "done"

        @run.tool(poll=True)
        def check(id: int) -> str:
            return "waiting"

        assert {check(1) for _ in range(30)} == {"waiting"}


def test_a_tool_whose_results_change_goes_on():
    with farthing.budget("$1") as run:
        numbers = iter(range(100))

        @run.tool
        def look() -> str:
            return f"{next(numbers)}"

        assert len({look() for _ in range(30)}) == 30


def test_a_tool_has_at_most_its_limit_of_calls():
    with farthing.budget("$1") as run:

        @run.tool(limit=2, same_call=0)
        def search(q: str) -> str:
            return q

        search("a")
        search("b")
        with pytest.raises(ToolRefused, match="search made 3 tool calls; the limit is 2") as refused:
            search("c")
        assert refused.value.code == "tool_limit"


def test_calls_beside_each_other_are_no_loop():
    async def main() -> int:
        async with farthing.budget("$1") as run:

            @run.tool
            async def search(q: str) -> str:
                await asyncio.sleep(0)
                return "same"

            return len(await asyncio.gather(*(search("x") for _ in range(10))))

    assert asyncio.run(main()) == 10


def test_guard_section_of_the_configuration_rules(monkeypatch, tmp_path):
    config = tmp_path / "farthing.toml"
    config.write_text('[guard]\nsame_call = 2\npoll = ["peek"]\ntool_calls = 6\n', "utf-8")
    monkeypatch.setenv("FARTHING_CONFIG", str(config))
    with farthing.budget("$1") as run:
        search, peek = run.tool(name="search")(lambda q: "same"), run.tool(name="peek")(lambda: "same")
        search("x")
        search("x")
        with pytest.raises(ToolRefused, match="2 times"):
            search("x")
        for _ in range(4):
            peek()
        with pytest.raises(ToolRefused, match="this run made 7 tool calls"):
            peek()
