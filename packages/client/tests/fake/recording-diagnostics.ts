import type { Diagnostics } from '../../src/ports/diagnostics.ts';

/** What was told, in order, by the name of its channel. */
export class RecordingDiagnostics {
  readonly events: { readonly channel: keyof Diagnostics; readonly event: object }[] = [];
  readonly diagnostics: Diagnostics;

  /** `isHeard` false: nobody listens, and whatever is told all the same is recorded too. */
  constructor(isHeard = true) {
    const channel = (name: keyof Diagnostics) => ({
      hasSubscribers: isHeard,
      publish: (event: object) => void this.events.push({ channel: name, event }),
    });
    this.diagnostics = {
      connect: channel('connect'),
      disconnect: channel('disconnect'),
      request: channel('request'),
      throttle: channel('throttle'),
      produce: channel('produce'),
      fetch: channel('fetch'),
      consume: channel('consume'),
      assignment: channel('assignment'),
      rebalance: channel('rebalance'),
      commit: channel('commit'),
      retry: channel('retry'),
    };
  }

  of<Name extends keyof Diagnostics>(name: Name): Parameters<Diagnostics[Name]['publish']>[0][] {
    return this.events.filter(({ channel }) => channel === name).map(({ event }) => event as never);
  }
}
