// Anthropic's own JavaScript client: a tool and a stream.
import Anthropic from "@anthropic-ai/sdk";

const client = new Anthropic();
const asked = {
  model: "claude-haiku-4-5",
  max_tokens: 500,
  tools: [{
    name: "get_order",
    input_schema: { type: "object", properties: { order_id: { type: "string" } }, required: ["order_id"] },
  }],
};
const messages = [{ role: "user", content: "Where is my order A-1001?" }];

const first = await client.messages.create({ ...asked, messages });
const call = first.content.find((block) => block.type === "tool_use");
messages.push(
  { role: "assistant", content: first.content },
  { role: "user", content: [{ type: "tool_result", tool_use_id: call.id, content: `${call.input.order_id} is on its way` }] },
);
const answer = await client.messages.stream({ ...asked, messages }).finalText();
console.log(`${call.input.order_id}: ${answer}`);
