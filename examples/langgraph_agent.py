"""LangChain and LangGraph: the model's own client is governed, the agent's tools are the run's."""

from langchain.agents import create_agent
from langchain_openai import ChatOpenAI

import farthing
from farthing.sdk.adapters.langchain import Budgeted, Outcome, govern
from farthing.testing import SimulatedProvider, agent


def search(query: str) -> str:
    """Search the web; it costs a cent."""
    return f"nothing about {query}"


with SimulatedProvider(script=agent).in_thread() as provider, farthing.budget("$0.05", agent="researcher") as run:
    model = govern(ChatOpenAI(model="gpt-4o-mini", base_url=f"{provider.url}/v1", api_key="any"))
    graph = create_agent(model, tools=[search], middleware=[Budgeted(run, costs={"search": "$0.01"})])
    asked = {"messages": [{"role": "user", "content": "What is a farthing?"}]}
    state = graph.invoke(asked, config={"callbacks": [Outcome(run)]})
    print(state["messages"][-1].text)
    print(run.receipt)
