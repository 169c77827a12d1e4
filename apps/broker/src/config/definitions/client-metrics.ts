import { int, list, type Validator } from '../config-def.ts';

const SELECTORS: readonly string[] = [
  'client_id',
  'client_instance_id',
  'client_software_name',
  'client_software_version',
  'client_source_address',
  'client_source_port',
];

const selector: Validator<string> = {
  allowed: `selector=pattern, where the selector is one of ${SELECTORS.join(', ')}`,
  accepts: (element) => {
    const at = element.indexOf('=');
    return SELECTORS.includes(element.slice(0, at)) && isPattern(element.slice(at + 1).trim());
  },
};

function isPattern(text: string): boolean {
  try {
    return new RegExp(text, 'u') instanceof RegExp;
  } catch {
    return false;
  }
}

/** Every config of a client metrics subscription (KIP-714). */
export const clientMetricsConfigs = {
  'interval.ms': int(300000, { min: 100, max: 3600000 }, 'How often the clients are to push.'),
  match: list([], 'Which clients push: all of these must match; empty: every client.', { each: selector }),
  metrics: list([], 'Prefixes of the names of the metrics to push; `*`: all; empty: none.'),
} as const;
