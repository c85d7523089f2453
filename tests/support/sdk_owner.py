"""A program that opens a budget, says its name and waits to be killed: `python -m support.sdk_owner`."""

import time

if __name__ == "__main__":
    import farthing

    with farthing.budget("$1") as run:
        print(run.name, flush=True)
        time.sleep(120)
