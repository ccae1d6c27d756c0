import assert from "node:assert/strict";
import { test } from "node:test";
import { audio, cached, document, image, system, toolCall, toolResult, user } from "../src/conversation.js";
import { durationOf, milliseconds } from "../src/duration.js";
import { nameOf } from "../src/enumeration.js";
import { ChatRequest, CompleteRequest, FinishReason } from "../src/gen/remora/v1/chat.js";
import { Message, Reasoning_Effort, ResponseFormat_Kind, Role, ToolChoice_Mode } from "../src/gen/remora/v1/content.js";
import { ErrorReason } from "../src/gen/remora/v1/error_reason.js";
import { OnSlow, OnStreamBreak } from "../src/gen/remora/v1/policy.js";
import { reasonOf } from "../src/reason.js";
import { type ChatOptions, chatRequest, embedRequest, jsonSchema, namedTool, tool } from "../src/request.js";

const PNG = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a]);

test("a text, a message and a list are prompts; nothing is none", () => {
  const asked = user("Why?");
  for (const prompt of ["Why?", asked, [asked]]) assert.deepEqual(chatRequest("m", prompt, {}).messages, [asked]);
  assert.throws(() => chatRequest("m", [], {}), { name: "TypeError", message: /at least one message/ });
  assert.throws(() => user(), { name: "TypeError", message: /at least one part/ });
});

test("what is no message is told by its place", () => {
  const wrong = (prompt: unknown, message: RegExp) => {
    assert.throws(() => chatRequest("m", prompt as string, {}), { name: "TypeError", message });
  };
  wrong([user("Why?"), { role: "user", content: "Why?" }], /^messages\[1\] is no message: make one with user/);
  wrong([{ role: "user", parts: [] }], /^messages\[0\]/);
  wrong([user("Why?"), undefined], /^messages\[1\]/);
  wrong({ role: "user", content: "Why?" }, /^the prompt is no message/);
  wrong(undefined, /^the prompt is no message/);
});

test("options become the fields of the contract", () => {
  const options: ChatOptions = {
    tools: [tool("f", "does", { type: "object" }, { strict: true })],
    toolChoice: "required",
    responseFormat: jsonSchema({ type: "object" }, { name: "answer" }),
    stop: "END",
    seed: 2 ** 53 - 1,
    reasoningEffort: "high",
    providerOptions: { openai: { user: "u" } },
    policy: { onSlow: "hedge", bufferThen: "resume_or_restart", firstContentMs: 1_500.5, pin: true },
    metadata: { team: "blue" },
  };
  const sent = ChatRequest.decode(ChatRequest.encode(chatRequest("m", [system("s"), user("u")], options)).finish());
  assert.equal(sent.tools[0]?.parametersJson, '{"type":"object"}');
  assert.equal(sent.toolChoice?.mode, ToolChoice_Mode.REQUIRED);
  assert.equal(sent.responseFormat?.kind, ResponseFormat_Kind.JSON_SCHEMA);
  assert.deepEqual(sent.stop, ["END"]);
  assert.equal(sent.seed, 2 ** 53 - 1);
  assert.equal(sent.reasoning?.effort, Reasoning_Effort.HIGH);
  assert.deepEqual(sent.providerOptions, { openai: '{"user":"u"}' });
  assert.equal(sent.policy?.onSlow, OnSlow.HEDGE);
  assert.equal(sent.policy.bufferThen, OnStreamBreak.RESUME_OR_RESTART);
  assert.equal(milliseconds(sent.policy.firstContentDuration), 1_500.5);
  assert.equal(sent.policy.pin, true);
  assert.equal(sent.temperature, undefined);
  assert.deepEqual(CompleteRequest.decode(ChatRequest.encode(sent).finish()), sent);
});

test("a value that is none of its kind names the option and the choices", () => {
  const wrong = (options: object, message: RegExp) => {
    assert.throws(() => chatRequest("m", "Why?", options), { name: "TypeError", message });
  };
  wrong({ toolChoice: "any" }, /^toolChoice must be one of "auto", "none", "required", "named"$/);
  wrong({ toolChoice: "named" }, /namedTool/);
  wrong({ responseFormat: "json_schema" }, /jsonSchema/);
  wrong({ reasoningEffort: "HIGH" }, /^reasoningEffort must be one of/);
  wrong({ policy: { onSlow: "unspecified" } }, /^onSlow must be one of "hedge", "failover", "wait"$/);
  wrong({ policy: { idleMs: -1 } }, /^idleMs must be/);
  wrong({ policy: { idleMs: Infinity } }, /^idleMs must be/);
  wrong({ policy: { maxAttempts: 1.5 } }, /^maxAttempts must be a whole number$/);
  wrong({ maxOutputTokens: 0.5 }, /^maxOutputTokens must be/);
  wrong({ reasoningBudgetTokens: NaN }, /^reasoningBudgetTokens must be/);
  wrong({ seed: 2 ** 53 }, /^seed must be/);
  assert.throws(() => embedRequest("m", [], {}), { name: "TypeError" });
  assert.deepEqual(namedTool("f"), { mode: ToolChoice_Mode.NAMED, name: "f" });
});

test("durations are exact to the nanosecond, both ways", () => {
  assert.deepEqual(durationOf(0.000_001, "x"), { seconds: 0, nanos: 1 });
  assert.deepEqual(durationOf(999.999_999_9, "x"), { seconds: 1, nanos: 0 });
  assert.equal(milliseconds({ seconds: 2, nanos: 500_000 }), 2_000.5);
  assert.equal(milliseconds(undefined), undefined);
});

test("values of later versions stay visible", () => {
  assert.equal(nameOf(FinishReason, 0), undefined);
  assert.equal(nameOf(FinishReason, 3), "TOOL_CALLS");
  assert.equal(nameOf(FinishReason, 77), "VALUE_77");
  assert.equal(reasonOf(ErrorReason.RATE_LIMITED), "RATE_LIMITED");
});

test("media types of pictures are found out, or asked for", () => {
  const picture = image(PNG, { detail: "low" }).content;
  assert.equal(picture?.$case === "image" && picture.value.mediaType, "image/png");
  const webp = image(Buffer.from("RIFF\0\n\r\0WEBPVP8 ", "latin1")).content;
  assert.equal(webp?.$case === "image" && webp.value.mediaType, "image/webp");
  assert.throws(() => image(new Uint8Array(3)), { name: "TypeError", message: /mediaType/ });
  assert.throws(() => document(new Uint8Array(3)), { name: "TypeError", message: /mediaType/ });
  assert.throws(() => image("picture.png"), { name: "TypeError", message: /URL/ });
  const linked = image(new URL("https://example.org/a.png")).content;
  assert.equal(
    linked?.$case === "image" && linked.value.source?.$case === "uri" && linked.value.source.value,
    "https://example.org/a.png",
  );
});

test("tool results, sounds and cache hints are parts", () => {
  const result = toolResult("1", { ok: true }, { images: [image(PNG)], isError: true });
  assert.equal(result.role, Role.TOOL);
  const content = result.parts[0]?.content;
  assert.ok(content?.$case === "toolResult");
  assert.deepEqual([content.value.text, content.value.images.length, content.value.isError], ['{"ok":true}', 1, true]);
  assert.throws(() => toolResult("1", "", { images: [audio(PNG, "audio/wav")] }), { name: "TypeError" });
  assert.deepEqual(toolCall("1", "f").content?.value, { id: "1", name: "f", argumentsJson: "{}" });
  assert.deepEqual(cached("long", { ttlMs: 60_000 }).cacheHint, { ttlDuration: { seconds: 60, nanos: 0 } });
});

test("what a later version put into a turn goes back unchanged", () => {
  const later = new Uint8Array([0x08, 3, 0x12, 0x06, 0x0a, 1, 0x61, 0xba, 0x3e, 0, 0xba, 0x3e, 1, 0x78]);
  assert.deepEqual(Message.encode(Message.decode(later)).finish(), later);
});
