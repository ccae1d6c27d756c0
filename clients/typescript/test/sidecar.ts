/** A gRPC server whose Chat does what a test says, on a port of loopback. */

import { type Metadata, Server, ServerCredentials, type ServerWritableStream } from "@grpc/grpc-js";
import { ChatResponse, FinishReason } from "../src/gen/remora/v1/chat.js";
import { CHAT } from "../src/method.js";

/** One call as the server has it. */
export type Served = ServerWritableStream<unknown, ChatResponse>;

const DEFINITION = {
  chat: {
    path: CHAT.path,
    requestStream: false,
    responseStream: true,
    requestSerialize: (bytes: Buffer) => bytes,
    requestDeserialize: (bytes: Buffer) => bytes,
    responseSerialize: (message: ChatResponse) => Buffer.from(ChatResponse.encode(message).finish()),
    responseDeserialize: (bytes: Buffer) => ChatResponse.decode(bytes),
  },
} as const;

/** A running sidecar, and the calls it has seen. */
export class Sidecar implements AsyncDisposable {
  readonly calls: { readonly metadata: Metadata; readonly hungUp: Promise<void> }[] = [];
  readonly #server = new Server({ "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 });
  #port = 0;

  /** Listens on a port of its own, or on the given one. */
  static async start(chat: (call: Served) => void, port = 0): Promise<Sidecar> {
    const sidecar = new Sidecar();
    sidecar.#server.addService(DEFINITION, {
      chat: (call: Served) => {
        const hungUp = new Promise<void>((resolve) => {
          call.on("cancelled", resolve);
        });
        sidecar.calls.push({ metadata: call.metadata, hungUp });
        chat(call);
      },
    });
    sidecar.#port = await new Promise((resolve, reject) => {
      sidecar.#server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, bound) => {
        if (error === null) resolve(bound);
        else reject(error);
      });
    });
    return sidecar;
  }

  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#server.forceShutdown();
    return Promise.resolve();
  }
}

/** A text event. */
export function text(value: string, partIndex = 0): ChatResponse {
  return { event: { $case: "textDelta", value: { partIndex, text: value } } };
}

/** The event that ends an answer. */
export function completed(): ChatResponse {
  const value = { finishReason: FinishReason.STOP, endInferred: false, requestedModel: "", failedOver: false };
  return { event: { $case: "completed", value: { ...value, traceId: "0".repeat(32) } } };
}

/** A chat that sends these events and ends well. */
export function sends(...events: ChatResponse[]): (call: Served) => void {
  return (call) => {
    for (const event of events) call.write(event);
    call.end();
  };
}
