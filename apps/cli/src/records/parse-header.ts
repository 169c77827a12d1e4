import { CliError } from '../errors/cli-error.ts';
import { ExitCode } from '../errors/exit-codes.ts';
import type { HeaderView } from './record-view.ts';

/** Parses `-H`: `name:value` (rpk) or `name=value` (kcat), whichever sign comes first. */
export function parseHeader(text: string): HeaderView {
  const at = text.search(/[:=]/);
  if (at <= 0)
    throw new CliError(`header ${JSON.stringify(text)} is neither name:value nor name=value`, {
      exitCode: ExitCode.USAGE,
    });
  return { key: text.slice(0, at), value: new TextEncoder().encode(text.slice(at + 1)) };
}
