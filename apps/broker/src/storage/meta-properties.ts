/** `meta.properties` of a log directory: which cluster, node and directory (KIP-858) it belongs to. */
export interface MetaProperties {
  readonly clusterId: string;
  readonly nodeId: number;
  readonly directoryId: string;
}

export function formatMetaProperties(meta: MetaProperties): string {
  return `version=1\ncluster.id=${meta.clusterId}\nnode.id=${meta.nodeId}\ndirectory.id=${meta.directoryId}\n`;
}

/** What the file says; `problem` is one clear sentence where it is not a file of version 0 or 1. */
export function parseMetaProperties(text: string): {
  readonly meta: Partial<MetaProperties>;
  readonly problem: string | undefined;
} {
  const values = new Map<string, string>();
  for (const line of text.split('\n')) {
    if (line.trim() === '' || line.startsWith('#') || line.startsWith('!')) continue;
    const split = line.search(/[=:]/);
    if (split < 0) return { meta: {}, problem: 'a line is not of the form name=value' };
    values.set(line.slice(0, split).trim(), line.slice(split + 1).trim());
  }
  const version = values.get('version');
  if (version !== '0' && version !== '1') return { meta: {}, problem: 'it has no version 0 or 1' };
  const node = values.get('node.id') ?? values.get('broker.id');
  if (node !== undefined && !/^\d{1,10}$/.test(node)) return { meta: {}, problem: 'its node id is not a number' };
  const clusterId = values.get('cluster.id');
  const directoryId = values.get('directory.id');
  const meta = {
    ...(clusterId ? { clusterId } : {}),
    ...(directoryId ? { directoryId } : {}),
    ...(node === undefined ? {} : { nodeId: Number(node) }),
  };
  return { meta, problem: undefined };
}
