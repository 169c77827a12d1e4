export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

export interface HttpResponse {
  readonly status: number;
  readonly text: string;
}

/** Calls over HTTP. */
export interface Http {
  /** Resolves with whatever status came. Rejects when there was no answer in time, with a reason, or one beyond the adapter's limit. */
  send(request: HttpRequest): Promise<HttpResponse>;
}
