/** What every call of the admin client takes. */
export interface AdminOptions {
  readonly signal?: AbortSignal | undefined;
}

/** What changes topics, configurations, quotas and features takes besides. */
export interface ChangeOptions extends AdminOptions {
  /** Only checks whether it could be done. */
  readonly validateOnly?: boolean | undefined;
}
