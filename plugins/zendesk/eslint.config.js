import js from "@eslint/js";
import globals from "globals";

export default [
  { ignores: ["build/"] },
  js.configs.recommended,
  {
    rules: {
      complexity: ["error", 10],
      curly: "error",
      eqeqeq: "error",
      "no-var": "error",
      "prefer-const": "error",
      // What customers wrote is text, and never becomes markup or a program.
      "no-restricted-properties": [
        "error",
        ...["innerHTML", "outerHTML", "insertAdjacentHTML", "write"].map(
          (property) => ({ property, message: "Use textContent." })
        )
      ]
    }
  },
  {
    files: ["app/assets/**"],
    languageOptions: { globals: { ...globals.browser, ZAFClient: "readonly" } }
  },
  {
    files: ["preview/**", "tests/**"],
    languageOptions: { globals: globals.node }
  }
];
