import type { LogParts } from './log-parts.ts';

/** Moves a stopped log's segments to `directory`, where `rename` puts their files; who reads them goes on. */
export async function moveSegments(parts: LogParts, directory: string, rename: () => Promise<void>): Promise<void> {
  const segments = parts.segments.all;
  const oldPaths = segments.map((segment) => segment.logPath);
  const moving = rename().then(() => {
    for (const segment of segments) segment.moveTo(directory);
  });
  // Whoever looks for a file meanwhile waits for its new name.
  await Promise.all(segments.map((segment) => segment.renamed(() => moving)));
  // Readers may have opened files again under names that another log may take now.
  for (const path of oldPaths) await parts.environment.handles.drop(path);
}
