import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { status } from "@grpc/grpc-js";
import { Client } from "../src/client.js";
import { user } from "../src/conversation.js";
import { RemoraError } from "../src/errors.js";
import { completed, sends, type Served, Sidecar, text } from "./sidecar.js";

const soon = { timeout: 10_000 };

function silentAfterOne(call: Served): void {
  call.write(text("one"));
}

async function failure(promise: Promise<unknown>): Promise<RemoraError> {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof RemoraError);
    return error;
  }
  throw new Error("it did not fail");
}

test("a stream that is read to its end stays at its end", soon, async () => {
  await using sidecar = await Sidecar.start(sends(text("a"), text("b"), completed()));
  await using remora = new Client(sidecar);
  const stream = remora.chat("m", "Why?");
  assert.ok(!stream.message);
  const kinds = [];
  for await (const event of stream) kinds.push(event.kind);
  assert.deepEqual(kinds, ["textDelta", "textDelta", "completed"]);
  assert.equal(await stream.finalText(), "ab");
  assert.equal((await stream.finish()).text, "ab");
  assert.deepEqual(stream.message, (await stream.finish()).message);
  for await (const event of stream) assert.fail(event.kind);
  assert.equal(sidecar.calls.length, 1);
});

test(
  "nothing is sent before the first read, and later changes of the conversation do not reach the call",
  soon,
  async () => {
    await using sidecar = await Sidecar.start(sends(completed()));
    await using remora = new Client(sidecar);
    const stream = remora.chat("m", "Why?");
    await sleep(50);
    assert.equal(sidecar.calls.length, 0);
    await stream.finish();
    assert.equal(sidecar.calls.length, 1);
  },
);

test("leaving the loop hangs up, and reading on says so", soon, async () => {
  await using sidecar = await Sidecar.start(silentAfterOne);
  await using remora = new Client(sidecar);
  const stream = remora.chat("m", "Why?");
  for await (const event of stream) if (event.kind === "textDelta") break;
  await sidecar.calls[0]?.hungUp;
  assert.equal(stream.textSoFar, "one");
  const error = await failure(stream.finish());
  assert.deepEqual([error.kind, error.reason, error.code], ["CANCELLED", "CANCELLED", "CANCELLED"]);
  assert.equal(await failure(stream.finish()), error);
});

test("an error in the loop over pieces hangs up", soon, async () => {
  await using sidecar = await Sidecar.start(silentAfterOne);
  await using remora = new Client(sidecar);
  await assert.rejects(async () => {
    for await (const piece of remora.chat("m", "Why?").text()) throw new Error(piece);
  }, /one/);
  await sidecar.calls[0]?.hungUp;
});

test("the signal ends a read that waits, with its reason as the cause", soon, async () => {
  await using sidecar = await Sidecar.start(silentAfterOne);
  await using remora = new Client(sidecar);
  const stopping = new AbortController();
  const stream = remora.chat("m", "Why?", { signal: stopping.signal });
  const ended = failure(stream.finish());
  while (stream.textSoFar === "") await sleep(5);
  stopping.abort();
  const error = await ended;
  assert.deepEqual([error.kind, (error.cause as Error).name], ["CANCELLED", "AbortError"]);
  await sidecar.calls[0]?.hungUp;
});

test("a signal that was pulled before sends nothing", soon, async () => {
  await using sidecar = await Sidecar.start(silentAfterOne);
  await using remora = new Client(sidecar);
  const signal = AbortSignal.abort("no need");
  for (const call of [remora.chat("m", "Why?", { signal }).finish(), remora.complete("m", "Why?", { signal })]) {
    const error = await failure(call);
    assert.deepEqual([error.kind, error.code, error.cause], ["CANCELLED", undefined, "no need"]);
  }
  assert.equal(sidecar.calls.length, 0);
});

test("calls that share a signal put one listener on it, and take it off again", soon, async () => {
  await using sidecar = await Sidecar.start(silentAfterOne);
  await using remora = new Client(sidecar);
  const stopping = new AbortController();
  const { signal } = stopping;
  const listeners = () => getEventListeners(signal, "abort").length;
  const streams = Array.from({ length: 20 }, () => remora.chat("m", "Why?", { signal }));
  assert.equal(listeners(), 1);
  streams.slice(0, 10).forEach((stream) => {
    stream.close();
  });
  const ended = streams.map((stream) => failure(stream.finish()));
  assert.equal(listeners(), 1);
  while (streams.at(-1)?.textSoFar === "") await sleep(5);
  stopping.abort("enough");
  const causes = (await Promise.all(ended)).map((error) => error.cause);
  assert.deepEqual(causes, [...Array<undefined>(10).fill(undefined), ...Array<string>(10).fill("enough")]);
  assert.equal(listeners(), 0);
  const other = new AbortController().signal;
  const [left, right] = [remora.chat("m", "Why?", { signal: other }), remora.chat("m", "Why?", { signal: other })];
  left.close();
  right.close();
  assert.equal(getEventListeners(other, "abort").length, 0);
});

test("arguments that cannot be are a TypeError at once, and leave nothing on the signal", soon, async () => {
  await using remora = new Client({ address: "127.0.0.1:1" });
  const { signal } = new AbortController();
  assert.throws(() => remora.chat("m", "Why?", { timeoutMs: -1, signal }), { name: "TypeError", message: /timeoutMs/ });
  await assert.rejects(remora.complete("m", "Why?", { timeoutMs: 0, signal }), { name: "TypeError" });
  const request = { messages: [user("Why?")], topK: 0.5 };
  assert.throws(() => remora.chat(request, { signal }), { name: "TypeError", message: /cannot be: .*0\.5/ });
  assert.equal(getEventListeners(signal, "abort").length, 0);
});

test("closing the client ends what runs and what waits", soon, async () => {
  await using sidecar = await Sidecar.start(silentAfterOne);
  const remora = new Client(sidecar);
  const stream = remora.chat("m", "Why?");
  const ended = failure(stream.finish());
  while (stream.textSoFar === "") await sleep(5);
  const lonely = new Client({ address: "127.0.0.1:1" });
  const waiting = failure(lonely.complete("m", "Why?"));
  await sleep(20);
  remora.close();
  lonely.close();
  for (const error of [await ended, await waiting]) assert.equal(error.message, "the client was closed");
  await sidecar.calls[0]?.hungUp;
  assert.equal((await failure(remora.complete("m", "Why?"))).message, "the client is closed");
});

test("a slow reader gets everything that came before the error", soon, async () => {
  const count = 40;
  await using sidecar = await Sidecar.start((call) => {
    for (let index = 1; index < count; index += 1) call.write(text("x"));
    call.write(text("x"), () => call.emit("error", { code: status.INTERNAL, details: "broken" }));
  });
  await using remora = new Client(sidecar);
  const stream = remora.chat("m", "Why?");
  const error = await failure(
    (async () => {
      for await (const event of stream) if (event.kind === "textDelta") await sleep(2);
    })(),
  );
  assert.deepEqual([error.kind, stream.textSoFar.length], ["INTERNAL", count]);
});

test("a slow reader of a long answer slows the sidecar, and gets all of it", soon, async () => {
  const piece = "x".repeat(10_000);
  let isSlowed = false;
  await using sidecar = await Sidecar.start((call) => {
    const send = (left: number): void => {
      if (left === 0) {
        call.write(completed());
        call.end();
      } else if (call.write(text(piece))) setImmediate(send, left - 1);
      else {
        isSlowed = true;
        call.once("drain", () => {
          send(left - 1);
        });
      }
    };
    send(500);
  });
  await using remora = new Client(sidecar);
  const stream = remora.chat("m", "Why?");
  for await (const event of stream) if (event.kind === "textDelta" && stream.textSoFar === piece) await sleep(200);
  assert.ok(isSlowed);
  assert.equal(stream.textSoFar.length, 5_000_000);
});

test("reads that overlap are served one after the other", soon, async () => {
  await using sidecar = await Sidecar.start(sends(text("a"), text("b"), completed()));
  await using remora = new Client(sidecar);
  const events = remora.chat("m", "Why?")[Symbol.asyncIterator]();
  const read = await Promise.all([events.next(), events.next(), events.next(), events.next()]);
  assert.deepEqual(
    read.map(({ value }) => value?.kind),
    ["textDelta", "textDelta", "completed", undefined],
  );
});

test("a stream that is forgotten hangs up", soon, async () => {
  await using sidecar = await Sidecar.start(silentAfterOne);
  await using remora = new Client(sidecar);
  const readOne = async () => {
    await remora.chat("m", "Why?")[Symbol.asyncIterator]().next();
  };
  await readOne();
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const hungUp = sidecar.calls[0]?.hungUp.then(() => true);
  while ((await Promise.race([hungUp, sleep(20)])) !== true) collect();
});

test("an onDiscard that takes its time is waited for", soon, async () => {
  const discard = { event: { $case: "partDiscarded" as const, value: { partIndex: 0, offset: 1 } } };
  await using sidecar = await Sidecar.start(sends(text("ab"), discard, text("c"), completed()));
  await using remora = new Client(sidecar);
  const seen: string[] = [];
  const stream = remora.chat("m", "Why?");
  const pieces = stream.text(async (now) => {
    await sleep(20);
    seen.push(`now ${now}`);
  });
  for await (const piece of pieces) seen.push(piece);
  assert.deepEqual(seen, ["ab", "now a", "c"]);
});
