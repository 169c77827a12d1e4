import type { Files } from '../ports/files.ts';
import { readText, writeText } from './checkpoint.ts';
import { PARTITION_METADATA_FILE } from './partition-names.ts';

/** The topic id that a partition's directory belongs to; 'absent' and 'corrupt' where the file does not tell. */
export async function readTopicId(files: Files, directory: string): Promise<string> {
  const text = await readText(files, `${directory}/${PARTITION_METADATA_FILE}`);
  if (text === undefined) return 'absent';
  const match = /^version: ?0\ntopic_id: ?([A-Za-z0-9_-]{22})\n?$/.exec(text);
  return match?.[1] ?? 'corrupt';
}

export function writeTopicId(files: Files, directory: string, topicId: string): Promise<void> {
  return writeText(files, `${directory}/${PARTITION_METADATA_FILE}`, `version: 0\ntopic_id: ${topicId}\n`);
}
