import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The workspace's root folder. */
export const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** A TypeScript source as the rules see it: its path from the root, its text and what it imports. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
  /** Text without comments and with string contents blanked, so that words in prose do not count. */
  readonly code: string;
  /** Import specifiers; relative ones resolved to paths from the root. */
  readonly imports: readonly string[];
}

function stripComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, ' ').replace(/(^|[^:'"`\\])\/\/.*$/gm, '$1');
}

function blankStrings(code: string): string {
  return code.replace(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`$\\]|\\.)*`/g, "''");
}

function importsOf(path: string, code: string): string[] {
  const found: string[] = [];
  const pattern = /(?:\bfrom\s*|\bimport\s*\(\s*|^\s*import\s+)(['"])([^'"\n]+)\1/gm;
  for (const match of code.matchAll(pattern)) {
    const specifier = match[2] ?? '';
    found.push(specifier.startsWith('.') ? normalize(join(dirname(path), specifier)) : specifier);
  }
  return found;
}

/** Every tracked or new, not ignored TypeScript file below `folder`. */
export function sourceFiles(folder: string): readonly SourceFile[] {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '--', folder], {
    cwd: root,
    encoding: 'utf8',
  });
  const paths = [...new Set(listed.split('\n'))].filter((path) => /\.tsx?$/.test(path) && !path.includes('/fixtures/'));
  return paths.flatMap((path) => {
    let text: string;
    try {
      text = readFileSync(join(root, path), 'utf8');
    } catch {
      return []; // Removed from the work tree, not yet from the index.
    }
    const withoutComments = stripComments(text);
    return [{ path, text, code: blankStrings(withoutComments), imports: importsOf(path, withoutComments) }];
  });
}
