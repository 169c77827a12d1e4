/** One measured value of one peer. */
export interface Measurement {
  readonly scenario: string;
  readonly peer: string;
  readonly client: string;
  readonly values: Readonly<Record<string, number>>;
}

const show = (value: number): string =>
  Number.isNaN(value) ? '-' : value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);

/** Measurements as a Markdown table, one scenario after the other; the last row of each is ks divided by the other peer. */
export function renderTable(measurements: readonly Measurement[]): string {
  const out: string[] = [];
  for (const scenario of new Set(measurements.map((one) => one.scenario))) {
    const rows = measurements.filter((one) => one.scenario === scenario);
    const names = [...new Set(rows.flatMap((row) => Object.keys(row.values)))];
    out.push(`| ${scenario} | client | ${names.join(' | ')} |`, `|${'---|'.repeat(names.length + 2)}`);
    for (const row of rows)
      out.push(
        `| ${row.peer} | ${row.client} | ${names.map((name) => show(row.values[name] ?? Number.NaN)).join(' | ')} |`,
      );
    for (const client of new Set(rows.map((row) => row.client))) {
      const [first, second] = rows.filter((row) => row.client === client);
      if (first === undefined || second === undefined) continue;
      out.push(
        `| **ratio** | ${client} | ${names.map((name) => show((first.values[name] ?? Number.NaN) / (second.values[name] ?? Number.NaN))).join(' | ')} |`,
      );
    }
    out.push('');
  }
  return out.join('\n');
}
