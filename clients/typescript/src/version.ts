/** The version of this client; package.json has the same. */
export const VERSION = "0.1.0" as string;
