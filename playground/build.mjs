// Bundles the page into dist/. Run by build.sh.
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { build } from 'esbuild';

/** Changes made to the text of a package, so that nothing else has to be forked. The build fails if one no longer fits. */
const PATCHES = [
  {
    // A tab is called after the comment in its first line, if there is one, instead of after its operation.
    file: /@graphiql\/react\/dist\/utility\/tabs\.js$/,
    replace: [
      ['title: operationName || DEFAULT_TITLE,\n\t\tquery,\n\t\tvariables,\n\t\theaders,\n\t\toperationName,', 'title: commentName(query) || operationName || DEFAULT_TITLE,\n\t\tquery,\n\t\tvariables,\n\t\theaders,\n\t\toperationName,'],
      ['title: newTab.operationName ||', 'title: commentName(newTab.query) || newTab.operationName ||'],
      ['function guid() {', 'function commentName(query) {\n\treturn /^#[ \\t]*(\\S.{0,39})$/m.exec((query ?? "").split("\\n", 1)[0])?.[1] ?? null;\n}\nfunction guid() {'],
    ],
  },
  {
    // JSON is laid out by jsonc-parser, which is there anyway, instead of by prettier with babel (700 kB).
    file: /@graphiql\/react\/dist\/utility\/jsonc\.js$/,
    replace: [
      ['import { parse, printParseErrorCode }', 'import { applyEdits, format, parse, printParseErrorCode }'],
      [
        /async function formatJSONC\(content\) \{[\s\S]*?\n\}\n/,
        'async function formatJSONC(content) {\n\treturn applyEdits(content, format(content, undefined, { tabSize: 2, insertSpaces: true }));\n}\n',
      ],
    ],
  },
];

const patches = {
  name: 'patches',
  setup({ onLoad }) {
    for (const { file, replace } of PATCHES) {
      onLoad({ filter: file }, async ({ path }) => {
        let contents = await readFile(path, 'utf8');
        for (const [from, to] of replace) {
          const before = contents;
          contents = contents.replace(from, () => to);
          if (contents === before) throw new Error(`${path} has no ${from}`);
        }
        return { contents, loader: 'js' };
      });
    }
  },
};

/** The licence texts of every package that has a file in the bundle: minifying drops the notices in the files themselves. */
async function licences(inputs) {
  const roots = inputs.map((file) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1]).filter(Boolean);
  const parts = [];
  for (const root of [...new Set(roots)].sort()) {
    const { name, version, license } = JSON.parse(await readFile(`${root}/package.json`, 'utf8'));
    const files = (await readdir(root)).filter((file) => /^(licen[cs]e|notice|thirdpartynotices)/i.test(file)).sort();
    const texts = await Promise.all(files.map((file) => readFile(`${root}/${file}`, 'utf8')));
    parts.push([`${name} ${version} (${license})`, ...texts.map((text) => text.trim())].join('\n\n'));
  }
  return parts.join(`\n\n${'-'.repeat(79)}\n\n`) + '\n';
}

await rm('dist', { recursive: true, force: true });
await mkdir('dist');
const { metafile } = await build({
  entryPoints: {
    main: 'src/main.jsx',
    'editor.worker': 'monaco-editor/esm/vs/editor/editor.worker.js',
    'json.worker': 'monaco-editor/esm/vs/language/json/json.worker.js',
    'graphql.worker': 'monaco-graphql/esm/graphql.worker.js',
  },
  outdir: 'dist',
  chunkNames: 'chunk-[hash]',
  assetNames: '[name]',
  bundle: true,
  splitting: true,
  format: 'esm',
  target: 'es2022',
  minify: true,
  jsx: 'automatic',
  loader: { '.ttf': 'file' },
  define: { 'process.env.NODE_ENV': '"production"' },
  legalComments: 'none',
  logLevel: 'info',
  metafile: true,
  // The one file of prettier under its older name, whose exports the bundler cannot see.
  alias: { 'prettier/parser-graphql': 'prettier/plugins/graphql' },
  plugins: [patches],
});
// What is imported statically has its styles in main.css; the copies of them that go with later imports are never asked for.
for (const file of await readdir('dist')) if (/^chunk-.*\.css$/.test(file)) await rm(`dist/${file}`);
await writeFile('dist/licences.txt', await licences(Object.keys(metafile.inputs)));
for (const file of ['index.html', 'favicon.svg']) await copyFile(`src/${file}`, `dist/${file}`);
if (process.argv.includes('--analyze')) {
  const { analyzeMetafile } = await import('esbuild');
  console.log(await analyzeMetafile(metafile));
}
