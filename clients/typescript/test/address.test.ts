import assert from "node:assert/strict";
import { inspect } from "node:util";
import { test } from "node:test";
import { targetOf } from "../src/address.js";
import { Client } from "../src/client.js";
import { settingsFrom } from "../src/settings.js";

test("host and port, IPv6 in brackets and absolute unix paths are addresses", () => {
  assert.equal(targetOf("127.0.0.1:7650"), "dns:127.0.0.1:7650");
  assert.equal(targetOf("sidecar.local:1"), "dns:sidecar.local:1");
  assert.equal(targetOf("[::1]:65535"), "dns:[::1]:65535");
  assert.equal(targetOf("unix:///run/remora/remora.sock"), "unix:///run/remora/remora.sock");
});

for (const address of [
  "7650",
  "localhost",
  ":7650",
  "::1:7650",
  "localhost:0",
  "localhost:65536",
  "localhost:http",
  "http://localhost:7650",
  "user@localhost:7650",
  "unix:relative",
  "unix:///",
  "dns:///localhost:7650",
  " localhost:7650",
  "localhost:7650\n",
]) {
  test(`${JSON.stringify(address)} is no address`, () => {
    assert.throws(() => new Client({ address }), { name: "TypeError", message: /^the address must be host:port/ });
  });
}

test("an option goes before the environment, and the environment before the default", () => {
  const environment = { REMORA_ADDRESS: "there:1", REMORA_TOKEN: "its-token" };
  assert.equal(settingsFrom({ address: "here:1" }, environment).address, "here:1");
  assert.equal(settingsFrom({}, environment).address, "there:1");
  assert.equal(settingsFrom({}, { REMORA_ADDRESS: "" }).address, "127.0.0.1:7650");
  assert.equal(settingsFrom({ token: "mine" }, environment).token, "mine");
  assert.equal(settingsFrom({}, environment).token, "its-token");
  assert.equal(settingsFrom({}, {}).token, "");
});

test("the defaults are five minutes for a call and five seconds for the sidecar to come up", () => {
  const { timeoutMs, connectTimeoutMs } = settingsFrom({}, {});
  assert.deepEqual([timeoutMs, connectTimeoutMs], [300_000, 5_000]);
});

test("a time limit is over 0, and the wait for the sidecar has an end", () => {
  for (const options of [
    { timeoutMs: 0 },
    { timeoutMs: NaN },
    { connectTimeoutMs: -1 },
    { connectTimeoutMs: Infinity },
  ])
    assert.throws(() => new Client(options), { name: "TypeError", message: /imeoutMs/ });
  assert.equal(settingsFrom({ timeoutMs: Infinity }, {}).timeoutMs, Infinity);
});

test("the token shows neither in an error nor in a client that is printed", () => {
  assert.throws(
    () => new Client({ token: "secret\n" }),
    (error: Error) => error instanceof TypeError && !inspect(error).includes("secret"),
  );
  const client = new Client({ token: "secret" });
  assert.ok(!inspect(client, { depth: 9, showHidden: true }).includes("secret"));
  assert.ok(!JSON.stringify(client).includes("secret"));
  client.close();
});
