#!/usr/bin/env node
import process from 'node:process';

const major = Number(process.versions.node.split('.')[0]);
if (major < 24) {
  process.stderr.write(
    `error: ks needs Node.js 24 or newer, this is ${process.version}; npm scripts and \`npx ks\` use the one that npm ci installs\n`,
  );
  process.exit(1);
}
const { enableCompileCache } = await import('node:module');
enableCompileCache?.();
await import('../bundle/main.js');
