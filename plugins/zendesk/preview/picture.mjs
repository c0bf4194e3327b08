// Takes the picture in the docs, and draws the logos: npm run picture [where.png]
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { buildSync } from "esbuild";
import { THREAD } from "./conversation.mjs";

const HERE = import.meta.dirname;
const ASSETS = join(HERE, "../app/assets");
const FOLDER = join(HERE, "../build/preview");
const PICTURE = resolve(
  process.argv[2] ?? join(HERE, "../../../docs/images/zendesk-app.png")
);
const BROWSER = process.env.CHROMIUM ?? "chromium";

/** One page without any address in it: the app itself, before a Zendesk that answers with our conversation. */
function pageOf() {
  const app = buildSync({
    entryPoints: [join(ASSETS, "app.js")],
    bundle: true,
    format: "iife",
    write: false
  }).outputFiles[0].text;
  const css = readFileSync(join(ASSETS, "app.css"), "utf8");
  const data = JSON.stringify(THREAD).replaceAll("<", "\\u003c");
  return `<!doctype html><html lang="en"><meta charset="utf-8"><style>${css}</style>
<body><main id="app"></main><script>
globalThis.ZAFClient = { init: () => ({
  metadata: async () => ({ installationId: 1, settings: { bridge_url: "https://bridge.example.com", bridge_connection: "zendesk" } }),
  get: async () => ({ "ticket.id": 35436, "currentUser.locale": "en" }),
  request: async () => (${data}),
  invoke: async () => ({}),
  on: () => {}
}) };
${app}</script></body></html>`;
}

function photograph(path, page, width, height, scale) {
  const file = join(FOLDER, "page.html");
  writeFileSync(file, page);
  execFileSync(
    BROWSER,
    [
      "--headless",
      "--no-sandbox",
      "--hide-scrollbars",
      "--default-background-color=00000000",
      `--window-size=${width},${height}`,
      `--force-device-scale-factor=${scale}`,
      `--user-data-dir=${join(FOLDER, "profile")}`,
      `--screenshot=${path}`,
      `file://${file}`
    ],
    { env: { ...process.env, TZ: "UTC" }, stdio: "ignore" }
  );
}

function logoPage() {
  const svg = readFileSync(join(HERE, "logo.svg"), "utf8");
  return `<!doctype html><style>body{margin:0}svg{display:block;width:100vw}</style>${svg}`;
}

mkdirSync(FOLDER, { recursive: true });
photograph(PICTURE, pageOf(), 360, 775, 2);
for (const [name, size] of [
  ["logo.png", 320],
  ["logo-small.png", 128]
]) {
  photograph(join(ASSETS, name), logoPage(), size, size, 1);
}
rmSync(FOLDER, { recursive: true });
