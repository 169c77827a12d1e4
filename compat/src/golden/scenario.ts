/** Something one foreign client does against a broker whose traffic is recorded. */
export interface Scenario {
  /** The client by name and exact version. */
  readonly client: string;
  readonly what: string;
  run(bootstrap: string): Promise<unknown>;
}
