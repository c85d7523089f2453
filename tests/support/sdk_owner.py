"""A program that opens a budget, says its name and waits to be killed: `python -m support.sdk_owner`.

What it promises of itself is shortened, so that its death is noticed within a second instead of minutes.
"""

import time

from farthing.sdk import backing, beats

beats.BEAT_SECONDS = 0.1
beats.PROMISE_MS = backing.PROMISE_MS = 400

if __name__ == "__main__":
    import farthing

    with farthing.budget("$1") as run:
        print(run.name, flush=True)
        time.sleep(120)
