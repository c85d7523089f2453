// OpenAI's own JavaScript client: a tool, a stream, and the Responses API.
import OpenAI from "openai";

const client = new OpenAI();
const tools = [{
  type: "function",
  function: {
    name: "get_order",
    parameters: { type: "object", properties: { order_id: { type: "string" } }, required: ["order_id"] },
  },
}];
const messages = [{ role: "user", content: "Where is my order A-1001?" }];

const first = await client.chat.completions.create({ model: "gpt-4o-mini", messages, tools });
const { message } = first.choices[0];
const [call] = message.tool_calls;
const order = JSON.parse(call.function.arguments).order_id;
messages.push(message, { role: "tool", tool_call_id: call.id, content: `${order} is on its way` });

let answer = "";
for await (const chunk of await client.chat.completions.create({ model: "gpt-4o-mini", messages, stream: true })) {
  answer += chunk.choices[0]?.delta?.content ?? "";
}
const response = await client.responses.create({ model: "gpt-4o-mini", input: "Say it in one word." });
console.log(`${order}: ${answer} ${response.output_text}`);
