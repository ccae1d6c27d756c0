import js from "@eslint/js";
import { defineConfig, globalIgnores } from "eslint/config";
import tseslint from "typescript-eslint";

export default defineConfig(
  globalIgnores(["dist/", "build/js/", "src/gen/", "**/*.js", "**/*.mjs"]),
  js.configs.recommended,
  tseslint.configs.strictTypeChecked,
  tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: {
      parserOptions: { project: ["tsconfig.json", "tsconfig.programs.json"], tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      // An empty text means "absent" in the contract: `||` is meant where it stands.
      "@typescript-eslint/prefer-nullish-coalescing": "off",
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
    },
  },
  {
    files: ["test/**"],
    rules: {
      // node:test takes care of the promises of test() and describe().
      "@typescript-eslint/no-floating-promises": "off",
    },
  },
);
