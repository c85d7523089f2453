"""What LangChain and pydantic-ai do when they are pointed at a gateway: one agent with a tool, in each dialect, whole and streamed.

Runs as `python -m support.framework_scenarios`, with every setting but the address, the key and a header as the framework
has it. Each line of its standard input names a framework and the address of a gateway. Each agent bears its own name as the
label of its run; one JSON object a line says what came of it, and an empty line ends the answer.
"""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from typing import Any

QUESTION = "Find it."
FOUND = "nothing of interest; " * 40
OPENAI, ANTHROPIC = "gpt-4o", "claude-haiku-4-5"

Scenario = Callable[[str, dict[str, str]], Awaitable[str]]
"""Given the address of a gateway and headers to send with every request: the agent's answer."""


def langchain() -> dict[str, Scenario]:
    """`create_agent`, with both of LangChain's own chat models."""
    return _langchain(None, lambda state: state["messages"][-1].text)


def langchain_structured() -> dict[str, Scenario]:
    """The same with `response_format`: the answer is JSON by a schema that the request names."""
    from pydantic import BaseModel

    class Found(BaseModel):
        answer: str

    return _langchain(Found, lambda state: state["structured_response"].answer)


def langchain_tool_strategy() -> dict[str, Scenario]:
    """The same with a `ToolStrategy`: the answer is a call of a tool that LangChain puts behind the agent's own."""
    from langchain.agents.structured_output import ToolStrategy
    from pydantic import BaseModel

    class Found(BaseModel):
        answer: str

    return _langchain(ToolStrategy(Found), lambda state: state["structured_response"].answer)


def _langchain(response_format: Any, answer: Callable[[Any], str]) -> dict[str, Scenario]:
    from langchain.agents import create_agent
    from langchain_anthropic import ChatAnthropic
    from langchain_openai import ChatOpenAI

    def search(q: str) -> str:
        """Search for something."""
        return FOUND

    def chat(url: str, headers: dict[str, str], **more: Any) -> Any:
        return ChatOpenAI(model=OPENAI, base_url=f"{url}/v1", api_key="sk-test", default_headers=headers, **more)

    def responses(url: str, headers: dict[str, str]) -> Any:
        return chat(url, headers, use_responses_api=True)

    def messages(url: str, headers: dict[str, str]) -> Any:
        return ChatAnthropic(model=ANTHROPIC, base_url=url, api_key="sk-test", default_headers=headers)

    def agent(model: Any) -> Any:
        return create_agent(model, tools=[search], response_format=response_format)

    asked = {"messages": [{"role": "user", "content": QUESTION}]}

    def whole(make: Callable[..., Any]) -> Scenario:
        async def run(url: str, headers: dict[str, str]) -> str:
            return answer(agent(make(url, headers)).invoke(asked))

        return run

    def streamed(make: Callable[..., Any]) -> Scenario:
        async def run(url: str, headers: dict[str, str]) -> str:
            state: Any = None
            for mode, piece in agent(make(url, headers)).stream(asked, stream_mode=["messages", "values"]):
                state = piece if mode == "values" else state
            return answer(state)

        return run

    return _each({"chat": chat, "responses": responses, "messages": messages}, whole, streamed)


def pydantic_ai() -> dict[str, Scenario]:
    """An agent whose answer is a structure, so that it ends by calling the framework's own tool `final_result`."""
    from anthropic import AsyncAnthropic
    from openai import AsyncOpenAI
    from pydantic import BaseModel
    from pydantic_ai import Agent
    from pydantic_ai.models.anthropic import AnthropicModel
    from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
    from pydantic_ai.providers.anthropic import AnthropicProvider
    from pydantic_ai.providers.openai import OpenAIProvider

    class Found(BaseModel):
        answer: str

    def search(q: str) -> str:
        """Search for something."""
        return FOUND

    def openai(url: str, headers: dict[str, str]) -> OpenAIProvider:
        return OpenAIProvider(
            openai_client=AsyncOpenAI(base_url=f"{url}/v1", api_key="sk-test", default_headers=headers)
        )

    def chat(url: str, headers: dict[str, str]) -> Any:
        return OpenAIChatModel(OPENAI, provider=openai(url, headers))

    def responses(url: str, headers: dict[str, str]) -> Any:
        return OpenAIResponsesModel(OPENAI, provider=openai(url, headers))

    def messages(url: str, headers: dict[str, str]) -> Any:
        client = AsyncAnthropic(base_url=url, api_key="sk-test", default_headers=headers)
        return AnthropicModel(ANTHROPIC, provider=AnthropicProvider(anthropic_client=client))

    def agent(model: Any) -> Agent[None, Found]:
        return Agent(model, output_type=Found, tools=[search])

    def whole(make: Callable[..., Any]) -> Scenario:
        async def run(url: str, headers: dict[str, str]) -> str:
            return (await agent(make(url, headers)).run(QUESTION)).output.answer

        return run

    def streamed(make: Callable[..., Any]) -> Scenario:
        async def run(url: str, headers: dict[str, str]) -> str:
            async with agent(make(url, headers)).run_stream(QUESTION) as result:
                return (await result.get_output()).answer

        return run

    return _each({"chat": chat, "responses": responses, "messages": messages}, whole, streamed)


FRAMEWORKS = {
    "langchain": langchain,
    "langchain_structured": langchain_structured,
    "langchain_tool_strategy": langchain_tool_strategy,
    "pydantic_ai": pydantic_ai,
}
NAMES = [f"{dialect}-{how}" for dialect in ("chat", "responses", "messages") for how in ("whole", "streamed")]
"""The agents of each framework."""


def _each(
    makes: dict[str, Callable[..., Any]], whole: Callable[..., Scenario], streamed: Callable[..., Scenario]
) -> Any:
    return {
        f"{dialect}-{how}": made(make)
        for dialect, make in makes.items()
        for how, made in (("whole", whole), ("streamed", streamed))
    }


def main() -> None:
    for line in sys.stdin:
        framework, url = line.split()
        run_all(framework, url)
        print(flush=True)


def run_all(framework: str, url: str) -> None:
    for name, scenario in FRAMEWORKS[framework]().items():
        try:
            said = {"answer": asyncio.run(scenario(url, {"x-farthing-labels": f"run={name}"}))}
        except Exception as error:
            said = {"class": type(error).__name__, "error": str(error)}
        print(json.dumps({"name": name, **said}), flush=True)


if __name__ == "__main__":
    main()
