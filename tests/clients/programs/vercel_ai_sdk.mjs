// The Vercel AI SDK: a tool and a stream, on OpenAI's models by both of its dialects, and on Anthropic's.
import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import { stepCountIs, streamText, tool } from "ai";
import { z } from "zod";

const openai = createOpenAI({ baseURL: process.env.OPENAI_BASE_URL });
const anthropic = createAnthropic({ baseURL: `${process.env.ANTHROPIC_BASE_URL}/v1` });
const tools = {
  get_order: tool({
    description: "Say where an order is.",
    inputSchema: z.object({ order_id: z.string() }),
    execute: async ({ order_id }) => `${order_id} is on its way`,
  }),
};
for (const model of [openai("gpt-4o-mini"), openai.chat("gpt-4o-mini"), anthropic("claude-haiku-4-5")]) {
  const result = streamText({
    model, tools, prompt: "Where is my order A-1001?", stopWhen: stepCountIs(4),
    onError: ({ error }) => { console.error(error.message); },
  });
  let answer = "";
  for await (const piece of result.textStream) answer += piece;
  if (!answer) process.exit(1);
  console.log(answer);
}
