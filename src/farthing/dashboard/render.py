"""Templates: escaped by default, undefined names are mistakes, and every figure has one way to be written."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from farthing import __version__
from farthing.dashboard import figures
from farthing.dashboard.assets import Assets
from farthing.dashboard.visit import Visit
from farthing.domain.ids import show
from farthing.domain.record import Labels
from farthing.domain.refusal import amount_text
from farthing.ports.approvals import PREFIX as APPROVAL

TEMPLATES = Path(__file__).parent / "templates"

MENU = (
    ("/dashboard", "Overview", "overview"),
    ("/dashboard/explore", "Explore", "explore"),
    ("/dashboard/runs", "Runs", "runs"),
    ("/dashboard/calls", "Calls", "calls"),
    ("/dashboard/quality", "Quality", "quality"),
    ("/dashboard/caches", "Caches", "caches"),
    ("/dashboard/budgets", "Budgets", "budgets"),
    ("/dashboard/alerts", "Alerts", "alerts"),
    ("/dashboard/prices", "Prices", "prices"),
    ("/dashboard/audit", "Audit", "audit"),
)
"""Address, name, and what a template calls itself."""


class Renderer:
    """Draws pages. Thread-safe: the environment is made once and templates are compiled once."""

    def __init__(self, assets: Assets) -> None:
        self._made = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._made.globals |= {"asset": assets.url, "menu": MENU, "version": __version__, "bar": bar}
        self._made.filters |= {
            "money": figures.money,
            "count": figures.count,
            "name": figures.name,
            "plain": figures.plain,
            "said": figures.said,
            "span": figures.span,
            "short_usd": figures.short_usd,
            "short_count": figures.short_count,
            "by_weight": by_weight,
            "call_id": lambda number: show("call", number),
            "approval_id": lambda number: show(APPROVAL, number),
        }
        self._made.globals |= {
            "amount": figures.amount,
            "plain_amount": amount_text,
            "share": figures.share,
            "moment": figures.moment,
            "ago": figures.ago,
            "per_million": figures.per_million,
            "meter": figures.meter,
            "cause": figures.cause,
            "picos": figures.picos,
        }

    def draw(self, template: str, *, visit: Visit | None, **values: Any) -> bytes:
        """A page as bytes."""
        return self._made.get_template(template).render(visit=visit, **values).encode("utf-8", "replace")


def by_weight(labels: Labels, leave_out: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    """Labels in the order in which people look for them."""
    place = {name: at for at, name in enumerate(("run", "team", "user", "agent", "workflow"))}
    return sorted(
        (pair for pair in labels if pair[0] not in leave_out), key=lambda pair: place.get(pair[0], len(place))
    )


def bar(*parts: tuple[str, int], whole: int) -> Markup:
    """A bar of parts, each with a class, as a share of `whole`; what is over is cut. Drawn as SVG: a style attribute
    would be refused by our own content policy."""
    drawn, x = [], 0
    for kind, part in parts:
        width = min(part * 1_000 // whole, 1_000 - x) if whole > 0 else 0
        width = max(width, 3) if whole > 0 and part > 0 and x < 997 else width
        if width > 0:
            drawn.append(f'<rect class="{kind}" x="{x}" width="{width}" height="8"/>')
        x += max(width, 0)
    return Markup(  # noqa: S704 - numbers and our own class names only
        '<svg class="bar" viewBox="0 0 1000 8" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="track" width="1000" height="8"/>{"".join(drawn)}</svg>'
    )
