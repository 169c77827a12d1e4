// Bundles the CLI: one folder of ES modules, so that oclif's commands load on demand and share their chunks.
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { embedEtcdProtocol } from './embed-etcd-protocol.js';

// Elsewhere than into `bundle` only where a test asks for it.
const outdir = process.argv[2] ?? fileURLToPath(new URL('bundle', import.meta.url));
rmSync(outdir, { recursive: true, force: true });
await build({
  absWorkingDir: fileURLToPath(new URL('.', import.meta.url)),
  entryPoints: ['src/main.ts', 'src/commands.ts', 'src/help.ts'],
  outdir,
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
  plugins: [embedEtcdProtocol],
  define: { 'process.env.NODE_ENV': '"production"', 'process.env.DEV': '"false"' },
  banner: {
    js: "import { createRequire as ksCreateRequire } from 'node:module'; const require = ksCreateRequire(import.meta.url);",
  },
});
