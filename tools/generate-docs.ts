// npm run docs: writes the pages that are made from the code.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { generatedDocs } from './docs/generated-docs.ts';
import { root } from './source-files.ts';

for (const { path, render } of generatedDocs) {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), render());
}
