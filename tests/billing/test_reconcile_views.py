"""A reconciliation for programs."""

from farthing.billing.claim import Claim
from farthing.billing.export_file import Export
from farthing.billing.reconcile import Ours, reconcile
from farthing.billing.reconcile_views import reconciliation_view


def test_money_is_a_decimal_string_and_shares_are_per_cent():
    export = Export(shape="plain table", claims=(Claim(model="m", requests=4, picos=10**12),), records=1)
    mine = Ours(claims=(Claim(model="m", requests=4, picos=5 * 10**11),), open_attempts=2, estimated_nanos=7)
    view = reconciliation_view(reconcile("2026-10", "openai", export, mine))
    assert (view.agrees, view.open_attempts, view.estimated_usd) == (False, 2, "0.000000007")
    requests, cost = view.models[0].figures
    assert (requests.ours, requests.theirs, requests.off_percent) == ("4", "4", 0.0)
    assert (cost.ours, cost.theirs, cost.off_percent) == ("0.5", "1.0", 50.0)


def test_everything_together_has_no_model():
    export = Export(shape="x", claims=(Claim(model="", picos=1),), records=1)
    mine = Ours(claims=(Claim(model="m", picos=1),), open_attempts=0, estimated_nanos=0, tools_nanos=5, other_nanos=7)
    view = reconciliation_view(reconcile("2026-10", "openai", export, mine))
    assert view.models[0].model is None
    assert (view.tools_usd, view.other_usd) == ("0.000000005", "0.000000007")
