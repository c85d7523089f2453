"""LangGraph: a graph of one's own with a model, a node of tools, and a stream of what it says."""

from langchain_openai import ChatOpenAI
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode, tools_condition


def get_order(order_id: str) -> str:
    """Say where an order is."""
    return f"{order_id} is on its way"


model = ChatOpenAI(model="gpt-4o-mini", use_responses_api=True).bind_tools([get_order])
graph = StateGraph(MessagesState)
graph.add_node("model", lambda state: {"messages": [model.invoke(state["messages"])]})
graph.add_node("tools", ToolNode([get_order]))
graph.add_edge(START, "model")
graph.add_conditional_edges("model", tools_condition)
graph.add_edge("tools", "model")

asked = {"messages": [{"role": "user", "content": "Where is my order A-1001?"}]}
print("".join(piece.text for piece, _ in graph.compile().stream(asked, stream_mode="messages")))
