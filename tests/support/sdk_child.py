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


def plain_call(maker: str, gateway: str, key: str) -> int:
    """The status of one call by a client that nobody wrapped."""
    import anthropic
    import openai

    from support.maker_scenarios import CHAT, MESSAGES

    labels = {"x-farthing-labels": f"run=plain-{maker}"}
    try:
        if maker == "openai":
            with openai.OpenAI(base_url=f"{gateway}/v1", api_key=key, default_headers=labels) as client:
                client.chat.completions.create(**CHAT)
        else:
            with anthropic.Anthropic(base_url=gateway, api_key=key, default_headers=labels) as client:
                client.messages.create(**MESSAGES)
    except (openai.APIStatusError, anthropic.APIStatusError) as refused:
        return refused.status_code
    return 200


def dies_with_money(seconds: str) -> None:
    """Buys a tool, and is gone before it has ended. The gateway is given so many seconds."""
    import farthing
    from farthing.sdk import remote_money

    remote_money.HOLD_SECONDS = int(seconds)
    with farthing.budget("$1", name="doomed") as run:
        print(run.name, flush=True)
        run.tool(name="buy", cost="$0.3")(lambda: os._exit(9))()


def waits_for_money() -> None:
    """Wants a tool for which there is no money now, until it is interrupted."""
    import farthing

    with farthing.budget() as run:
        print(run.name, flush=True)
        run.tool(name="buy", cost="$0.6")(lambda: os._exit(7))()


if __name__ == "__main__" and sys.argv[1] == "waits":
    waits_for_money()
elif __name__ == "__main__" and sys.argv[1] == "dies":
    dies_with_money(sys.argv[2])
elif __name__ == "__main__":
    print(*five_calls(sys.argv[1]))
