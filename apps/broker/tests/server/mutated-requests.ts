import { readFileSync } from 'node:fs';

interface GoldenFrame {
  readonly api: string;
  readonly direction: string;
  readonly hex: string;
}

/** Requests that foreign clients really sent, recorded by compat/src/golden/record.ts. */
const golden: readonly GoldenFrame[] = JSON.parse(
  readFileSync(new URL('../../../../packages/protocol/tests/fixtures/golden-frames.json', import.meta.url), 'utf8'),
);

/** `count` frames of real requests with bytes changed, cut or repeated; the same ones in every run. */
export function* mutatedGoldenRequests(count: number): Generator<Uint8Array> {
  let seed = 20_251_125;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((seed / 0x1_0000_0000) * below);
  };
  const requests = golden.filter(({ direction }) => direction === 'request');
  for (let turn = 0; turn < count; turn++) {
    const body = Buffer.from(requests[turn % requests.length]?.hex ?? '', 'hex');
    // API key and version stay: another one would only be refused.
    for (let changes = 1 + random(4); changes > 0; changes--) {
      const at = 4 + random(body.length - 4);
      const kind = random(4);
      if (kind === 0) body[at] = random(256);
      else if (kind === 1) body[at] = [0, 1, 0x7f, 0x80, 0xff][random(5)] ?? 0;
      else if (kind === 2 && at + 4 <= body.length)
        body.writeInt32BE([0x7fffffff, -1, -2147483648, 1_000_000][random(4)] ?? 0, at);
      else body.copyWithin(at, 4 + random(body.length - 4));
    }
    const cut = random(4) === 0 ? 8 + random(body.length - 8) : body.length;
    const frame = Buffer.alloc(4 + cut);
    frame.writeInt32BE(cut);
    body.copy(frame, 4, 0, cut);
    yield frame;
  }
}
