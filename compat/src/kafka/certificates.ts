import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../processes/run-command.ts';

/** Files with a key and a certificate, PEM; `all` holds both. */
export interface Identity {
  readonly key: string;
  readonly certificate: string;
  readonly all: string;
}

/** An authority of a test's own, made by openssl in a directory. */
export class CertificateAuthority {
  readonly #directory: string;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  static async create(directory: string, name = 'authority'): Promise<CertificateAuthority> {
    const authority = new CertificateAuthority(directory);
    const { key, certificate } = authority.#files('ca');
    await openssl([
      'req',
      '-x509',
      ...newKey,
      '-keyout',
      key,
      '-out',
      certificate,
      '-days',
      '2',
      '-subj',
      `/CN=${name}`,
    ]);
    return authority;
  }

  /** Its certificate's file. */
  get certificate(): string {
    return this.#files('ca').certificate;
  }

  /** A key and a certificate for a server with these names, or a client. */
  async issue(name: string, alternatives: readonly string[] = []): Promise<Identity> {
    const files = this.#files(name);
    const request = join(this.#directory, `${name}.csr`);
    const extensions = join(this.#directory, `${name}.ext`);
    const names = alternatives.length === 0 ? '' : `subjectAltName=${alternatives.join(',')}\n`;
    await writeFile(extensions, `basicConstraints=CA:FALSE\n${names}`);
    await openssl(['req', ...newKey, '-keyout', files.key, '-out', request, '-subj', `/CN=${name}`]);
    const ca = this.#files('ca');
    const signing = ['-CA', ca.certificate, '-CAkey', ca.key, '-CAcreateserial', '-days', '2', '-extfile', extensions];
    await openssl(['x509', '-req', '-in', request, '-out', files.certificate, ...signing]);
    await writeFile(files.all, await readFile(files.key));
    await appendFile(files.all, await readFile(files.certificate));
    return files;
  }

  #files(name: string): Identity {
    const path = (ending: string): string => join(this.#directory, `${name}.${ending}`);
    return { key: path('key'), certificate: path('crt'), all: path('pem') };
  }
}

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

async function openssl(args: readonly string[]): Promise<void> {
  await runCommand('openssl', args);
}
