/** Where a sidecar can be: the forms an address may have, and what gRPC calls them. */

/** Where the sidecar listens if nothing says otherwise. */
export const DEFAULT_ADDRESS = "127.0.0.1:7650";

const UNIX = /^unix:\/\/\/[^\0]+$/;
const HOST_AND_PORT = /^(?:\[[0-9a-fA-F:.]+(?:%[^\]\s]+)?\]|[^\s:[\]/@]+):([0-9]{1,5})$/;

/**
 * The gRPC target of `host:port`, `[::1]:port` or `unix:///path`.
 *
 * @throws TypeError for anything else, a port outside of 1 to 65535 included.
 */
export function targetOf(address: string): string {
  if (UNIX.test(address)) return address;
  const port = Number(HOST_AND_PORT.exec(address)?.[1] ?? 0);
  if (port < 1 || port > 65535) {
    throw new TypeError(`the address must be host:port, [::1]:port or unix:///path, not "${address}"`);
  }
  return `dns:${address}`;
}
