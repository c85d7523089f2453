"""LangChain: an agent with a tool, whole and streamed, on OpenAI's and on Anthropic's models."""

from langchain.agents import create_agent
from langchain_anthropic import ChatAnthropic
from langchain_openai import ChatOpenAI


def get_order(order_id: str) -> str:
    """Say where an order is."""
    return f"{order_id} is on its way"


asked = {"messages": [{"role": "user", "content": "Where is my order A-1001?"}]}
for model in (ChatOpenAI(model="gpt-4o-mini"), ChatAnthropic(model="claude-haiku-4-5")):
    agent = create_agent(model, tools=[get_order])
    print(agent.invoke(asked)["messages"][-1].text)
    pieces = [piece.text for piece, _ in agent.stream(asked, stream_mode="messages")]
    print("".join(pieces))
