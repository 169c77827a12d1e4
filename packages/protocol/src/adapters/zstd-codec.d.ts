declare module 'zstd-codec/lib/module.js' {
  const module: { run(ready: (binding: never) => void): void };
  export = module;
}
