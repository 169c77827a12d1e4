import { advertisedVersions, brokerVersions, type VersionRange } from '@ks/protocol';
import type { AdvertisedApi } from './broker-services.ts';
import type { Handler } from './handler.ts';

function intersection(a: VersionRange, b: VersionRange): VersionRange {
  return { min: Math.max(a.min, b.min), max: Math.min(a.max, b.max) };
}

/** What the handler serves and says that it serves: its own range within the target release's. */
function advertise({ api, options }: Handler): AdvertisedApi {
  const release = brokerVersions.get(api.key);
  const told = advertisedVersions.get(api.key);
  if (release === undefined || told === undefined)
    throw new Error(`no broker of the target release serves ${api.name}`);
  const own = options.versions ? { min: options.versions[0], max: options.versions[1] } : release;
  const served = intersection(own, release);
  // Where the release tells more than it serves (Produce), ks does too, unless it begins later than the release.
  const min = served.min === release.min ? told.min : served.min;
  return { apiKey: api.key, name: api.name, served, advertised: { min, max: served.max } };
}

/** ApiVersions' list of these handlers, by ascending key. */
export function advertisedApis(handlers: readonly Handler[]): readonly AdvertisedApi[] {
  return handlers.map(advertise).sort((a, b) => a.apiKey - b.apiKey);
}
