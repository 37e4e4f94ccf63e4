// The npm package `openai`.

import assert from "node:assert/strict";
import OpenAI, { toFile } from "openai";
import { zodResponseFormat, zodTextFormat } from "openai/helpers/zod";
import { z } from "zod";
import { KEY, V1, admin, call, main, rejects, script } from "./tour.mjs";

const client = new OpenAI({ apiKey: KEY, baseURL: V1, maxRetries: 0 });
const messages = [{ role: "user", content: "Hello there" }];
const model = "gpt-4o";
const Ticket = z.object({ title: z.string(), urgent: z.boolean() });
const parameters = { type: "object", properties: { id: { type: "string" } }, required: ["id"], additionalProperties: false };
const calls = [{ name: "get_order", arguments: { id: "A1" } }];

call("chat", async () => {
  await script({ text: "It is raining." });
  const found = await client.chat.completions.create({ model, messages });
  assert.equal(found.choices[0].message.content, "It is raining.");
  assert.ok(found.usage.total_tokens > 0);
});

call("chat streamed", async () => {
  await script({ text: "It is raining." });
  let text = "";
  for await (const chunk of await client.chat.completions.create({ model, messages, stream: true })) {
    text += chunk.choices[0]?.delta?.content ?? "";
  }
  assert.equal(text, "It is raining.");
});

call("chat stream helper", async () => {
  await script({ text: "It is raining." });
  const stream = client.chat.completions.stream({ model, messages });
  assert.equal(await stream.finalContent(), "It is raining.");
});

call("tool run by its helper", async () => {
  await script({ tool_calls: calls });
  await script({ text: "Shipped.", contains: "A1 is on its way" });
  const run = ({ id }) => `${id} is on its way`;
  const tool = { type: "function", function: { name: "get_order", parse: JSON.parse, function: run, parameters } };
  const runner = client.chat.completions.runTools({ model, messages, tools: [tool] });
  assert.equal(await runner.finalContent(), "Shipped.");
});

call("chat parsed by zod", async () => {
  await script({ parsed: { title: "Crash", urgent: true } });
  const found = await client.chat.completions.parse({ model, messages, response_format: zodResponseFormat(Ticket, "ticket") });
  assert.deepEqual(found.choices[0].message.parsed, { title: "Crash", urgent: true });
});

call("completion", async () => {
  const found = await client.completions.create({ model: "gpt-3.5-turbo-instruct", prompt: ["Once", "Then"] });
  assert.deepEqual(found.choices.map((choice) => choice.index), [0, 1]);
});

call("response", async () => {
  await script({ text: "It is raining." });
  assert.equal((await client.responses.create({ model, input: "Weather?" })).output_text, "It is raining.");
});

call("response streamed", async () => {
  await script({ text: "It is raining." });
  const stream = client.responses.stream({ model, input: "Weather?" });
  assert.equal((await stream.finalResponse()).output_text, "It is raining.");
});

call("response parsed by zod", async () => {
  await script({ parsed: { title: "Crash", urgent: true } });
  const found = await client.responses.parse({ model, input: "A crash", text: { format: zodTextFormat(Ticket, "ticket") } });
  assert.deepEqual(found.output_parsed, { title: "Crash", urgent: true });
});

call("response calls a tool", async () => {
  await script({ tool_calls: calls });
  const tools = [{ type: "function", name: "get_order", parameters, strict: true }];
  const found = await client.responses.create({ model, input: "Where is A1?", tools });
  assert.deepEqual(JSON.parse(found.output[0].arguments), { id: "A1" });
});

call("embeddings", async () => {
  const found = await client.embeddings.create({ model: "text-embedding-3-small", input: ["a", "b"] });
  assert.deepEqual(found.data.map((item) => item.embedding.length), [1536, 1536]);
});

call("image", async () => {
  const found = await client.images.generate({ model: "gpt-image-1", prompt: "a fox" });
  assert.ok(found.data[0].b64_json);
});

call("image edited", async () => {
  const made = await client.images.generate({ model: "gpt-image-1", prompt: "a fox" });
  const image = await toFile(Buffer.from(made.data[0].b64_json, "base64"), "fox.png", { type: "image/png" });
  const found = await client.images.edit({ model: "gpt-image-1", image, prompt: "a red fox" });
  assert.ok(found.data[0].b64_json);
});

call("image streamed", async () => {
  const kinds = [];
  const stream = await client.images.generate({ model: "gpt-image-1", prompt: "a fox", stream: true, partial_images: 1 });
  for await (const event of stream) kinds.push(event.type);
  assert.deepEqual(kinds, ["image_generation.partial_image", "image_generation.completed"]);
});

call("speech and transcription", async () => {
  const spoken = await client.audio.speech.create({ model: "tts-1", voice: "alloy", input: "good morning", response_format: "wav" });
  const file = await toFile(Buffer.from(await spoken.arrayBuffer()), "a.wav");
  assert.equal((await client.audio.transcriptions.create({ model: "whisper-1", file })).text, "good morning");
});

call("moderation", async () => {
  assert.equal((await client.moderations.create({ input: "I will kill it" })).results[0].flagged, true);
});

call("models", async () => {
  const found = [];
  for await (const each of client.models.list()) found.push(each.id);
  assert.ok(found.length > 300);
});

call("errors are its own", async () => {
  const unknown = await rejects(client.chat.completions.create({ model: "gpt-99", messages }), 404);
  assert.ok(unknown instanceof OpenAI.NotFoundError);
  const missing = await rejects(client.batches.list(), 501);
  assert.match(missing.message, /does not mock batches/);
});

call("limit waited out", async () => {
  await admin("POST", "/faults", { fault: "rate_limit", arguments: { retry_after: 0.1 } });
  const found = await client.chat.completions.create({ model, messages }, { maxRetries: 1 });
  assert.ok(found.choices[0].message.content);
});

await main();
