"""Agents that search for ever, one for each dialect, driven through the makers' own clients: whole or streamed."""

import json
from typing import ClassVar

from anthropic import Anthropic
from openai import OpenAI

from farthing.testing import Reply, ToolCall
from support.simulated import chat_tool, messages_tool, responses_tool

ANSWER = "This is what I have found so far."
MOST_STEPS = 60
FOUND = "nothing of interest; " * 40


def never_done(prompt):
    """A model that searches as long as it may, and answers as it is made to."""
    if prompt.tool_choice == "none":
        return Reply(text=ANSWER)
    if prompt.tool_choice not in {"auto", "required"}:
        return Reply(tools=(ToolCall(prompt.tool_choice, {"answer": ANSWER}),))
    return Reply(tools=(ToolCall("search", {"q": "more"}),))


class Agent:
    """`run` calls until there is an answer. What it was told on the way is in `headers`, one for each call."""

    def __init__(self, url, run, *, streamed=False, output_tool=False, cap=400, model=None):
        labels = {"x-farthing-labels": f"run={run}"} if run else {}
        self.settings = {"api_key": "sk-test", "max_retries": 0, "default_headers": labels, "timeout": 30}
        self.url, self.streamed, self.output_tool, self.cap = url, streamed, output_tool, cap
        self.model = model or self.usual
        self.headers = []

    def run(self):
        self.begin()
        for _ in range(MOST_STEPS):
            text, calls = self.ask()
            if not calls:
                return text
            answers = [arguments for name, arguments in calls if name == "final_result"]
            if answers:
                return answers[0]["answer"]
        raise AssertionError("it never came to an end")

    def tools(self, of):
        return [of("search", "q"), *([of("final_result", "answer")] if self.output_tool else [])]


class ChatAgent(Agent):
    name, usual = "chat", "gpt-4o-mini"

    def begin(self):
        self.client = OpenAI(base_url=f"{self.url}/v1", **self.settings)
        self.messages = [{"role": "user", "content": "Find it."}]

    def ask(self):
        asked = {
            "model": self.model,
            "messages": self.messages,
            "tools": self.tools(chat_tool),
            "max_tokens": self.cap,
            **({"tool_choice": "required"} if self.output_tool else {}),
        }
        if self.streamed:
            with self.client.chat.completions.stream(**asked) as stream:
                message = stream.get_final_completion().choices[0].message
                self.headers.append(stream._response.headers)
        else:
            raw = self.client.chat.completions.with_raw_response.create(**asked)
            self.headers.append(raw.headers)
            message = raw.parse().choices[0].message
        calls = message.tool_calls or []
        made = [
            {"id": c.id, "type": "function", "function": {"name": c.function.name, "arguments": c.function.arguments}}
            for c in calls
        ]
        self.messages.append(
            {"role": "assistant", "content": message.content or "", **({"tool_calls": made} if made else {})}
        )
        self.messages += [{"role": "tool", "tool_call_id": c.id, "content": FOUND} for c in calls]
        return message.content, [(c.function.name, json.loads(c.function.arguments)) for c in calls]


class ResponsesAgent(Agent):
    name, usual = "responses", "gpt-4o-mini"

    def begin(self):
        self.client = OpenAI(base_url=f"{self.url}/v1", **self.settings)
        self.items = [{"role": "user", "content": "Find it."}]

    def ask(self):
        asked = {
            "model": self.model,
            "input": self.items,
            "tools": self.tools(responses_tool),
            "max_output_tokens": self.cap,
            **({"tool_choice": "required"} if self.output_tool else {}),
        }
        if self.streamed:
            with self.client.responses.with_streaming_response.create(stream=True, **asked) as raw:
                self.headers.append(raw.headers)
                *_, last = raw.parse()
                response = last.response
        else:
            raw = self.client.responses.with_raw_response.create(**asked)
            self.headers.append(raw.headers)
            response = raw.parse()
        calls = [item for item in response.output if item.type == "function_call"]
        for item in calls:
            made = {"type": "function_call", "call_id": item.call_id, "name": item.name, "arguments": item.arguments}
            self.items += [made, {"type": "function_call_output", "call_id": item.call_id, "output": FOUND}]
        return response.output_text, [(item.name, json.loads(item.arguments)) for item in calls]


class MessagesAgent(Agent):
    name, usual = "messages", "claude-haiku-4-5"
    more: ClassVar = {}

    def begin(self):
        self.client = Anthropic(base_url=self.url, **self.settings)
        self.messages = [{"role": "user", "content": "Find it."}]

    def ask(self):
        asked = {
            "model": self.model,
            "messages": self.messages,
            "tools": self.tools(messages_tool),
            "max_tokens": self.cap,
            **({"tool_choice": {"type": "any"}} if self.output_tool else {}),
            **self.more,
        }
        if self.streamed:
            with self.client.messages.stream(**asked) as stream:
                message = stream.get_final_message()
                self.headers.append(stream.response.headers)
        else:
            raw = self.client.messages.with_raw_response.create(**asked)
            self.headers.append(raw.headers)
            message = raw.parse()
        self.messages.append(
            {"role": "assistant", "content": [block.model_dump(exclude_none=True) for block in message.content]}
        )
        calls = [block for block in message.content if block.type == "tool_use"]
        if calls:
            results = [{"type": "tool_result", "tool_use_id": call.id, "content": FOUND} for call in calls]
            self.messages.append({"role": "user", "content": results})
        text = "".join(block.text for block in message.content if block.type == "text")
        return text, [(call.name, call.input) for call in calls]


AGENTS = {"chat": ChatAgent, "responses": ResponsesAgent, "messages": MessagesAgent}
