// Makes core/src/kontora/web/static/vendor from the packages that package-lock.json pins.
// Two runs give the same bytes; `--check` compares with what is committed and writes nothing.

import { createHash } from 'node:crypto';
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import * as esbuild from 'esbuild';
import { PurgeCSS } from 'purgecss';
import { attributes, classes, states } from './tabler-classes.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const target = join(here, '../core/src/kontora/web/static/vendor');
const modules = (path) => join(here, 'node_modules', path);
const text = (path) => readFile(path, 'utf8');

async function version(name) {
  return JSON.parse(await text(modules(`${name}/package.json`))).version;
}

/** htmx as its authors publish it, without the pointer to a source map that we do not serve. */
async function htmx() {
  const source = await text(modules('htmx.org/dist/htmx.min.js'));
  return source.replace(/\n?\/\/# sourceMappingURL=.*\s*$/, '\n');
}

/** The promised part of Tabler, in a cascade layer: our own rules win whatever their weight. */
async function tabler() {
  const raw = await text(modules('@tabler/core/dist/css/tabler.css'));
  const [result] = await new PurgeCSS().purge({
    content: [{ raw: attributes, extension: 'html' }],
    css: [{ raw: raw.replace(/\/\*# sourceMappingURL=.*?\*\//, '') }],
    safelist: { standard: [...classes, ...states] },
    keyframes: true,
    variables: true,
    fontFace: true,
  });
  const body = result.css.replace(/^@charset[^;]*;/, '').replace(/^\/\*![\s\S]*?\*\//, '');
  const layered = `@layer tabler{${body}}`;
  const { code } = await esbuild.transform(layered, {
    loader: 'css', minify: true, target: 'esnext', legalComments: 'none',
  });
  return `/* Tabler ${await version('@tabler/core')}, MIT; a part of it, see VENDOR.md */\n${code}`;
}

/** One sprite; every symbol is the outline icon of that name, its stroke left to our styles. */
async function icons() {
  const names = (await text(join(here, 'icons.txt'))).split('\n').filter(Boolean);
  const symbols = await Promise.all(names.map(async (name) => {
    const svg = await text(modules(`@tabler/icons/icons/outline/${name}.svg`));
    const shapes = svg.replace(/^[\s\S]*?<svg[^>]*>/, '').replace(/<\/svg>\s*$/, '')
      .replace(/<path stroke="none" d="M0 0h24v24H0z" fill="none"\s*\/>/, '')
      .replace(/\s*\n\s*/g, '').replace(/ \/>/g, '/>');
    return `<symbol id="${name}" viewBox="0 0 24 24">${shapes}</symbol>`;
  }));
  return `<svg xmlns="http://www.w3.org/2000/svg">\n${symbols.join('\n')}\n</svg>\n`;
}

async function licences() {
  const parts = [
    ['htmx.org', await text(modules('htmx.org/LICENSE'))],
    ['@tabler/icons', await text(modules('@tabler/icons/LICENSE'))],
    ['@tabler/core (with Bootstrap inside)', await text(join(here, 'licences/tabler.txt'))],
  ];
  return parts.map(([name, body]) => `== ${name} ==\n\n${body.trim()}\n`).join('\n');
}

function vendorPage(rows) {
  const lines = rows.map((r) => `| ${r.file} | ${r.from} | ${r.licence} | ${r.size} / ${r.packed} | \`${r.sha}\` |`);
  return `# What we did not write

Made by \`npm run build\` in \`frontend/\` from the versions that its lock file pins; do not edit by
hand. \`npm run check\` says whether this folder is what that build gives. Licence texts:
\`LICENCES.txt\`. Sizes in bytes, plain / gzip.

| file | from | licence | size | sha256 |
| --- | --- | --- | --- | --- |
${lines.join('\n')}
`;
}

async function build() {
  const [v1, v2, v3] = await Promise.all(['htmx.org', '@tabler/core', '@tabler/icons'].map(version));
  const made = [
    { file: 'htmx.js', from: `htmx.org ${v1}`, licence: '0BSD', body: await htmx() },
    { file: 'tabler.css', from: `@tabler/core ${v2}, a part`, licence: 'MIT', body: await tabler() },
    { file: 'icons.svg', from: `@tabler/icons ${v3}, the names in frontend/icons.txt`, licence: 'MIT', body: await icons() },
  ];
  const files = new Map();
  const rows = made.map(({ body, ...row }) => {
    const bytes = Buffer.from(body);
    const packed = gzipSync(bytes, { level: 9 });
    packed[9] = 255; // the "made on" byte would differ between systems
    files.set(row.file, bytes).set(`${row.file}.gz`, packed);
    const sha = createHash('sha256').update(bytes).digest('hex');
    return { ...row, size: bytes.length, packed: packed.length, sha };
  });
  files.set('VENDOR.md', Buffer.from(vendorPage(rows)));
  files.set('LICENCES.txt', Buffer.from(await licences()));
  return files;
}

async function check(files) {
  const wrong = [];
  for (const [name, bytes] of files) {
    const there = await readFile(join(target, name)).catch(() => null);
    // Another zlib may pack the same bytes differently; only what is packed has to be equal.
    if (!name.endsWith('.gz') && !(there && there.equals(bytes))) wrong.push(name);
  }
  if (wrong.length === 0) return console.log('static/vendor is what the build gives');
  console.error(`differs from the build: ${wrong.join(', ')}; run "npm run build" and commit`);
  process.exitCode = 1;
}

const files = await build();
if (process.argv.includes('--check')) await check(files);
else {
  await mkdir(target, { recursive: true });
  for (const old of await readdir(target)) if (!files.has(old)) await rm(join(target, old), { recursive: true });
  for (const [name, bytes] of files) await writeFile(join(target, name), bytes);
  for (const [name, bytes] of files) console.log(String(bytes.length).padStart(8), name);
}
