import assert from "node:assert/strict";
import { test } from "node:test";
import { Assembly, beginning } from "../src/assembly.js";
import { Role } from "../src/gen/remora/v1/content.js";

const target = { provider: "a", model: "m", profile: undefined };

test("offsets are code points: a pair of surrogates is one", () => {
  const text = "a😀é𝄞z";
  assert.deepEqual(
    [0, 1, 2, 3, 4, 5, 9].map((offset) => beginning(text, offset)),
    ["", "a", "a😀", "a😀é", "a😀é𝄞", text, text],
  );
  assert.equal(beginning("e\u0301", 1), "e");
});

test("parts are put in the order of their index, and discards are applied", () => {
  const assembly = new Assembly();
  assembly.add({ kind: "textDelta", partIndex: 1, text: "world" });
  assembly.add({ kind: "textDelta", partIndex: 0, text: "héllo 😀😀" });
  assert.equal(assembly.text, "héllo 😀😀world");
  assembly.add({ kind: "partDiscarded", partIndex: 0, offset: 7 });
  assert.deepEqual([assembly.text, assembly.voided], ["héllo 😀world", true]);
  assembly.add({ kind: "partDiscarded", partIndex: 0, offset: 100 });
  assert.deepEqual([assembly.text, assembly.voided], ["héllo 😀world", false]);
  assembly.add({ kind: "partDiscarded", partIndex: 0, offset: 0 });
  assert.deepEqual([assembly.text, assembly.voided], ["world", true]);
  assembly.add({ kind: "restarted", target });
  assert.deepEqual([assembly.text, assembly.voided], ["", true]);
});

test("a tool call that is discarded makes no text void, and its part may become another kind", () => {
  const assembly = new Assembly();
  assembly.add({ kind: "textDelta", partIndex: 0, text: "so" });
  assembly.add({ kind: "toolCallDelta", partIndex: 1, id: "1", name: "f", argumentsFragment: "{" });
  assembly.add({ kind: "partDiscarded", partIndex: 1, offset: 0 });
  assert.ok(!assembly.voided);
  assembly.add({ kind: "textDelta", partIndex: 1, text: " it is" });
  assert.equal(assembly.text, "so it is");
});

test("the turn has every part with its issuer and state", () => {
  const assembly = new Assembly();
  const opaqueState = new Uint8Array([1, 2]);
  assembly.add({ kind: "partCompleted", partIndex: 0, issuer: "v", opaqueState });
  assembly.add({ kind: "reasoningDelta", partIndex: 1, text: "hm" });
  assembly.add({ kind: "textDelta", partIndex: 2, text: "yes" });
  assembly.add({ kind: "refusalDelta", partIndex: 3, text: "no" });
  assembly.add({ kind: "toolCallDelta", partIndex: 4, id: "1", name: "f", argumentsFragment: "{" });
  assembly.add({ kind: "toolCallDelta", partIndex: 4, id: "", name: "", argumentsFragment: "}" });
  const bare = { issuer: undefined, opaqueState: undefined };
  assert.deepEqual(assembly.message(), {
    role: Role.ASSISTANT,
    parts: [
      { content: { $case: "reasoning", value: { text: "" } }, issuer: "v", opaqueState },
      { content: { $case: "reasoning", value: { text: "hm" } }, ...bare },
      { content: { $case: "text", value: "yes" }, ...bare },
      { content: { $case: "refusal", value: "no" }, ...bare },
      { content: { $case: "toolCall", value: { id: "1", name: "f", argumentsJson: "{}" } }, ...bare },
    ],
  });
  assert.equal(assembly.reasoning, "hm");
});
