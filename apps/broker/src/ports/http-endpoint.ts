export interface HttpAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** Plain HTTP for people and monitoring: GET of a few paths. */
export interface HttpEndpoint {
  /**
   * Answers GETs by `answer(path)`, undefined being 404. Rejects with an `Error` whose `code` is the system's (EADDRINUSE...) when
   * the address cannot be had.
   */
  serve(
    address: { readonly host: string; readonly port: number },
    answer: (path: string) => Promise<HttpAnswer | undefined>,
  ): Promise<HttpServing>;
}

export interface HttpServing {
  readonly port: number;
  /** Ends it with all its connections. */
  close(): Promise<void>;
}
