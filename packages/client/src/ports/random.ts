/** The only source of chance. */
export interface Random {
  /** A whole number in [0, bound). */
  int(bound: number): number;
}
