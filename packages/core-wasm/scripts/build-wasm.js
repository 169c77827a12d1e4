// Compiles assembly/ to build/core.wasm and embeds it in src/wasm.generated.ts (ignored by git), so that there is no file to find
// at run time, built, bundled or not.
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { main } from 'assemblyscript/asc';

const baseDir = fileURLToPath(new URL('..', import.meta.url));

const { error, stderr } = await main(['--config', 'asconfig.json', '--target', 'release', '--baseDir', baseDir]);
if (error) {
  console.error(stderr.toString());
  throw error;
}

const wasm = await readFile(`${baseDir}build/core.wasm`);
const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536 });
const { exports } = new WebAssembly.Instance(new WebAssembly.Module(wasm), { env: { memory } });
await writeFile(
  `${baseDir}src/wasm.generated.ts`,
  [
    '// Made by scripts/build-wasm.js from assembly/.',
    '/** The WebAssembly module. */',
    `export const wasmBase64: string = '${wasm.toString('base64')}';`,
    '/** Bytes of memory that the module needs for itself; it must be known before the memory is made. */',
    `export const wasmScratchBytes: number = ${exports.heapStart.value};`,
    '',
  ].join('\n'),
);
console.log(`core.wasm: ${wasm.length} bytes, scratch: ${exports.heapStart.value} bytes`);
