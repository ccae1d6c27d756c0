/** The channel to the sidecar: connecting, waiting for it, sending calls, and closing. */

import {
  type ChannelOptions,
  Client as Grpc,
  connectivityState,
  credentials,
  Metadata,
  type StatusObject,
} from "@grpc/grpc-js";
import { RemoraError } from "./errors.js";
import type { Method } from "./method.js";
import { Reader } from "./reader.js";
import { positive, type Settings } from "./settings.js";
import { errorFrom } from "./status.js";
import { Stop } from "./stop.js";
import type { TraceContext } from "./tracing.js";
import { VERSION } from "./version.js";

/** The largest message either way. */
export const MAX_MESSAGE_BYTES = 32 * 1024 * 1024;

const OPTIONS: ChannelOptions = {
  "grpc.max_send_message_length": MAX_MESSAGE_BYTES,
  "grpc.max_receive_message_length": MAX_MESSAGE_BYTES,
  // The sidecar is the one owner of retries: no service config may make gRPC repeat a call.
  "grpc.enable_retries": 0,
  // A sidecar is local: neither a proxy from the environment nor a service config from DNS has a say.
  "grpc.enable_http_proxy": 0,
  "grpc.service_config_disable_resolution": 1,
  // A sidecar that is just starting is found within a tenth of a second, not after gRPC's first backoff of one second.
  "grpc.initial_reconnect_backoff_ms": 100,
  "grpc.max_reconnect_backoff_ms": 500,
  "grpc.dns_min_time_between_resolutions_ms": 500,
  // A closed client is disconnected, whatever other clients of the process do.
  "grpc.use_local_subchannel_pool": 1,
  "grpc.enable_channelz": 0,
  "grpc.primary_user_agent": `remora-client-typescript/${VERSION}`,
};

/** One call as it will be sent. */
export interface Order<Response> {
  readonly method: Pick<Method<never, Response>, "path" | "decode">;
  readonly request: Uint8Array;
  /** Milliseconds the call may take, the wait for the sidecar included; undefined: the client's. */
  readonly timeoutMs: number | undefined;
  readonly trace: TraceContext;
}

/** A channel, connected with its first call, and the calls that run on it. */
export class Connection {
  readonly #settings: Settings;
  readonly #grpc: Grpc;
  readonly #running = new Set<Stop>();
  #change: Promise<void> | undefined;
  #isClosed = false;

  /** A channel to where the settings say; nothing is connected yet. */
  constructor(settings: Settings) {
    this.#settings = settings;
    this.#grpc = new Grpc(settings.target, settings.credentials ?? credentials.createInsecure(), OPTIONS);
  }

  /** Where the sidecar is expected. */
  get address(): string {
    return this.#settings.address;
  }

  /** Sends a call with one answer. */
  async unary<Response>(order: Order<Response>, signal: AbortSignal | undefined): Promise<Response> {
    const stop = new Stop(signal);
    const deadline = await this.#ready(order, stop);
    return new Promise((resolve, reject) => {
      const call = this.#grpc.makeUnaryRequest(
        order.method.path,
        asBuffer,
        (bytes) => order.method.decode(asBytes(bytes)),
        order.request,
        this.#metadata(order.trace),
        { deadline },
        (failed, response) => {
          this.#ended(stop);
          if (failed === null && response !== undefined) resolve(response);
          else reject(stop.isStopped ? stop.error() : this.#errorOf(failed as StatusObject));
        },
      );
      this.#sent(stop, call);
    });
  }

  /** Sends a call with a streamed answer; `stop` ends it. */
  async stream<Response>(order: Order<Response>, stop: Stop): Promise<Reader<Response>> {
    const deadline = await this.#ready(order, stop);
    const call = this.#grpc.makeServerStreamRequest(
      order.method.path,
      asBuffer,
      asBytes,
      order.request,
      this.#metadata(order.trace),
      { deadline },
    );
    const reader = new Reader(call, {
      decode: order.method.decode,
      errorOf: this.#errorOf,
      onEnd: () => {
        this.#ended(stop);
      },
    });
    this.#sent(stop, call);
    return reader;
  }

  /** Cancels what still runs and disconnects. */
  close(): void {
    this.#isClosed = true;
    for (const stop of this.#running) stop.stop("the client was closed");
    this.#grpc.close();
  }

  /** Waits for the sidecar; the deadline of the call. Throws for what must not be sent. */
  async #ready(order: Order<unknown>, stop: Stop): Promise<number> {
    const limitMs = positive(order.timeoutMs ?? this.#settings.timeoutMs, "timeoutMs");
    const startMs = performance.now();
    this.#running.add(stop);
    try {
      checkSize(order.request);
      await this.#connected(Math.min(limitMs, this.#settings.connectTimeoutMs), stop);
    } catch (error) {
      this.#ended(stop);
      throw error;
    }
    return Date.now() + Math.max(limitMs - (performance.now() - startMs), 1);
  }

  async #connected(limitMs: number, stop: Stop): Promise<void> {
    const untilMs = performance.now() + limitMs;
    for (;;) {
      stop.check();
      if (this.#isClosed) throw new RemoraError("CANCELLED", "the client is closed", { reason: "CANCELLED" });
      const state = this.#grpc.getChannel().getConnectivityState(true);
      if (state === connectivityState.READY) return;
      const leftMs = untilMs - performance.now();
      if (leftMs <= 0) throw this.#unreachable(limitMs);
      await this.#changed(state, leftMs, stop);
    }
  }

  /** Resolves when the channel's state is another one, when the time is over, or when the call is stopped. */
  async #changed(state: connectivityState, limitMs: number, stop: Stop): Promise<void> {
    // One watch for all that wait, without a time limit of its own: nothing is left behind by a call that gave up.
    this.#change ??= new Promise((resolve) => {
      this.#grpc.getChannel().watchConnectivityState(state, Infinity, () => {
        this.#change = undefined;
        resolve();
      });
    });
    const change = this.#change;
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer);
        takeBack();
        resolve();
      };
      const timer = setTimeout(done, Math.ceil(limitMs));
      const takeBack = stop.onStop(done);
      void change.then(done);
    });
  }

  #sent(stop: Stop, call: { cancel(): void }): void {
    stop.isSent = true;
    stop.onStop(() => {
      call.cancel();
    });
  }

  #ended(stop: Stop): void {
    this.#running.delete(stop);
    stop.release();
  }

  #metadata(trace: TraceContext): Metadata {
    const metadata = new Metadata();
    if (this.#settings.token) metadata.set("authorization", `Bearer ${this.#settings.token}`);
    for (const [key, value] of Object.entries(trace)) metadata.set(key, value);
    return metadata;
  }

  readonly #errorOf = (failed: StatusObject): RemoraError => errorFrom(failed, this.address);

  #unreachable(waitedMs: number): RemoraError {
    return new RemoraError(
      "SIDECAR_UNREACHABLE",
      `no sidecar answers at ${this.address} (waited ${String(waitedMs / 1_000)} s): ` +
        "is `remora serve` running, and is REMORA_ADDRESS right?",
    );
  }
}

function checkSize(request: Uint8Array): void {
  const over = request.length - MAX_MESSAGE_BYTES;
  if (over <= 0) return;
  const [size, excess, limit] = [request.length, over, MAX_MESSAGE_BYTES].map((bytes) => bytes.toLocaleString("en-US"));
  throw new RemoraError(
    "REQUEST_TOO_LARGE",
    `the request has ${size} bytes, ${excess} over the limit of ${limit} (32 MiB): ` +
      "give large images and documents as URLs",
  );
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The same bytes without Buffer's methods, so that fields of bytes are plain Uint8Array. */
function asBytes(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}
