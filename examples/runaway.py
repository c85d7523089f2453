"""A runaway weekend: 23 agents, 62 hours, nobody at a desk. `python examples/runaway.py`; no key, no network.

The agents are plain tool loops that know nothing of budgets. They live through the same weekend twice, on a simulated
clock: straight to a simulated provider, and through Farthing. Every number is measured, and the ledger's stand beside
the provider's own bill. Exits with 1 if any of it did not hold.
"""

import sys
import time

import uvloop
from rich.text import Text
from weekend import telling
from weekend.world import alone, governed

from farthing.cli.screen import screen


def main() -> int:
    out, began = screen(), time.monotonic()
    out.print(Text("A runaway weekend", style="bold"))
    out.print(
        Text(
            "23 agents from Friday 18:00 to Monday 08:00, by a simulated clock. 5 work honestly; 7 retry a login that has\n"
            "expired; 2 send a report back and forth; 9 read page after page; 4 of all these have a supervisor that\n"
            "starts them again. A step takes 15 or 30 minutes: loops that hurry cost more."
        )
    )
    waiting = screen(err=True)
    with waiting.status("62 hours pass, straight to the provider …"):
        loose = uvloop.run(alone())
    telling.tell_alone(out, loose)
    with waiting.status("62 hours pass, through Farthing …"):
        bound = uvloop.run(governed())
    telling.tell_governed(out, bound, loose)
    telling.tell_sums(out, loose, bound)
    telling.tell_last_words(out, loose, bound)
    held = telling.held(loose, bound)
    verdict = "Every number agreed." if held else "Something did NOT hold: please report it."
    out.print(Text(f"\n{verdict} 124 simulated hours took {time.monotonic() - began:.0f} seconds.", style="bold"))
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
