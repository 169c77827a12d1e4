import { usage } from '../errors/usage.ts';
import { parseFormat } from '../format/parse-format.ts';
import { toKcatEnvelope } from '../kcat/kcat-envelope.ts';
import { parseKcatFormat } from '../kcat/kcat-format.ts';
import { toEnvelope } from '../records/envelope.ts';
import { toRpkEnvelope } from '../records/rpk-envelope.ts';
import { type BatchPrinter, formatPrinter, linePrinter, piecesPrinter } from './print-batch.ts';

/** Whose JSON `-J` prints. */
export const envelopeKinds = ['ks', 'kcat', 'rpk'] as const;

/** What the flags say about how records are printed. */
export interface PrinterFlags {
  readonly format: string;
  readonly ndjson: boolean;
  readonly envelope: (typeof envelopeKinds)[number] | undefined;
  readonly 'pretty-print': boolean;
  readonly 'meta-only': boolean;
  /** kcat's tokens instead of rpk's verbs. */
  readonly kcat: boolean;
}

/** The printer that the flags ask for. `brokerOf` gives the leader of a partition. Throws a usage error for a wrong format. */
export function printerOf(flags: PrinterFlags, brokerOf: (topic: string, partition: number) => number): BatchPrinter {
  const isMetaOnly = flags['meta-only'];
  if (flags.ndjson || isMetaOnly || flags.envelope !== undefined) {
    const kind = flags.envelope ?? (flags.kcat ? 'kcat' : 'ks');
    if (kind === 'kcat') return linePrinter((record) => toKcatEnvelope(record, brokerOf));
    if (kind === 'rpk') return linePrinter((record) => toRpkEnvelope(record, flags['pretty-print'], isMetaOnly));
    return linePrinter((record) => toEnvelope(record, isMetaOnly));
  }
  if (!flags.kcat) return formatPrinter(usage(() => parseFormat(flags.format)));
  const write = usage(() => parseKcatFormat(flags.format, { showsNull: false }));
  return piecesPrinter((record, _, out) => write(record, out));
}
