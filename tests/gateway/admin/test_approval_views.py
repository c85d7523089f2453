"""How approvals are shown."""

from msgspec.structs import replace

from farthing.domain.budget import AccountKey, Unit
from farthing.gateway.admin.approval_views import approval_view, page_of
from farthing.ports.approvals import Petition, opened

NOW = 1_790_000_000_000
WINDOWS = tuple((AccountKey("old", "ann", Unit.USD, name), NOW + 1_000) for name in ("a", "b"))
ASKED = Petition(
    accounts=WINDOWS, budget="new", short=250_000_000, limit=10**9, spent=5, worst=7, call=1, key="bot", model="m",
    labels=(("team", "a"),),
)  # fmt: skip
OPEN = opened(16, ASKED, NOW)


def test_a_request_is_shown_by_its_budgets_name_now_with_amounts_in_its_unit():
    shown = approval_view(OPEN)
    assert (shown.id, shown.url) == ("appr_0000000000000010", "/farthing/v1/approvals/appr_0000000000000010")
    assert (shown.budget, shown.value, shown.windows, shown.unit) == ("new", "ann", ("a", "b"), Unit.USD)
    assert (shown.needed, shown.limit, shown.spent, shown.worst_case) == ("0.25", "1", "0.000000005", "0.000000007")
    assert (shown.call, shown.key, shown.labels) == ("call_0000000000000001", "bot", {"team": "a"})
    assert (shown.expires_at - shown.asked_at).total_seconds() == 1


def test_only_a_granted_one_shows_an_amount():
    assert (approval_view(OPEN).granted, approval_view(OPEN).decided_at) == (None, None)
    assert approval_view(replace(OPEN, state="declined", decided_ms=NOW)).granted is None
    assert approval_view(replace(OPEN, state="granted", amount=5, decided_ms=NOW)).granted == "0.000000005"


def test_a_threshold_has_its_share():
    assert approval_view(OPEN).why == "limit"
    assert approval_view(replace(OPEN, petition=replace(ASKED, at_millionths=955_000))).why == "threshold 0.955"


def test_a_full_page_says_where_the_next_begins():
    assert page_of((OPEN,), 1).next == "appr_0000000000000010"
    assert page_of((OPEN,), 2).next is None
    assert page_of((), 2).next is None
