import { channel } from 'node:diagnostics_channel';
import type { Channel, Diagnostics } from '../ports/diagnostics.ts';

/** The events of every client in this process, as channels of `node:diagnostics_channel` that are named `ks.client.request` and so on. */
export const nodeDiagnostics: Diagnostics = {
  connect: named('connect'),
  disconnect: named('disconnect'),
  request: named('request'),
  throttle: named('throttle'),
  produce: named('produce'),
  fetch: named('fetch'),
  consume: named('consume'),
  assignment: named('assignment'),
  rebalance: named('rebalance'),
  commit: named('commit'),
  retry: named('retry'),
};

function named<Event>(name: string): Channel<Event> {
  return channel(`ks.client.${name}`);
}
