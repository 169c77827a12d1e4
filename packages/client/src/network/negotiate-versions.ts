import { type AnyApi, ApiVersions, decodeResponse, ErrorCode, type VersionRange } from '@ks/protocol';
import { errorFromCode, KafkaError } from '../kafka-error.ts';
import type { Connection } from './connection.ts';

/** The newest ApiVersions we ask with. Brokers that do not know it say what they know (KIP-511). */
const FIRST_VERSION = 4;
const SOFTWARE = { clientSoftwareName: 'ks-client', clientSoftwareVersion: '0.1.0' };

/** What a broker can speak. */
export class BrokerVersions {
  readonly #ranges: ReadonlyMap<number, VersionRange>;
  readonly #features: ReadonlyMap<string, number>;
  readonly #label: string;

  /** `features` are those that the cluster has finalized (KIP-584), by name. */
  constructor(ranges: ReadonlyMap<number, VersionRange>, label: string, features: ReadonlyMap<string, number>) {
    this.#ranges = ranges;
    this.#features = features;
    this.#label = label;
  }

  /** The level of a feature that the whole cluster has agreed on, 0 where it has not. */
  feature(name: string): number {
    return this.#features.get(name) ?? 0;
  }

  /** The highest version both sides speak, undefined where there is none. */
  highest(api: AnyApi, atLeast = 0, atMost = Number.POSITIVE_INFINITY): number | undefined {
    const theirs = this.#ranges.get(api.key);
    if (theirs === undefined) return undefined;
    const ours = api.latestVersionUnstable ? api.versions.max - 1 : api.versions.max;
    const version = Math.min(ours, theirs.max, atMost);
    return version >= Math.max(api.versions.min, theirs.min, atLeast) ? version : undefined;
  }

  /** The same, but throws UNSUPPORTED_VERSION where there is none. */
  pick(api: AnyApi, atLeast = 0, atMost = Number.POSITIVE_INFINITY): number {
    const version = this.highest(api, atLeast, atMost);
    if (version !== undefined) return version;
    const theirs = this.#ranges.get(api.key);
    const offer = theirs === undefined ? 'does not offer it' : `offers versions ${theirs.min} to ${theirs.max}`;
    throw new KafkaError(
      ErrorCode.UNSUPPORTED_VERSION,
      `${api.name} needs at least version ${Math.max(api.versions.min, atLeast)}; ${this.#label} ${offer}. Use a newer broker, or do without.`,
      { broker: this.#label },
    );
  }
}

/** Asks a fresh connection what the broker speaks. */
export async function negotiateVersions(connection: Connection, timeoutMs: number): Promise<BrokerVersions> {
  let version = FIRST_VERSION;
  for (;;) {
    const frame = await connection.requestFrame(ApiVersions, version, SOFTWARE, { timeoutMs });
    const refused = errorCodeOf(frame) === ErrorCode.UNSUPPORTED_VERSION;
    // A refusal is written as version 0, whatever was asked.
    const { body } = decodeResponse(ApiVersions, refused ? 0 : version, frame);
    if (!refused && body.errorCode !== ErrorCode.NONE) {
      throw errorFromCode(body.errorCode, undefined, { broker: connection.label });
    }
    const ranges = new Map(
      body.apiKeys.map(({ apiKey, minVersion, maxVersion }) => [apiKey, { min: minVersion, max: maxVersion }]),
    );
    const features = new Map(body.finalizedFeatures.map(({ name, maxVersionLevel }) => [name, maxVersionLevel]));
    if (!refused) return new BrokerVersions(ranges, connection.label, features);
    version = lowerVersion(ranges.get(ApiVersions.key), version, connection.label);
  }
}

function lowerVersion(offered: VersionRange | undefined, refused: number, label: string): number {
  const next = Math.min(offered?.max ?? 0, refused - 1);
  if (next >= 0) return next;
  throw new KafkaError(ErrorCode.UNSUPPORTED_VERSION, `${label} refuses every version of ApiVersions`, {
    broker: label,
  });
}

/** Behind the correlation id, the same place in every version. */
function errorCodeOf(frame: Uint8Array): number {
  return frame.length < 6 ? 0 : new DataView(frame.buffer, frame.byteOffset).getInt16(4);
}
