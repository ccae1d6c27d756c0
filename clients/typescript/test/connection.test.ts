import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { test } from "node:test";
import { Client } from "../src/client.js";
import { RemoraError } from "../src/errors.js";
import { ChatRequest } from "../src/gen/remora/v1/chat.js";
import { user } from "../src/conversation.js";
import { VERSION } from "../src/version.js";
import { completed, sends, Sidecar, text } from "./sidecar.js";

const run = promisify(execFile);
const ROOT = new URL("../../../", import.meta.url);
const MIB = 1024 * 1024;
const soon = { timeout: 20_000 };

async function failure(promise: Promise<unknown>): Promise<RemoraError> {
  const error: unknown = await promise.catch((caught: unknown) => caught);
  assert.ok(error instanceof RemoraError);
  return error;
}

test("a sidecar that does not come is told in time, without spinning", soon, async () => {
  await using remora = new Client({ address: "127.0.0.1:1", connectTimeoutMs: 2_000 });
  const startMs = performance.now();
  const before = process.cpuUsage();
  const errors = await Promise.all(Array.from({ length: 50 }, () => failure(remora.complete("m", "Why?"))));
  const spent = process.cpuUsage(before);
  const tookMs = performance.now() - startMs;
  assert.ok(tookMs > 1_990 && tookMs < 5_000, `${tookMs} ms`);
  assert.ok(spent.user + spent.system < 1_000_000, `${spent.user + spent.system} µs of CPU`);
  for (const error of errors) {
    assert.deepEqual([error.kind, error.code, error.reason], ["SIDECAR_UNREACHABLE", undefined, undefined]);
    assert.match(error.message, /127\.0\.0\.1:1 \(waited 2 s\): is `remora serve` running, and is REMORA_ADDRESS/);
  }
});

test("the call's own time limit bounds the wait too", soon, async () => {
  await using remora = new Client({ address: "127.0.0.1:1" });
  assert.match((await failure(remora.chat("m", "Why?", { timeoutMs: 80 }).finish())).message, /waited 0\.08 s/);
});

test("a sidecar that comes late, or comes back, is found", soon, async () => {
  const spare = await Sidecar.start(sends());
  const { address } = spare;
  await spare[Symbol.asyncDispose]();
  await using remora = new Client({ address });
  for (const name of ["first", "second"]) {
    const answer = remora.chat("m", "Why?").finalText();
    await using sidecar = await Sidecar.start(sends(text(name), completed()), Number(address.split(":")[1]));
    assert.equal(await answer, name);
    assert.equal(sidecar.calls.length, 1);
    await sidecar[Symbol.asyncDispose]();
    await sleep(100); // for the client to notice: a call before that is one whose connection breaks
  }
});

test("a request over 32 MiB is refused before anything is sent, and one of 32 MiB is not", soon, async () => {
  await using sidecar = await Sidecar.start(sends(completed()));
  await using remora = new Client(sidecar);
  const error = await failure(remora.chat("m", "x".repeat(33 * MIB)).finish());
  assert.deepEqual([error.kind, error.code, sidecar.calls.length], ["REQUEST_TOO_LARGE", undefined, 0]);
  assert.match(
    error.message,
    /^the request has 34,603,0\d\d bytes, 1,048,5\d\d over the limit of 33,554,432 \(32 MiB\)/,
  );
  const around = ChatRequest.encode(ChatRequest.create({ messages: [user("x".repeat(31 * MIB))] })).finish().length;
  const padding = 32 * MIB - (around - 31 * MIB);
  await remora.chat({ messages: [user("x".repeat(padding))] }).finish();
  assert.equal((await failure(remora.chat({ messages: [user("x".repeat(padding + 1))] }).finish())).kind, error.kind);
});

test("token, user agent, trace and deadline go along", soon, async () => {
  await using sidecar = await Sidecar.start(sends(completed()));
  await using remora = new Client({ address: sidecar.address, token: "secret", timeoutMs: 40_000 });
  await remora.chat("m", "Why?", { traceparent: "00-x" }).finish();
  const sent = sidecar.calls[0]?.metadata.getMap() ?? {};
  assert.deepEqual([sent["authorization"], sent["traceparent"]], ["Bearer secret", "00-x"]);
  assert.ok(String(sent["user-agent"]).startsWith(`remora-client-typescript/${VERSION} `));
});

test(
  "an open client does not keep a process alive, nor does a call that was given up while it waited",
  soon,
  async () => {
    const index = new URL("dist/index.js", ROOT).href;
    const program = `
    const { Client } = await import(${JSON.stringify(index)});
    const remora = new Client({ address: "127.0.0.1:1", connectTimeoutMs: 15_000 });
    await remora.complete("m", "Why?", { signal: AbortSignal.timeout(100) }).catch((error) => console.log(error.kind));`;
    const startMs = performance.now();
    const { stdout } = await run(process.execPath, ["--input-type=module", "-e", program]);
    assert.equal(stdout.trim(), "CANCELLED");
    assert.ok(performance.now() - startMs < 10_000);
  },
);

test("a proxy of the environment has no say", soon, async () => {
  await using sidecar = await Sidecar.start(sends(text("direct"), completed()));
  const env = { ...process.env, http_proxy: "http://127.0.0.1:1", grpc_proxy: "http://127.0.0.1:1", no_proxy: "" };
  const { stdout } = await run(new URL("build/readme", ROOT).pathname, [], {
    env: { ...env, REMORA_ADDRESS: sidecar.address },
  });
  assert.match(stdout, /^direct\n/);
});

test("the README's first program runs as it stands", soon, async () => {
  await using sidecar = await Sidecar.start(sends(text("It "), text("scatters."), completed()));
  const readme = await readFile(new URL("README.md", ROOT), "utf8");
  const program = await readFile(new URL("build/readme-source/readme.ts", ROOT), "utf8");
  assert.equal(program, /^```ts\n([^]*?)^```$/m.exec(readme)?.[1]);
  const { stdout, stderr } = await run(new URL("build/readme", ROOT).pathname, [], {
    env: { ...process.env, REMORA_ADDRESS: sidecar.address },
  });
  assert.match(stdout, /^It scatters\.\n/);
  assert.equal(stderr, "");
});

test("the version is package.json's", async () => {
  const file = JSON.parse(await readFile(new URL("package.json", ROOT), "utf8")) as { version: string };
  assert.equal(file.version, VERSION);
});
