/** The methods of the sidecar that the client calls: path, and bytes out and in. */

import { type MessageFns, ChatServiceDefinition } from "./gen/remora/v1/chat.js";
import { HealthDefinition } from "./gen/grpc/health/v1/health.js";
import { HealthServiceDefinition } from "./gen/remora/v1/health.js";

/** One method of a service. */
export interface Method<Request, Response> {
  /** Such as `/remora.v1.ChatService/Chat`. */
  readonly path: string;
  readonly encode: (request: Request) => Uint8Array;
  readonly decode: (bytes: Uint8Array) => Response;
}

interface Definition<Request, Response> {
  readonly name: string;
  readonly requestType: Pick<MessageFns<Request>, "encode">;
  readonly responseType: Pick<MessageFns<Response>, "decode">;
}

function method<Request, Response>(
  service: { readonly fullName: string },
  { name, requestType, responseType }: Definition<Request, Response>,
): Method<Request, Response> {
  return {
    path: `/${service.fullName}/${name}`,
    encode: (request) => requestType.encode(request).finish(),
    decode: (bytes) => responseType.decode(bytes),
  };
}

const chat = ChatServiceDefinition;
const health = HealthServiceDefinition;

export const CHAT = method(chat, chat.methods.chat);
export const COMPLETE = method(chat, chat.methods.complete);
export const EMBED = method(chat, chat.methods.embed);
export const LIST_MODELS = method(chat, chat.methods.listModels);
export const HEALTH = method(health, health.methods.health);
export const RESET_HEALTH = method(health, health.methods.resetHealth);
export const GET_REPORT = method(health, health.methods.getReport);
export const CHECK = method(HealthDefinition, HealthDefinition.methods.check);
