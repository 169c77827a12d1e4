import { authenticationFailed, type SaslMechanism, secretOf } from './sasl-mechanism.ts';
import type { PlainOptions } from './sasl-options.ts';

/** RFC 4616: name and password in one message. */
export function plain({ username, password }: PlainOptions): SaslMechanism {
  return {
    name: 'PLAIN',
    prepare: async () => {
      const secret = await secretOf(password, 'password');
      if (username.includes('\0') || secret.includes('\0')) {
        throw authenticationFailed('sasl: a name or password for PLAIN must not hold a zero character');
      }
      return async (exchange) => {
        await exchange(Buffer.from(`\0${username}\0${secret}`));
      };
    },
  };
}
