// Builds what a site loads: nindy.js (the launcher), chat-<hash>.js (on first open) and nindy.css
// (only for browsers without constructable style sheets). Same sources, same bytes.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { parse } from "yaml";

const here = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2] ?? join(here, "../bot/channels/webchat/static");
const { words } = parse(readFileSync(join(here, "../data/webchat/words.yml"), "utf8"));
// The oldest browsers: those of 2020 (docs/webchat.md).
const browsers = ["chrome86", "firefox78", "safari14"];
const notice = "/* Nindy's web chat. Apache-2.0. Built from webchat/, do not edit. */";

/** The minified text of a style sheet, as the default export of its module. */
const sheets = {
  name: "sheets",
  setup(bundler) {
    bundler.onLoad({ filter: /\.css$/ }, async ({ path }) => ({
      contents: (await style(path)).trim(),
      loader: "text",
    }));
  },
};

async function style(path) {
  const made = await build({ entryPoints: [path], minify: true, write: false, target: browsers });
  return made.outputFiles[0].text;
}

async function script(name, format, define = {}) {
  const made = await build({
    absWorkingDir: here,
    entryPoints: [`src/${name}.ts`],
    bundle: true,
    minify: true,
    write: false,
    charset: "utf8",
    legalComments: "none",
    banner: { js: notice },
    plugins: [sheets],
    target: "es2019",
    format,
    define,
  });
  return made.outputFiles[0].text;
}

const chat = await script("chat", "esm");
const hash = createHash("sha256").update(chat).digest("hex").slice(0, 12);
const launcher = await script("launcher", "iife", {
  CHAT_FILE: JSON.stringify(`chat-${hash}.js`),
  LAUNCHER_WORD: JSON.stringify(words.launcher),
  FAILED_WORD: JSON.stringify(words.error_unknown),
});
const css = [await style(join(here, "src/launcher.css")), await style(join(here, "src/chat.css"))];

mkdirSync(out, { recursive: true });
for (const name of readdirSync(out)) {
  if (/^(nindy\.js|nindy\.css|chat-[0-9a-f]+\.js)$/.test(name)) rmSync(join(out, name));
}
writeFileSync(join(out, "nindy.js"), launcher);
writeFileSync(join(out, `chat-${hash}.js`), chat);
writeFileSync(join(out, "nindy.css"), css.join(""));
