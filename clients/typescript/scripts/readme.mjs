// Takes the programs out of README.md: the first as build/readme-source/readme.ts, the others as block-2.ts and so on.
// Fails if the first is not a program of at most ten lines of at most 100 characters.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";

const folder = new URL("../build/readme-source/", import.meta.url);
const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const [first, ...others] = [...readme.matchAll(/^```ts\n([^]*?)^```$/gm)].map((block) => block[1]);
const lines = first.trimEnd().split("\n");
if (lines.length > 10 || lines.some((line) => line.length > 100)) {
  console.error("README.md: the first program has more than ten lines, or one over 100 characters");
  process.exit(1);
}
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
writeFileSync(new URL("readme.ts", folder), first);
others.forEach((program, index) => writeFileSync(new URL(`block-${index + 2}.ts`, folder), program));
