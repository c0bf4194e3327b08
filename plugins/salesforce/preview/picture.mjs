// Draws the real component on a page of its own and takes its picture: npm run picture [where.png]
import { execFileSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync
} from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import lwc from "@lwc/rollup-plugin";
import replace from "@rollup/plugin-replace";
import { rollup } from "rollup";
import { DRAFT, RECORDS } from "./conversation.mjs";
import { COMPONENTS, MODULES } from "./stand-ins.mjs";

const HERE = import.meta.dirname;
const FOLDER = join(HERE, "build");
const OURS = join(HERE, "../force-app/main/default/lwc");
const PICTURE = resolve(
  process.argv[2] ?? join(HERE, "../../../docs/images/social-thread.png")
);
const BROWSER = process.env.CHROMIUM ?? "chromium";
const SLDS = dirname(
  createRequire(import.meta.url).resolve(
    "@salesforce-ux/design-system/package.json"
  )
);

const ICONS = [
  "standard/social",
  "utility/check",
  "utility/clock",
  "utility/error",
  "utility/info",
  "utility/refresh",
  "utility/success",
  "utility/warning"
];

function write(name, text) {
  const path = join(FOLDER, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** Lays our components and the stand-ins side by side, as the compiler wants them. */
function layOut() {
  cpSync(OURS, join(FOLDER, "c"), { recursive: true });
  for (const [name, { html, js }] of Object.entries(COMPONENTS)) {
    const short = name.split("/")[1];
    write(`${name}/${short}.html`, html);
    write(`${name}/${short}.js`, js);
  }
  const modules = Object.entries(MODULES).map(([name, js], index) => {
    write(`module${index}.js`, js);
    return { name, path: `module${index}.js` };
  });
  write(
    "package.json",
    JSON.stringify({
      lwc: { modules: [...modules, { dir: "." }, { npm: "lwc" }] }
    })
  );
  write(
    "main.js",
    `import { createElement } from "lwc";
import SocialThread from "c/socialThread";
const element = createElement("c-social-thread", { is: SocialThread });
element.recordId = "500000000000001AAA";
document.querySelector("main").append(element);
setTimeout(() => element.shadowRoot.querySelector("c-social-reply").write(globalThis.DRAFT, false));`
  );
}

async function compile() {
  const plugins = [
    replace({
      "process.env.NODE_ENV": '"production"',
      preventAssignment: true
    }),
    lwc({ rootDir: FOLDER })
  ];
  const bundle = await rollup({ input: join(FOLDER, "main.js"), plugins });
  const { output } = await bundle.generate({ format: "iife" });
  return output[0].code;
}

/** One page without any address in it. Salesforce's styles reach into our shadow roots, so here they must too. */
function pageOf(code) {
  const read = (path) => readFileSync(join(SLDS, "assets", path), "utf8");
  const styles = read("styles/salesforce-lightning-design-system.min.css");
  const icons = Object.fromEntries(
    ICONS.map((name) => [name, read(`icons/${name}.svg`)])
  );
  const data = (value) => JSON.stringify(value).replaceAll("<", "\\u003c");
  return `<!doctype html><meta charset="utf-8"><style>${styles}
html, body { background: #f3f3f3; } main { padding: 1rem; }</style>
<body class="slds-scope"><main></main><script>
const styles = new CSSStyleSheet();
styles.replaceSync(document.querySelector("style").textContent);
const attach = Element.prototype.attachShadow;
Element.prototype.attachShadow = function (options) {
  const root = attach.call(this, options);
  root.adoptedStyleSheets = [styles];
  return root;
};
globalThis.ICONS = ${data(icons)};
globalThis.RECORDS = ${data(RECORDS)};
globalThis.DRAFT = ${data(DRAFT)};
${code.replaceAll("</script", "<\\/script")}</script></body>`;
}

rmSync(FOLDER, { recursive: true, force: true });
layOut();
write("page.html", pageOf(await compile()));
mkdirSync(dirname(PICTURE), { recursive: true });
execFileSync(BROWSER, [
  "--headless",
  "--no-sandbox",
  "--hide-scrollbars",
  "--window-size=736,930",
  "--force-device-scale-factor=1.5",
  `--user-data-dir=${join(FOLDER, "profile")}`,
  `--screenshot=${PICTURE}`,
  `file://${join(FOLDER, "page.html")}`
]);
rmSync(FOLDER, { recursive: true });
