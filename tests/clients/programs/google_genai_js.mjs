// Google's own JavaScript client: a function call and a stream.
import { GoogleGenAI } from "@google/genai";

const client = new GoogleGenAI({ httpOptions: { baseUrl: process.env.GOOGLE_GEMINI_BASE_URL } });
const model = "gemini-2.5-flash";
const parameters = { type: "OBJECT", properties: { order_id: { type: "STRING" } }, required: ["order_id"] };
const tools = [{ functionDeclarations: [{ name: "get_order", parameters }] }];
const contents = [{ role: "user", parts: [{ text: "Where is my order A-1001?" }] }];

const first = await client.models.generateContent({ model, contents, config: { tools } });
const [call] = first.functionCalls;
contents.push(first.candidates[0].content, {
  role: "user",
  parts: [{ functionResponse: { name: call.name, response: { place: `${call.args.order_id} is on its way` } } }],
});
let answer = "";
for await (const chunk of await client.models.generateContentStream({ model, contents, config: { tools } })) {
  answer += chunk.text ?? "";
}
console.log(`${call.args.order_id}: ${answer}`);
