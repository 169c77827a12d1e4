import { environmentName, settingKeys } from './settings/setting-keys.ts';

/** Variables that configure `ks` itself: the broker would warn that it does not know them. */
const ownNames: readonly string[] = [
  'KS_CONFIG',
  'KS_PROFILE',
  ...settingKeys.map(({ name }) => environmentName(name)),
];

/** What of the environment is meant for a broker. */
export function brokerEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !ownNames.includes(name)));
}
