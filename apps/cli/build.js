// Bundles the CLI: one folder of ES modules, so that oclif's commands load on demand and share their chunks.
import { rmSync } from 'node:fs';
import { build } from 'esbuild';

rmSync(new URL('bundle', import.meta.url), { recursive: true, force: true });
await build({
  absWorkingDir: new URL('.', import.meta.url).pathname,
  entryPoints: ['src/main.ts', 'src/commands.ts'],
  outdir: 'bundle',
  bundle: true,
  splitting: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  jsx: 'automatic',
  sourcemap: 'linked',
  legalComments: 'none',
  conditions: ['@ks/source'],
  external: ['react-devtools-core'],
  define: { 'process.env.NODE_ENV': '"production"', 'process.env.DEV': '"false"' },
  banner: {
    js: "import { createRequire as ksCreateRequire } from 'node:module'; const require = ksCreateRequire(import.meta.url);",
  },
});
