import { type Declared, doorsOf } from './declarations.ts';

/** What the folders of the client's sources are about, in the order of the page. */
const titles: Readonly<Record<string, string>> = {
  adapters: 'Connecting',
  '': 'Client and errors',
  topic: 'Topics and records',
  producer: 'Producing',
  transactions: 'Transactions',
  consumer: 'Consuming',
  groups: 'Groups',
  offsets: 'Offsets',
  admin: 'Admin',
  metadata: 'Cluster',
  security: 'Security',
  ports: 'Events',
};

/** More members than this without a word about any are told in one paragraph. */
const LISTED_VALUES_MAX = 20;

interface Section {
  readonly title: string;
  readonly members: readonly Declared[];
}

/** docs/reference/client.md, from the sources of the package and their docstrings. */
export function renderClientReference(): string {
  const [main, ...others] = doorsOf('client');
  const sections = [
    ...byFolder(main?.declared ?? []),
    ...others.map(({ name, declared }) => ({ title: name, members: declared })),
  ].filter(({ members }) => members.length > 0);
  return `# Reference of @ks/client

Made by \`npm run docs\` from the docstrings of the sources; do not edit. [The guide](../client.md) tells what to use when.

${contents(sections)}

${sections.map(({ title, members }) => `## ${title}\n\n${members.map(shown).join('\n\n')}`).join('\n\n')}
`;
}

/** What the package itself exports, by what it is about. */
function byFolder(all: readonly Declared[]): readonly Section[] {
  const folders = [...new Set([...Object.keys(titles), ...all.map(folderOf)])];
  return folders.map((folder) => ({
    title: titleOf(folder),
    members: all.filter((one) => folderOf(one) === folder),
  }));
}

/** Links to all that follows. A heading that comes again gets a number in its address, whatever its letters' case. */
function contents(sections: readonly Section[]): string {
  const seen = new Map<string, number>();
  const address = (heading: string): string => {
    const plain = heading
      .toLowerCase()
      .replace(/[^\w -]/g, '')
      .replaceAll(' ', '-');
    const before = seen.get(plain) ?? 0;
    seen.set(plain, before + 1);
    return before === 0 ? plain : `${plain}-${before}`;
  };
  const lines = sections.map(({ title, members }) => {
    const section = address(title);
    const links = members.map(({ name }) => `[${name}](#${address(name)})`);
    return `- [${title}](#${section}): ${links.join(', ')}`;
  });
  return lines.join('\n');
}

function folderOf({ file }: Declared): string {
  const [folder = '', ...rest] = file.split('/');
  return rest.length === 0 ? '' : folder;
}

function titleOf(folder: string): string {
  return titles[folder] ?? `${folder.charAt(0).toUpperCase()}${folder.slice(1)}`;
}

function shown(declared: Declared): string {
  const { name, kind, signatures, members } = declared;
  const isPlain = signatures.every((signature) => signature === `${kind} ${name}`);
  const parts = [
    `### ${name}`,
    ...(isPlain ? [`*${kind}*`, ...declared.docs] : withDocs(declared)),
    kind === 'constant' ? values(members) : list(members.filter((one) => one.kind === 'property')),
    ...members.filter((one) => one.kind === 'method').flatMap((one) => [`#### ${name}.${one.name}`, ...withDocs(one)]),
  ];
  return parts.filter((part) => part !== '').join('\n\n');
}

/** Overloads, each with what is said of it; those of which nothing is said go with the one before them. */
function withDocs({ signatures, docs }: Declared): readonly string[] {
  const blocks: { lines: string[]; doc: string }[] = [];
  for (const [index, signature] of signatures.entries()) {
    const doc = docs[index] ?? '';
    const last = blocks.at(-1);
    if (doc === '' && last !== undefined) last.lines.push(signature);
    else blocks.push({ lines: [signature], doc });
  }
  return blocks.flatMap(({ lines, doc }) => [`\`\`\`ts\n${lines.join('\n')}\n\`\`\``, doc]);
}

function list(properties: readonly Declared[]): string {
  return properties.map(({ signatures, docs }) => item(`\`${signatures.join(' ')}\``, docs)).join('\n');
}

function values(members: readonly Declared[]): string {
  const texts = members.map(({ name, signatures }) => `\`${name}\` ${value(signatures.join(' '))}`);
  const isSaid = members.some(({ docs }) => docs.some((doc) => doc !== ''));
  if (!isSaid && members.length > LISTED_VALUES_MAX) return texts.join(', ');
  return members.map(({ docs }, index) => item(texts[index] ?? '', docs)).join('\n');
}

/** Types may hold what Markdown takes for HTML. */
function value(text: string): string {
  return /^-?\d+$/.test(text) ? text : `\`${text}\``;
}

function item(text: string, docs: readonly string[]): string {
  const doc = docs.join(' ').replace(/\s+/g, ' ').trim();
  return doc === '' ? `- ${text}` : `- ${text}: ${doc}`;
}
