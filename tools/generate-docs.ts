// npm run docs: writes the pages that are made from the code.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generatedDocs } from './docs/generated-docs.ts';
import { root } from './source-files.ts';

for (const { path, render } of generatedDocs) writeFileSync(join(root, path), render());
