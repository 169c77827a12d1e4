import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

/** Makes garbage of which some lives for a while, in a process of its own, and tells how large the young generation became. */
const churn = (first: string): string => `
  import v8 from 'node:v8';
  ${first}
  let kept = [];
  for (let turn = 0; turn < 600; turn++) {
    for (let count = 0; count < 10_000; count++) kept.push({ count, also: [count] });
    if (kept.length > 20_000) kept = [];
    await new Promise((resolve) => setImmediate(resolve));
  }
  // As text: a number alone comes in colours where FORCE_COLOR asks for them.
  console.log(String(v8.getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space').space_size));
`;

async function youngBytes(first: string): Promise<number> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', churn(first)]);
  return Number(stdout);
}

test('the young generation stops growing, which it would not by itself', async () => {
  const module = new URL('./young-generation.ts', import.meta.url).href;
  const limit = `import { limitYoungGeneration } from '${module}'; limitYoungGeneration();`;
  const [limited, free] = await Promise.all([youngBytes(limit), youngBytes('')]);
  expect(limited).toBeLessThanOrEqual(33_554_432);
  expect(free).toBeGreaterThan(limited);
});
