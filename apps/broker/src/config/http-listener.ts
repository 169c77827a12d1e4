import type { Validator } from './config-def.ts';

/** Where metrics and health are served. */
export interface HttpListener {
  /** Empty: all interfaces. */
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
}

/** `host:port`, `:port`, `[::1]:port`; undefined where the text is none of them. */
export function parseHttpListener(text: string): HttpListener | undefined {
  const match = /^(?:\[([0-9A-Fa-f:.%]+)\]|([^:/[\]]*)):(\d{1,5})$/.exec(text);
  if (match === null) return undefined;
  const [, bracketed, plain = '', port = ''] = match;
  return Number(port) > 65535 ? undefined : { host: bracketed ?? plain, port: Number(port) };
}

/** What `ks.http.listener` may be. */
export const httpListenerText: Validator<string> = {
  allowed: 'host:port or :port',
  accepts: (text) => parseHttpListener(text) !== undefined,
};
