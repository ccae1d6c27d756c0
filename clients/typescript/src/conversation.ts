/** Conversations: the helpers that build messages and their parts. */

import { durationOf } from "./duration.js";
import { ImageDetail, type ImagePart, type Message, type Part, Role } from "./gen/remora/v1/content.js";

/** What a model is asked: one user turn as text, one message, or the conversation so far. */
export type Prompt = string | Message | readonly Message[];

/** JSON as text, sent as it is, or as a value. */
export type Json = string | object;

/** What a turn is made of: a text, or a part. */
export type Content = string | Part;

/** The messages a prompt stands for; TypeError for none, and for what is no message. */
export function conversationOf(prompt: Prompt): Message[] {
  if (typeof prompt === "string") return [user(prompt)];
  const messages: readonly Message[] = Array.isArray(prompt) ? prompt : [prompt as Message];
  if (messages.length === 0) throw new TypeError("a prompt needs at least one message");
  const wrong = messages.findIndex((message) => !isMessage(message));
  if (wrong >= 0) {
    const place = Array.isArray(prompt) ? `messages[${String(wrong)}]` : "the prompt";
    throw new TypeError(`${place} is no message: make one with user, system, assistant or toolResult`);
  }
  return [...messages];
}

/** Instructions of the application. */
export function system(text: string): Message {
  return turn(Role.SYSTEM, [text]);
}

/** A turn of the user: texts, and what `image`, `document` and `audio` give. */
export function user(...content: Content[]): Message {
  return turn(Role.USER, content);
}

/** A turn of the model, written by hand. Answers are appended as they are: `answer.message`. */
export function assistant(...content: Content[]): Message {
  return turn(Role.ASSISTANT, content);
}

/** The result of the tool call with that id, as text or as a value that becomes JSON. `images`: from `image`. */
export function toolResult(
  callId: string,
  result: Json,
  options: { readonly images?: readonly Part[]; readonly isError?: boolean } = {},
): Message {
  const value = {
    toolCallId: callId,
    text: jsonText(result),
    images: (options.images ?? []).map(pictureOf),
    isError: options.isError ?? false,
  };
  return turn(Role.TOOL, [{ content: { $case: "toolResult", value } }]);
}

/** A tool call the model made, for `assistant`. */
export function toolCall(callId: string, name: string, args: Json = "{}"): Part {
  return { content: { $case: "toolCall", value: { id: callId, name, argumentsJson: jsonText(args) } } };
}

/**
 * A picture of at most 20 MiB: its bytes, or an `https:` or `data:` URL.
 *
 * The media type of PNG, JPEG, GIF and WebP bytes is found out; TypeError where it cannot be told and is not given.
 */
export function image(
  source: Uint8Array | string | URL,
  options: { readonly mediaType?: string; readonly detail?: "low" | "high" } = {},
): Part {
  const detail = { low: ImageDetail.LOW, high: ImageDetail.HIGH, none: ImageDetail.UNSPECIFIED }[
    options.detail ?? "none"
  ];
  const told = options.mediaType ?? (source instanceof Uint8Array ? imageType(source) : undefined);
  const picture: ImagePart = { source: sourceOf(source, told), mediaType: told, detail };
  return { content: { $case: "image", value: picture } };
}

/** A document of at most 30 MiB: its bytes (then with `mediaType`), or a URL. */
export function document(
  source: Uint8Array | string | URL,
  options: { readonly mediaType?: string; readonly filename?: string } = {},
): Part {
  const { mediaType, filename } = options;
  return { content: { $case: "file", value: { source: sourceOf(source, mediaType), mediaType, filename } } };
}

/** A sound of at most 25 MiB. `mediaType`: "audio/wav" or "audio/mpeg". */
export function audio(data: Uint8Array, mediaType: string): Part {
  return { content: { $case: "audio", value: { data, mediaType } } };
}

/** A copy of the part that asks the provider to cache the conversation up to it. `ttlMs`: milliseconds, over 0. */
export function cached(content: Content, options: { readonly ttlMs?: number } = {}): Part {
  const ttlDuration = options.ttlMs === undefined ? undefined : durationOf(options.ttlMs, "ttlMs");
  return { ...partOf(content), cacheHint: { ttlDuration } };
}

/** JSON as text; text passes unchanged. */
export function jsonText(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** For callers without types; {role: "user", content: "…"} is the usual mistake. */
function isMessage(given: unknown): boolean {
  const { role, parts } = (given ?? {}) as Partial<Message>;
  return typeof role === "number" && Array.isArray(parts);
}

function turn(role: Role, content: readonly Content[]): Message {
  if (content.length === 0) throw new TypeError("a message needs at least one part");
  return { role, parts: content.map(partOf) };
}

function partOf(content: Content): Part {
  return typeof content === "string" ? { content: { $case: "text", value: content } } : content;
}

function pictureOf(part: Part): ImagePart {
  if (part.content?.$case !== "image") throw new TypeError("images are parts that image() gives");
  return part.content.value;
}

type Source = { $case: "data"; value: Uint8Array } | { $case: "uri"; value: string };

function sourceOf(source: Uint8Array | string | URL, mediaType: string | undefined): Source {
  if (source instanceof Uint8Array) {
    if (mediaType === undefined) throw new TypeError("mediaType is needed: it cannot be told from the bytes");
    return { $case: "data", value: source };
  }
  const uri = String(source);
  if (!/^(https?|data|gs|s3):/.test(uri)) throw new TypeError("a text must be a URL; give a file as its bytes");
  return { $case: "uri", value: uri };
}

const SIGNATURES: readonly (readonly [RegExp, string])[] = [
  [/^\x89PNG/, "image/png"],
  [/^\xff\xd8\xff/, "image/jpeg"],
  [/^GIF8/, "image/gif"],
  [/^RIFF[^]{4}WEBP/, "image/webp"],
];

function imageType(data: Uint8Array): string | undefined {
  const head = String.fromCharCode(...data.subarray(0, 12));
  return SIGNATURES.find(([signature]) => signature.test(head))?.[1];
}
