import { CertificateAuthority, type Identity } from './certificates.ts';
import { type KafkaBroker, startKafka } from './kafka-broker.ts';

/** An Apache Kafka with a listener for each way to be safe, and what clients need for it. */
export interface SecureKafka {
  readonly kafka: KafkaBroker;
  readonly authority: CertificateAuthority;
  /** For the listener that wants certificates of clients. */
  readonly client: Identity;
}

/** How long authentication counts on the listener SHORT. */
export const shortSessionMs = 1500;

/** The users of PLAIN, and the owner of OAUTHBEARER tokens; SCRAM has none until they are made. */
const plainUsers = { alice: 'alice-secret', bob: 'bob-secret' };
const plainModule = `org.apache.kafka.common.security.plain.PlainLoginModule required ${Object.entries(plainUsers)
  .map(([name, password]) => `user_${name}="${password}"`)
  .join(' ')};`;
const scramModule = 'org.apache.kafka.common.security.scram.ScramLoginModule required;';
const bearerModule =
  'org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="admin";';

const mechanisms = {
  plain: plainModule,
  'scram-sha-256': scramModule,
  'scram-sha-512': scramModule,
  oauthbearer: bearerModule,
};

/** Starts it over an empty directory: listeners TLS, MTLS, SASL, SASLTLS, SHORT, ONLYPLAIN, and PLAINTEXT for who may do everything. */
export async function startSecureKafka(
  directory: string,
  properties: Readonly<Record<string, string>> = {},
): Promise<SecureKafka> {
  const authority = await CertificateAuthority.create(directory);
  const server = await authority.issue('broker', ['IP:127.0.0.1', 'DNS:localhost']);
  const client = await authority.issue('client');
  const sasl = Object.fromEntries(
    ['sasl', 'sasltls', 'short'].flatMap((listener) => [
      [`listener.name.${listener}.sasl.enabled.mechanisms`, 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER'],
      ...Object.entries(mechanisms).map(([name, module]) => [
        `listener.name.${listener}.${name}.sasl.jaas.config`,
        module,
      ]),
    ]),
  );
  const kafka = await startKafka(
    directory,
    {
      'ssl.keystore.type': 'PEM',
      'ssl.keystore.location': server.all,
      'ssl.truststore.type': 'PEM',
      'ssl.truststore.location': authority.certificate,
      'listener.name.onlyplain.sasl.enabled.mechanisms': 'PLAIN',
      'listener.name.onlyplain.plain.sasl.jaas.config': plainModule,
      'listener.name.mtls.ssl.client.auth': 'required',
      'listener.name.short.connections.max.reauth.ms': `${shortSessionMs}`,
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      'super.users': 'User:ANONYMOUS;User:alice;User:CN=client',
      ...sasl,
      ...properties,
    },
    {
      protocols: {
        TLS: 'SSL',
        MTLS: 'SSL',
        SASL: 'SASL_PLAINTEXT',
        SASLTLS: 'SASL_SSL',
        SHORT: 'SASL_PLAINTEXT',
        ONLYPLAIN: 'SASL_PLAINTEXT',
      },
    },
  );
  return { kafka, authority, client };
}

/** A token of the form that Kafka takes for tests, signed by nobody: who it is for, and until when. */
export function unsecuredToken(subject: string, expiresAtMs: number): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const seconds = Math.floor(expiresAtMs / 1000);
  return `${part({ alg: 'none' })}.${part({ sub: subject, iat: seconds - 3600, exp: seconds })}.`;
}
