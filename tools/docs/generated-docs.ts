import { renderClientReference } from './client-reference.ts';
import { renderConfiguration } from './configuration.ts';
import { renderProtocol } from './protocol.ts';

/** The pages under docs/ that are made from the code. */
export const generatedDocs: readonly { readonly path: string; readonly render: () => string }[] = [
  { path: 'docs/configuration.md', render: renderConfiguration },
  { path: 'docs/protocol.md', render: renderProtocol },
  { path: 'docs/reference/client.md', render: renderClientReference },
];
