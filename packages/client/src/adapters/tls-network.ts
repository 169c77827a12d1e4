import { isIP, type OnReadOpts } from 'node:net';
import tls from 'node:tls';
import { ClientErrorCode, KafkaError } from '../kafka-error.ts';
import type { Network } from '../ports/network.ts';
import { onread, opened } from './node-socket.ts';

/** How brokers are known to be who they say, and the client to them. Certificates and keys are PEM. */
export interface TlsOptions {
  /** Who may have signed the brokers' certificates. Default: the authorities that Node knows. */
  readonly ca?: string | Uint8Array | readonly (string | Uint8Array)[] | undefined;
  /** The client's own certificate, with those that lead to its authority, and its key (mutual TLS). */
  readonly cert?: string | Uint8Array | undefined;
  readonly key?: string | Uint8Array | undefined;
  /** What the key is encrypted with, if it is. */
  readonly passphrase?: string | undefined;
  /** The name that the brokers' certificates must have, in place of the host that is connected to. */
  readonly servername?: string | undefined;
  /** Whether a certificate that cannot be verified ends the connection. Default true; without it anyone can listen in. */
  readonly rejectUnauthorized?: boolean | undefined;
  /** Default: what Node allows, TLS 1.2. */
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3' | undefined;
}

/** TCP under TLS. Throws INVALID_ARGUMENT for certificates or keys that cannot be read. */
export function tlsNetwork(options: TlsOptions): Network {
  const { servername, rejectUnauthorized = true } = options;
  const secureContext = contextOf(options);
  return {
    connect({ host, port }, timeoutMs, events) {
      const connection: tls.ConnectionOptions & { readonly onread: OnReadOpts } = {
        host,
        port,
        secureContext,
        rejectUnauthorized,
        // Proxies choose the broker by it; an address is no name.
        servername: servername ?? (isIP(host) === 0 ? host : ''),
        // Documented, but not in @types/node.
        onread: onread(events),
      };
      const socket = tls.connect(connection);
      // tls.connect does not pass these on to its socket.
      socket.setNoDelay(true);
      socket.setKeepAlive(true);
      return opened(socket, 'secureConnect', timeoutMs, events, explained);
    },
  };
}

function contextOf({ ca, cert, key, passphrase, minVersion }: TlsOptions): tls.SecureContext {
  try {
    return tls.createSecureContext({
      ...(ca !== undefined && { ca: (Array.isArray(ca) ? ca : [ca]).map(pem) }),
      ...(cert !== undefined && { cert: pem(cert) }),
      ...(key !== undefined && { key: pem(key) }),
      ...(passphrase !== undefined && { passphrase }),
      ...(minVersion !== undefined && { minVersion }),
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new KafkaError(
      ClientErrorCode.INVALID_ARGUMENT,
      `tls: the certificates or the key cannot be used: ${reason}`,
      { cause: error },
    );
  }
}

function pem(given: string | Uint8Array): string | Buffer {
  return typeof given === 'string' ? given : Buffer.from(given);
}

/** Errors by which one side refuses the other; everything else may be the network. */
const refusals = /^(ERR_SSL_|ERR_TLS_|ERR_OSSL_|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|HOSTNAME_MISMATCH|EPROTO)/;

function explained(error: Error & { readonly code?: unknown }): Error {
  const code = typeof error.code === 'string' ? error.code : '';
  if (!refusals.test(code)) return error;
  return new KafkaError(ClientErrorCode.TLS_FAILED, `${hintOf(code)} (${code}: ${error.message})`, {
    retriable: false,
    cause: error,
  });
}

function hintOf(code: string): string {
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG')
    return 'it does not speak TLS on this port: use the port of its SSL listener, or leave tls out';
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID' || code === 'HOSTNAME_MISMATCH')
    return 'its certificate is for another name: set tls.servername, or connect by that name';
  if (code.includes('ALERT')) return "it refuses the client's certificate or ciphers: check tls.cert and tls.key";
  return 'its certificate cannot be verified: set tls.ca to the authority that signed it';
}
