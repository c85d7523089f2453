"""Tools that cost money: held on the run's budgets before they run, charged after, and stopped when they go in circles."""

import farthing

with farthing.budget("$0.05") as run:

    @run.tool(cost="$0.008")
    def search(query: str) -> str:
        """A search that is paid for by the call."""
        return f"nothing about {query}"

    @run.tool(cost=lambda page: page["cost"], most="$0.02", tells=True)
    def scrape(url: str) -> dict[str, str]:
        """A page whose price its answer tells; at most two cents."""
        return {"text": f"the text of {url}", "cost": "$0.0125"}

    print(scrape("https://example.com"))
    try:
        for _ in range(10):
            search("farthings")
    except farthing.ToolRefused as refused:
        print(f"to the program: {refused}")
        print(f"to the model:   {refused.for_model}")
    for name, tally in run.tools.items():
        print(f"{name}: {tally.calls} calls, {tally.refused} refused, ${tally.usd}")
print(run.receipt)
