import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { root, type SourceFile, sourceFiles } from './source-files.ts';

// The rules of docs/architecture.md as a test: who may import whom, and which names may not appear outside adapters.

const packages: Readonly<Record<string, readonly string[]>> = {
  'packages/core-wasm': [],
  'packages/protocol': ['@ks/core-wasm'],
  'packages/client': ['@ks/protocol', '@ks/core-wasm'],
  'packages/testing': ['@ks/broker', '@ks/client'],
  'apps/broker': ['@ks/protocol', '@ks/core-wasm'],
  'apps/cli': ['@ks/client', '@ks/broker', '@ks/protocol', '@ks/core-wasm'],
};

const isTest = (path: string): boolean => /\.test(-d|-support)?\.tsx?$/.test(path) || path.includes('/tests/');
const all = sourceFiles('.');
const production = all.filter((file) => !isTest(file.path));

/** What packages export beside themselves: each one's `exports`. */
const doors = new Set(
  Object.keys(packages).flatMap((folder) => {
    const text = readFileSync(join(root, folder, 'package.json'), 'utf8');
    const { name, exports = {} } = JSON.parse(text) as { name: string; exports?: Record<string, unknown> };
    return Object.keys(exports).map((door) => name + door.slice(1));
  }),
);

function offences(files: readonly SourceFile[], judge: (file: SourceFile) => readonly string[]): string[] {
  return files.flatMap((file) => judge(file).map((what) => `${file.path}: ${what}`));
}

describe('packages', () => {
  for (const [folder, allowed] of Object.entries(packages)) {
    test(`${folder} imports only ${allowed.join(', ') || 'nothing of ks'}`, () => {
      const found = offences(
        production.filter((file) => file.path.startsWith(`${folder}/src/`)),
        (file) =>
          file.imports.filter((name) => {
            if (name.startsWith('@ks/')) return !allowed.some((door) => name === door || name.startsWith(`${door}/`));
            return /^(packages|apps|bench|compat|tools)\//.test(name) && !name.startsWith(`${folder}/`);
          }),
      );
      expect(found).toEqual([]);
    });
  }

  test('only the doors of a package are imported', () => {
    const found = offences(all, (file) =>
      file.imports.filter((name) => /^@ks\/[^/]+\//.test(name) && !doors.has(name)),
    );
    expect(found).toEqual([]);
  });

  test('nothing reads the shared folder but conformance tests', () => {
    const found = offences(production, (file) => (file.text.includes('shared/kafka') ? ['names shared/kafka'] : []));
    expect(found).toEqual([]);
  });
});

type Layer = { readonly may: readonly string[]; readonly node?: boolean };
const broker = 'apps/broker/src/';
const layers: Readonly<Record<string, Layer>> = {
  core: { may: ['core', 'ports'] },
  storage: { may: ['storage', 'ports'] },
  runtime: { may: ['runtime', 'core', 'storage', 'ports', 'config'] },
  handlers: { may: ['handlers', 'runtime', 'server', 'ports', 'config', 'core'] },
  server: { may: ['server', 'handlers', 'ports', 'config'] },
  adapters: { may: ['adapters', 'ports'], node: true },
  ports: { may: ['ports'] },
  config: { may: ['config', 'ports', 'storage'] },
};

describe('layers of the broker', () => {
  for (const [layer, rule] of Object.entries(layers)) {
    test(`${layer}/ imports only ${rule.may.join(', ')}`, () => {
      const files = production.filter((file) => file.path.startsWith(`${broker}${layer}/`));
      expect(files.length).toBeGreaterThan(0);
      const found = offences(files, (file) =>
        file.imports.filter((name) => {
          if (name.startsWith('node:')) return rule.node !== true;
          if (!name.startsWith(broker)) return false;
          return !rule.may.includes(name.slice(broker.length).split('/')[0] ?? '');
        }),
      );
      expect(found).toEqual([]);
    });
  }

  test('a state machine of core does not import another, but for metadata', () => {
    const found = offences(
      production.filter((file) => file.path.startsWith(`${broker}core/`)),
      (file) => {
        const own = file.path.slice(`${broker}core/`.length).split('/')[0];
        return file.imports.filter((name) => {
          if (!name.startsWith(`${broker}core/`)) return false;
          const other = name.slice(`${broker}core/`.length).split('/')[0];
          // A file of core itself is a contract that machines share, such as replicated-state.ts.
          return other !== own && other !== 'metadata' && !(other ?? '').endsWith('.ts');
        });
      },
    );
    expect(found).toEqual([]);
  });

  test('core has no promises', () => {
    const files = production.filter((file) => file.path.startsWith(`${broker}core/`));
    expect(offences(files, (file) => file.code.match(/\basync\b|\bawait\b|\bPromise\b/g) ?? [])).toEqual([]);
  });

  test('a handler imports no other handler', () => {
    const files = production.filter(
      (file) => file.path.startsWith(`${broker}handlers/`) && !file.path.includes('/shared/'),
    );
    const framework = ['handler.ts', 'index.ts', 'broker-services.ts'];
    const found = offences(files, (file) => {
      if (file.path.endsWith('/handlers/index.ts')) return [];
      return file.imports.filter((name) => {
        if (!name.startsWith(`${broker}handlers/`) || name.includes('/shared/')) return false;
        return !framework.includes(name.slice(`${broker}handlers/`.length)) || name.endsWith('/index.ts');
      });
    });
    expect(found).toEqual([]);
  });

  test('sim imports no adapter that touches the real world', () => {
    const found = offences(
      production.filter((file) => file.path.startsWith(`${broker}sim/`)),
      (file) =>
        file.imports.filter((name) => name.startsWith(`${broker}adapters/`) && !name.endsWith('/memory-files.ts')),
    );
    expect(found).toEqual([]);
  });
});

const banned: readonly (readonly [RegExp, string])[] = [
  [/\bDate\s*\.\s*now\b|\bnew\s+Date\b/, 'Date: use the Clock port'],
  [/\bperformance\s*\.\s*now\b/, 'performance.now: use the Clock port'],
  [/\bMath\s*\.\s*random\b/, 'Math.random: use the Random port'],
  [/\bset(Timeout|Interval|Immediate)\s*\(/, 'timers: use the Clock port'],
  [/\bqueueMicrotask\s*\(/, 'queueMicrotask: use the Clock port'],
  [/\bconsole\s*\./, 'console: use the Logger port'],
  [/\bprocess\s*\./, 'process: main.ts and adapters alone'],
];

/** Folders whose code runs under simulation, so that every effect must come in through a port. */
const injected = production.filter(
  (file) =>
    /^(apps\/broker|packages\/[^/]+)\/src\//.test(file.path) &&
    !file.path.includes('/adapters/') &&
    !/\/(main|soak|sim\/settle)\.ts$/.test(file.path),
);

describe('words', () => {
  for (const [pattern, message] of banned) {
    test(message, () => {
      // The simulation's step boundary is the one allowed use of setImmediate: architecture.md, Simulation.
      const files = injected.filter(
        (file) => !(pattern.source.includes('Immediate') && file.path.includes('/src/sim/')),
      );
      expect(offences(files, (file) => (pattern.test(file.code) ? [message] : []))).toEqual([]);
    });
  }

  test('a file is named after the one thing it holds', () => {
    const found = all
      .filter((file) => /(^|\/)(utils?|helpers?|common|misc|shared)\.tsx?$/.test(file.path))
      .map((file) => file.path);
    expect(found).toEqual([]);
  });

  test('no test is switched off by hand', () => {
    const found = offences(
      all.filter((file) => isTest(file.path)),
      (file) => file.code.match(/\b(it|test|describe)\.(only|todo|skip)\b/g) ?? [],
    );
    expect(found).toEqual([]);
  });

  test('no path of one machine is written down', () => {
    const own = `${['', 'work', 'main'].join('/')}`;
    expect(offences(all, (file) => (file.text.includes(own) ? [own] : []))).toEqual([]);
  });
});

describe('the Node that runs this', () => {
  test('is the pinned one', () => {
    expect(process.version).toMatch(/^v24\./);
  });
});
