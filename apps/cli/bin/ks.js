#!/usr/bin/env node
import { existsSync } from 'node:fs';
import process from 'node:process';

const major = Number(process.versions.node.split('.')[0]);
if (major < 24) {
  process.stderr.write(
    `error: ks needs Node.js 24 or newer, this is ${process.version}; npm scripts and \`npx ks\` use the one that npm ci installs\n`,
  );
  process.exit(1);
}
if (!existsSync(new URL('../bundle/main.js', import.meta.url))) {
  process.stderr.write('error: ks is not built yet: npm run prepare\n');
  process.exit(1);
}
const { enableCompileCache } = await import('node:module');
enableCompileCache?.();
await import('../bundle/main.js');
