import fc from 'fast-check';

// Vitest's set-up file under CI: see vitest.config.ts.
fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: 20_261_125 });
