import type { RecordedFrame } from './recording-proxy.ts';

/** A frame with who sent it to whom. */
export interface Sighting extends RecordedFrame {
  readonly client: string;
  readonly broker: string;
}

/** Larger frames are left out: they say nothing that a smaller one does not. */
const bytesMax = 700;

/**
 * At most two frames of each API, version and direction: the longest, which says the most, and the shortest. Of what ks answers
 * only the longest.
 */
export function chooseFrames(sightings: readonly Sighting[]): readonly Sighting[] {
  const groups = Map.groupBy(
    sightings.filter(({ bytes }) => bytes.length <= bytesMax),
    ({ apiKey, apiVersion, direction, broker }) =>
      [apiKey, apiVersion, direction, direction === 'response' ? broker : ''].join(' '),
  );
  return [...groups.values()]
    .flatMap((group) => {
      const ordered = group.toSorted((a, b) => a.bytes.length - b.bytes.length);
      const [shortest, longest] = [ordered[0], ordered.at(-1)];
      if (shortest === undefined || longest === undefined) return [];
      const isOne = shortest.bytes.length === longest.bytes.length;
      return isOne || (longest.broker === 'ks' && longest.direction === 'response') ? [longest] : [shortest, longest];
    })
    .toSorted((a, b) => a.apiKey - b.apiKey || a.apiVersion - b.apiVersion || a.direction.localeCompare(b.direction));
}
