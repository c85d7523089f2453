"""Every path of the dashboard, in one table."""

from farthing.dashboard.pages import calls, explore, login, overview, runs
from farthing.dashboard.visit import Route

ROUTES = (
    Route(path="/", act=overview.show),
    Route(path="/dashboard", act=overview.show),
    Route(path="/dashboard/live", act=overview.live),
    Route(path="/dashboard/login", act=login.show, open=True),
    Route(path="/dashboard/login", act=login.log_in, method="POST", open=True),
    Route(path="/dashboard/logout", act=login.log_out, method="POST", open=True),
    Route(path="/dashboard/explore", act=explore.show),
    Route(path="/dashboard/explore.csv", act=explore.as_csv),
    Route(path="/dashboard/explore.json", act=explore.as_json),
    Route(path="/dashboard/runs", act=runs.listing),
    Route(path="/dashboard/runs/{run*}", act=runs.show),
    Route(path="/dashboard/calls", act=calls.listing),
    Route(path="/dashboard/calls/{id}", act=calls.show),
)
