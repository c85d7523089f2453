"""The names others know things by: OpenTelemetry's GenAI conventions as of November 2026, and the aliases of older tools.

The conventions are in development and have no release: `open-telemetry/semantic-conventions-genai`, with the names of its
metrics for single inferences. Cost has no standard name yet; ours are those of its proposal 443, beside what OpenInference
(Phoenix), OpenLIT and Langfuse read.
"""

from farthing.domain.record import CallOpening
from farthing.pricing.tool_price import TOOL

EXECUTE_TOOL = "execute_tool"
"""The operation of a tool that cost money: no model, no provider, no tokens."""

SCOPE = "farthing"
"""The instrumentation scope of everything."""

PROVIDERS = {
    "openai": "openai",
    "anthropic": "anthropic",
    "azure": "azure.ai.openai",
    "azure-openai": "azure.ai.openai",
    "bedrock": "aws.bedrock",
    "aws-bedrock": "aws.bedrock",
    "gemini": "gcp.gemini",
    "google": "gcp.gemini",
    "vertex": "gcp.vertex_ai",
    "vertex-ai": "gcp.vertex_ai",
    "deepseek": "deepseek",
    "groq": "groq",
    "mistral": "mistral_ai",
    "xai": "x_ai",
    "x-ai": "x_ai",
    "cohere": "cohere",
    "perplexity": "perplexity",
    "watsonx": "ibm.watsonx.ai",
}
"""`gen_ai.provider.name` for the names people give to providers; any other name is passed on as it is."""

CONVERSATION = ("gen_ai.conversation.id", "session.id")
"""A run, as OpenTelemetry and as OpenInference and Langfuse call it."""
AGENT = ("gen_ai.agent.name",)
WORKFLOW = ("gen_ai.workflow.name",)
USER = ("user.id",)
LABELS = {"run": CONVERSATION, "agent": AGENT, "workflow": WORKFLOW, "user": USER}
"""Labels that have names elsewhere. Every label is `farthing.label.NAME` beside that."""

TOKENS = {
    "input_tokens": ("gen_ai.usage.input_tokens", "llm.token_count.prompt"),
    "output_tokens": ("gen_ai.usage.output_tokens", "llm.token_count.completion"),
    "cache_read_input_tokens": (
        "gen_ai.usage.cache_read.input_tokens",
        "llm.token_count.prompt_details.cache_read",
    ),
    "cache_write_input_tokens": (
        "gen_ai.usage.cache_write.input_tokens",
        "gen_ai.usage.cache_creation.input_tokens",
        "llm.token_count.prompt_details.cache_write",
    ),
    "reasoning_output_tokens": (
        "gen_ai.usage.reasoning.output_tokens",
        "llm.token_count.completion_details.reasoning",
    ),
}
"""What each count of `Usage` is called, the name in force first. Inputs and outputs are totals everywhere."""

COST = ("gen_ai.usage.cost.amount", "gen_ai.usage.cost", "llm.cost.total")
"""Dollars as a double: the proposal's name, OpenLIT's and Langfuse's, OpenInference's."""


def operation_of(opening: CallOpening) -> str:
    """`gen_ai.operation.name`."""
    if opening.dialect == TOOL:
        return EXECUTE_TOOL
    return "embeddings" if opening.dialect.endswith("embeddings") else "chat"


def provider_of(name: str) -> str:
    """`gen_ai.provider.name`."""
    return PROVIDERS.get(name.lower(), name)
