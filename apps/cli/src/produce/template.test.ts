import { expect, test } from 'vitest';
import { CliError } from '../errors/cli-error.ts';
import { parseTemplate } from './template.ts';

test('what stands between braces is made anew for each record, the rest stays', () => {
  const template = parseTemplate('{"id":"{{uuid}}","n":{{ seq }},"f":{{int 3 5}},"s":"{{pick a b}}"} {x}');
  for (let sequence = 0; sequence < 50; sequence += 1) {
    expect(template(sequence)).toMatch(
      new RegExp(`^\\{"id":"[0-9a-f-]{36}","n":${sequence},"f":[345],"s":"[ab]"\\} \\{x\\}$`),
    );
  }
  expect(parseTemplate('{{uuid}}')(0)).not.toBe(parseTemplate('{{uuid}}')(0));
  expect(Date.parse(parseTemplate('{{now}}')(0))).toBeGreaterThan(0);
  expect(Number(parseTemplate('{{ms}}')(0))).toBeGreaterThan(0);
});

test.each(['{{}}', '{{nope}}', '{{int}}', '{{int 5 3}}', '{{int a b}}', '{{seq 1}}', '{{pick}}'])(
  '%s is refused',
  (text) => {
    expect(() => parseTemplate(text)).toThrow(CliError);
  },
);
