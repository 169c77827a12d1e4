/** One address to listen on or to tell clients. */
export interface Listener {
  /** Upper case, as it is named in `listener.security.protocol.map`. */
  readonly name: string;
  /** Empty: all interfaces (listening), or the name of this machine (advertised). */
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
}

/** The listeners of a configuration, checked against each other. */
export interface Listeners {
  readonly listeners: readonly Listener[];
  /** One for each of `listeners`, same name; a port of 0 stands for the bound one. */
  readonly advertised: readonly Listener[];
  readonly interBrokerListenerName: string;
}

/** What of the configuration concerns listeners. */
export interface ListenerValues {
  readonly listeners: readonly string[];
  readonly 'advertised.listeners': readonly string[] | null;
  readonly 'listener.security.protocol.map': string;
  readonly 'inter.broker.listener.name': string | null;
  readonly 'controller.listener.names': readonly string[];
}

/** The listeners, or one line that says what is wrong. */
export type ListenersResult =
  | { readonly ok: true; readonly value: Listeners; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly message: string };

const form = 'NAME://host:port';

function parseListener(text: string): Listener | undefined {
  const match = /^([A-Za-z0-9_]+):\/\/(?:\[([0-9A-Fa-f:.%]+)\]|([^:/[\]]*)):(\d{1,5})$/.exec(text);
  if (match === null) return undefined;
  const [, name = '', bracketed, plain = '', port = ''] = match;
  if (Number(port) > 65535) return undefined;
  return { name: name.toUpperCase(), host: bracketed ?? plain, port: Number(port) };
}

function parseAll(key: string, texts: readonly string[]): readonly Listener[] | string {
  const parsed: Listener[] = [];
  for (const text of texts) {
    const listener = parseListener(text);
    if (listener === undefined) return `${key}: ${JSON.stringify(text)} is not allowed; allowed: ${form}, ...`;
    if (parsed.some(({ name }) => name === listener.name)) return `${key}: ${listener.name} is named twice`;
    parsed.push(listener);
  }
  return parsed;
}

function parseProtocolMap(text: string): ReadonlyMap<string, string> {
  const pairs = text.split(',').map((pair) => pair.trim().toUpperCase().split(':'));
  return new Map(pairs.map(([name = '', protocol = '']) => [name, protocol]));
}

/** Why these listeners cannot be served, or undefined. */
function unservable(listeners: readonly Listener[], protocols: ReadonlyMap<string, string>): string | undefined {
  if (listeners.length === 0) return `listeners: at least one is needed; allowed: ${form}, ...`;
  const other = listeners.find(({ name }) => protocols.get(name) !== 'PLAINTEXT');
  if (other === undefined) return undefined;
  const protocol = protocols.get(other.name);
  return protocol === undefined
    ? `listener.security.protocol.map: ${other.name} of listeners is not in it; allowed: NAME:PLAINTEXT, ...`
    : `listeners: ${other.name} speaks ${protocol}, which ks cannot yet; allowed: PLAINTEXT`;
}

/** Parses and checks the listener keys of a broker. Listeners of a KRaft controller are left out with a warning. */
export function parseListeners(values: ListenerValues): ListenersResult {
  const all = parseAll('listeners', values.listeners);
  if (typeof all === 'string') return { ok: false, message: all };
  const told = parseAll('advertised.listeners', values['advertised.listeners'] ?? []);
  if (typeof told === 'string') return { ok: false, message: told };

  const controllers = new Set(values['controller.listener.names'].map((name) => name.toUpperCase()));
  const listeners = all.filter(({ name }) => !controllers.has(name));
  const fault = unservable(listeners, parseProtocolMap(values['listener.security.protocol.map']));
  if (fault !== undefined) return { ok: false, message: fault };

  const stray = told.find(({ name }) => !controllers.has(name) && !listeners.some((each) => each.name === name));
  if (stray !== undefined) {
    return { ok: false, message: `advertised.listeners: ${stray.name} is not one of listeners` };
  }
  const interBroker = values['inter.broker.listener.name']?.toUpperCase() ?? listeners[0]?.name ?? '';
  if (!listeners.some(({ name }) => name === interBroker)) {
    return { ok: false, message: `inter.broker.listener.name: ${interBroker} is not one of listeners` };
  }
  const advertised = listeners.map((own) => told.find(({ name }) => name === own.name) ?? own);
  const warnings = all
    .filter(({ name }) => controllers.has(name))
    .map(({ name }) => `listeners: ${name} is a controller's; ks has no KRaft controller and does not listen there`);
  return { ok: true, value: { listeners, advertised, interBrokerListenerName: interBroker }, warnings };
}
