"""A program that opens a budget, says its name and waits to be killed: `python -m support.sdk_owner`. With a number of
seconds behind that, it promises a gateway to beat so often, and leaves its block in order when its input ends."""

import sys
import time

if __name__ == "__main__":
    import farthing
    from farthing.sdk import remote_beats

    if sys.argv[1:]:
        remote_beats.PROMISE_SECONDS = float(sys.argv[1])
    with farthing.budget("$1") as run:
        print(run.name, flush=True)
        if sys.argv[1:]:
            sys.stdin.read()
        else:
            time.sleep(120)
