"""Reports as they are shown: amounts exact, and null where there is nothing to say."""

from farthing.domain.usage import Usage
from farthing.gateway.admin.report_views import burn_view, cache_view, driver_lines, model_line, usage_line
from farthing.ports.records import UsageRow
from farthing.reports.caches import over_time
from farthing.reports.division import Division
from farthing.reports.drivers import Driver, DriverRow
from farthing.reports.forecast import Burn, Forecast, burn
from farthing.reports.models import distribution

ROW = UsageRow(
    group=("a",),
    calls=2,
    refused=2,
    attempts=0,
    usage=Usage(),
    cost_nanos=7,
    remainder_picos=0,
    estimated_nanos=0,
    unpriced=0,
    open=0,
    naive_nanos=5,
)


def test_sums_say_what_was_lost_too():
    line = usage_line(("team",), ROW)
    assert (line.group, line.cost_usd, line.saved_usd) == ({"team": "a"}, "0.000000007", "-0.000000002")
    assert (line.saved_share, line.cache_hit_rate) == (-0.4, None)


def test_where_every_call_was_refused_none_has_a_mean():
    assert model_line(("team",), distribution([ROW])[0]).usd_per_call is None


def test_a_step_without_input_has_no_rate():
    (line,) = over_time(
        [ROW.__class__(**{**{f: getattr(ROW, f) for f in ROW.__struct_fields__}, "group": ("a", "d1")})]
    )
    assert cache_view(("team",), line).steps == {"d1": None}


def test_a_burn_rate_has_a_forecast_or_a_reason():
    assert burn_view(burn({}, 0)).forecast is None
    forecast = Forecast(method="level", days=9, today_nanos=1, month_nanos=2, low_nanos=3, high_nanos=4)
    found = Burn(
        today_nanos=1,
        yesterday_nanos=2,
        week_mean_nanos=3,
        month_nanos=4,
        forecast=forecast,
        why_no_forecast="",
    )
    view = burn_view(found)
    assert (view.month_usd, view.week_mean_usd) == ("0.000000004", "0.000000003")
    assert (view.forecast.month_usd, view.forecast.high_usd) == ("0.000000002", "0.000000004")


def test_drivers_have_their_share_of_the_whole():
    rows = (DriverRow(("w",), Driver.CONTEXT, 3, 1), DriverRow(("w",), Driver.OUTPUT, 1, 1))
    found = Division(rows=rows, calls=1, in_runs=1, since_ms=0, complete=True)
    assert [(line.driver, line.share) for line in driver_lines(("workflow",), found)] == [
        ("context", 0.75),
        ("output", 0.25),
    ]
