import type { Readable } from 'node:stream';

/** The chunks of a stream until it ends or the signal fires, whichever is first; the stream is closed then. */
export async function* untilInterrupted(stream: Readable, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const interrupt = (): void => void stream.destroy();
  if (signal.aborted) return;
  signal.addEventListener('abort', interrupt, { once: true });
  try {
    for await (const chunk of stream) yield chunk;
  } catch (error) {
    // A stream that is closed before its end says so by an error.
    if (!signal.aborted) throw error;
  } finally {
    signal.removeEventListener('abort', interrupt);
  }
}
