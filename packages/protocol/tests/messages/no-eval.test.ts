import { execFileSync } from 'node:child_process';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

// A host may forbid making functions from text; then the codecs are closures.
const program = `
  import { ApiVersions, decodeResponse, encodeResponse, joinFrame } from '@ks/protocol';
  let forbidden = false;
  try { new Function('') } catch { forbidden = true }
  const apiKeys = [{ apiKey: 18, minVersion: 0, maxVersion: 5 }];
  const frame = joinFrame(encodeResponse(ApiVersions, 3, 7, { errorCode: 0, apiKeys }));
  const { body } = decodeResponse(ApiVersions, 3, frame.subarray(4));
  console.log(JSON.stringify({ forbidden, size: frame.length, apiKeys: body.apiKeys }));
`;

test('codecs work where eval is forbidden', () => {
  const output = execFileSync(
    process.execPath,
    ['--conditions=@ks/source', '--disallow-code-generation-from-strings', '--input-type=module', '-e', program],
    { cwd: fileURLToPath(new URL('../../', import.meta.url)), encoding: 'utf8' },
  );
  expect(JSON.parse(output)).toEqual({
    forbidden: true,
    size: 4 + 4 + 2 + 1 + 7 + 4 + 1,
    apiKeys: [{ apiKey: 18, minVersion: 0, maxVersion: 5 }],
  });
});
