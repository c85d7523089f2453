"""Names of tools and what they say."""

import pytest

from farthing.guard.loop_tools import Manner, manner_of


@pytest.mark.parametrize(
    ("manner", "names"),
    [
        (
            Manner.TELLS,
            "get_reservation_details searchFlights Read list_files web_fetch think get_post GetHTTPPage isOpen",
        ),
        (
            Manner.ACTS,
            "book_reservation edit_file find_and_replace set_status updateStatus bash transfer_to_human x 42",
        ),
        (Manner.POLLS, "get_status order_status getJobStatus poll_build is_ready mcp__jobs__check_progress"),
        (Manner.WAITS, "sleep wait_for_build await_status"),
    ],
)
def test_a_name_says_what_a_tool_does(manner: Manner, names: str):
    assert {name: manner_of(name) for name in names.split()} == dict.fromkeys(names.split(), manner)


def test_the_name_of_an_mcp_server_says_nothing():
    assert manner_of("mcp__search__go") is Manner.ACTS
    assert manner_of("mcp__writer__search_notes") is Manner.TELLS


def test_a_tool_without_a_name_acts():
    assert manner_of("") is Manner.ACTS
