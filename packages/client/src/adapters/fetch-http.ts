import type { Http, HttpResponse } from '../ports/http.ts';

/** More than any schema, and than any list of subjects that is read here. */
const RESPONSE_BYTES_MAX = 64 * 1024 * 1024;

/** HTTP by `fetch`: TLS, proxies and connection reuse are what the given function does, by default Node's own. */
export function fetchHttp(fetch: typeof globalThis.fetch = globalThis.fetch): Http {
  return {
    async send({ method, url, headers, body, timeoutMs, signal }) {
      const timeout = AbortSignal.timeout(timeoutMs);
      const response = await fetch(url, {
        method,
        headers,
        body: body ?? null,
        signal: signal === undefined ? timeout : AbortSignal.any([timeout, signal]),
      });
      return { status: response.status, text: await boundedText(response) } satisfies HttpResponse;
    },
  };
}

async function boundedText(response: Response): Promise<string> {
  if (response.body === null) return '';
  const decoder = new TextDecoder();
  let text = '';
  let sizeBytes = 0;
  for await (const piece of response.body) {
    sizeBytes += piece.length;
    if (sizeBytes > RESPONSE_BYTES_MAX) throw new Error(`an answer of more than ${RESPONSE_BYTES_MAX} bytes`);
    text += decoder.decode(piece, { stream: true });
  }
  return text + decoder.decode();
}
