const { defineConfig } = require("eslint/config");
const lwc = require("@salesforce/eslint-config-lwc/recommended");

module.exports = defineConfig([
  { files: ["force-app/**/lwc/**/*.js"], extends: [lwc] },
  {
    // A test emits what a wire adapter would have told; only components must not touch one in other ways.
    files: ["force-app/**/lwc/**/*.test.js"],
    rules: { "@lwc/lwc/no-unexpected-wire-adapter-usages": "off" }
  }
]);
