"""A process that asks five times at once for the run that it was started in: `python -m support.sdk_child URL`."""

import contextvars
import os
import sys
from concurrent.futures import ThreadPoolExecutor


def five_calls(url: str) -> tuple[int, int]:
    """How many were answered and how many refused."""
    import openai

    import farthing
    from support.maker_scenarios import CHAT

    client = farthing.wrap(openai.OpenAI(base_url=f"{url}/v1", api_key="sk-test"))

    def one() -> bool:
        try:
            client.chat.completions.create(**CHAT)
        except farthing.BudgetExceeded:
            return False
        return True

    with ThreadPoolExecutor(5) as pool:
        contexts = [contextvars.copy_context() for _ in range(5)]  # a fork has its parent's scope in its context
        answered = sum(pool.map(lambda context: context.run(one), contexts))
    return answered, 5 - answered


def in_fork(url: str) -> int:
    """The id of a forked child that makes its calls; its exit code is how many were answered, 100 for an error."""
    child = os.fork()
    if child:
        return child
    code = 100
    try:
        code = five_calls(url)[0]
        from farthing.sdk.engine import close_engines

        close_engines()
    finally:
        os._exit(code)


if __name__ == "__main__":
    print(*five_calls(sys.argv[1]))
