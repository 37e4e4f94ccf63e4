// The Vercel SDK: the npm package `ai` with `@ai-sdk/openai` and `@ai-sdk/openai-compatible`.

import assert from "node:assert/strict";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import * as ai from "ai";
import { z } from "zod";
import { KEY, V1, call, main, rejects, script } from "./tour.mjs";

const openai = createOpenAI({ apiKey: KEY, baseURL: V1 });
const alike = createOpenAICompatible({ name: "mock", apiKey: KEY, baseURL: V1, supportsStructuredOutputs: true });
const prompt = "Hello there";
const schema = z.object({ title: z.string(), urgent: z.boolean() });
const ticket = { title: "Crash", urgent: true };
const order = ai.tool({
  description: "The state of an order",
  inputSchema: z.object({ id: z.string() }),
  execute: async ({ id }) => `${id} is on its way`,
});
const models = { chats: openai.chat("gpt-4o"), responses: openai.responses("gpt-4o"), "the look-alike": alike("gpt-4o") };

for (const [name, model] of Object.entries(models)) {
  call(`generateText by ${name}`, async () => {
    await script({ text: "It is raining." });
    const found = await ai.generateText({ model, prompt });
    assert.equal(found.text, "It is raining.");
    assert.ok(found.usage.outputTokens > 0);
  });

  call(`streamText by ${name}`, async () => {
    await script({ text: "It is raining." });
    let text = "";
    for await (const piece of ai.streamText({ model, prompt }).textStream) text += piece;
    assert.equal(text, "It is raining.");
  });

  call(`generateObject by ${name}`, async () => {
    await script({ parsed: ticket });
    assert.deepEqual((await ai.generateObject({ model, schema, prompt })).object, ticket);
  });

  call(`generateObject unscripted by ${name}`, async () => {
    const { object } = await ai.generateObject({ model, schema, prompt });
    assert.equal(typeof object.urgent, "boolean");
  });

  call(`streamObject by ${name}`, async () => {
    await script({ parsed: ticket });
    let found;
    for await (const partial of ai.streamObject({ model, schema, prompt }).partialObjectStream) found = partial;
    assert.deepEqual(found, ticket);
  });

  call(`tool called by ${name}`, async () => {
    await script({ tool_calls: [{ name: "order", arguments: { id: "A1" } }] });
    await script({ text: "Shipped.", contains: "A1 is on its way" });
    const found = await ai.generateText({ model, prompt: "Where is A1?", tools: { order }, stopWhen: ai.stepCountIs(3) });
    assert.equal(found.text, "Shipped.");
  });

  call(`tool called in a stream by ${name}`, async () => {
    await script({ tool_calls: [{ name: "order", arguments: { id: "A1" } }] });
    await script({ text: "Shipped.", contains: "A1 is on its way" });
    const stream = ai.streamText({ model, prompt: "Where is A1?", tools: { order }, stopWhen: ai.stepCountIs(3) });
    for await (const _ of stream.textStream);
    assert.equal(await stream.text, "Shipped.");
  });
}

call("generateText by completions", async () => {
  await script({ text: " upon a time" });
  assert.equal((await ai.generateText({ model: openai.completion("gpt-3.5-turbo-instruct"), prompt })).text, " upon a time");
});

call("embed and embedMany", async () => {
  const model = openai.embedding("text-embedding-3-small");
  assert.equal((await ai.embed({ model, value: "a" })).embedding.length, 1536);
  assert.equal((await ai.embedMany({ model, values: ["a", "b"] })).embeddings.length, 2);
});

call("generateImage", async () => {
  const { image } = await ai.generateImage({ model: openai.image("gpt-image-1"), prompt });
  assert.equal(Buffer.from(image.uint8Array.slice(1, 4)).toString(), "PNG");
});

call("speech and transcription", async () => {
  const spoken = await ai.generateSpeech({ model: openai.speech("tts-1"), text: "good morning", outputFormat: "wav" });
  const audio = spoken.audio.uint8Array;
  assert.equal((await ai.transcribe({ model: openai.transcription("whisper-1"), audio })).text, "good morning");
});

call("errors keep their status", async () => {
  await rejects(ai.generateText({ model: openai.chat("gpt-99"), prompt, maxRetries: 0 }), 404);
});

await main();
