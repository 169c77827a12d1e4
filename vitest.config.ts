import { defaultServerConditions } from 'vite';
import { defineConfig } from 'vitest/config';

/** Without `module`: what is for bundlers only (@opentelemetry/api's 1.9 has imports without endings there) does not run in Node. */
const conditions = defaultServerConditions.filter((condition) => condition !== 'module');

export default defineConfig({
  ssr: { resolve: { conditions: ['@ks/source', ...conditions] } },
  test: {
    include: ['{src,tests}/**/*.test.{ts,tsx}', '*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**', '**/bundle/**'],
    passWithNoTests: false,
    disableConsoleIntercept: true,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Properties are tried with the same values in every CI run, so that a commit passes or fails; with new ones everywhere else.
    setupFiles: process.env['CI'] === undefined ? [] : [new URL('./tools/same-seed.ts', import.meta.url).pathname],
  },
});
