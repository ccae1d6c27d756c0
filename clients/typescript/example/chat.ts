/**
 * A small chat that shows failovers as they happen.
 *
 * Usage: node chat.js [MODEL], with a sidecar running; an empty line or Ctrl-D ends it, Ctrl-C stops an answer.
 */

import { createInterface } from "node:readline/promises";
import { Client, type Event, type Message, RemoraError, user } from "@remora-llm/client";

const remora = new Client();
const lines = createInterface({ input: process.stdin, output: process.stdout, prompt: "> " });
const model = process.argv[2];
const conversation: Message[] = [];

lines.prompt();
for await (const line of lines) {
  if (line.trim() === "") break;
  conversation.push(user(line));
  const answer = await answered();
  if (answer === undefined) conversation.pop();
  else conversation.push(answer);
  lines.prompt();
}
lines.close();
remora.close();

/** Streams an answer; the turn to append, or undefined if the call failed. */
async function answered(): Promise<Message | undefined> {
  const stopping = new AbortController();
  const stop = () => {
    stopping.abort();
  };
  lines.once("SIGINT", stop);
  const stream = remora.chat(model, conversation, { includeAttempts: true, signal: stopping.signal });
  try {
    for await (const event of stream) process.stdout.write(shown(event, stream.textSoFar));
  } catch (error) {
    if (!(error instanceof RemoraError)) throw error;
    process.stdout.write(`\n[${error.kind}: ${error.message}]`);
  } finally {
    lines.off("SIGINT", stop);
    process.stdout.write("\n");
  }
  return stream.message;
}

/** What an event looks like on a terminal; `text` is the answer so far. */
function shown(event: Event, text: string): string {
  switch (event.kind) {
    case "textDelta":
      return event.text;
    case "attempt": {
      const { target, reason } = event.attempt;
      return reason === undefined ? "" : `[${target.provider}/${target.model} failed: ${reason}]\n`;
    }
    case "resumed":
      return `[${event.target.provider}/${event.target.model} goes on]`;
    case "restarted":
    case "partDiscarded":
      return `\n[void; what holds:] ${text}`;
    case "completed":
      return event.failedOver ? `\n[answered by ${event.target.provider}/${event.target.model}]` : "";
    default:
      return "";
  }
}
