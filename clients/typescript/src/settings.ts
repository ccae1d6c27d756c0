/** How a client reaches its sidecar: the given options, else the environment, else the defaults. */

import type { ChannelCredentials } from "@grpc/grpc-js";
import { DEFAULT_ADDRESS, targetOf } from "./address.js";

/** The options of a client. */
export interface ClientOptions {
  /** `host:port`, `[::1]:port` or `unix:///path`. Absent: `REMORA_ADDRESS`, else `127.0.0.1:7650`. */
  readonly address?: string | undefined;
  /** The token the sidecar asks its callers for. Absent: `REMORA_TOKEN`, else none is sent. */
  readonly token?: string | undefined;
  /** How long a call may take in all, in milliseconds, over 0; `Infinity`: no limit. Absent: 300,000. */
  readonly timeoutMs?: number | undefined;
  /** How long a call waits for the sidecar to come up, in milliseconds, over 0 and finite. Absent: 5,000. */
  readonly connectTimeoutMs?: number | undefined;
  /** TLS, as `credentials.createSsl(…)` of @grpc/grpc-js gives it. Absent: plain text. */
  readonly credentials?: ChannelCredentials | undefined;
}

/** The options with nothing left open. */
export interface Settings {
  readonly address: string;
  /** What gRPC calls the address. */
  readonly target: string;
  readonly token: string;
  readonly timeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly credentials: ChannelCredentials | undefined;
}

/** The settings the options and the environment give; TypeError for what cannot be. */
export function settingsFrom(options: ClientOptions, environment: NodeJS.ProcessEnv = process.env): Settings {
  const address = options.address || environment["REMORA_ADDRESS"] || DEFAULT_ADDRESS;
  const token = options.token || environment["REMORA_TOKEN"] || "";
  if (!/^[!-~]*$/.test(token)) {
    throw new TypeError("the token must be printable ASCII without spaces (a line end read from a file?)");
  }
  const connectTimeoutMs = positive(options.connectTimeoutMs ?? 5_000, "connectTimeoutMs");
  if (connectTimeoutMs === Infinity) throw new TypeError("connectTimeoutMs must be finite");
  return {
    address,
    target: targetOf(address),
    token,
    timeoutMs: positive(options.timeoutMs ?? 300_000, "timeoutMs"),
    connectTimeoutMs,
    credentials: options.credentials,
  };
}

/** The whole number as it is, or undefined; TypeError for any other. */
export function whole(number: number | undefined, option: string): number | undefined {
  if (number !== undefined && !Number.isSafeInteger(number)) throw new TypeError(`${option} must be a whole number`);
  return number;
}

/** The milliseconds as they are; TypeError unless they are over 0. */
export function positive(milliseconds: number, option: string): number {
  if (!(milliseconds > 0)) throw new TypeError(`${option} must be over 0 milliseconds`);
  return milliseconds;
}
