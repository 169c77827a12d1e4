import { readFileSync } from 'node:fs';

/** A program that a page of documentation shows. */
export interface Snippet {
  /** Where it stands, for people: the heading above it and its number below that. */
  readonly name: string;
  /** All that runs: what the page says every example begins with, what only tests need, what is shown, and what tests look at behind it. */
  readonly program: string;
  /** What the page says it prints. */
  readonly output: string | undefined;
  /** Whether there is nothing here that it could be run at. */
  readonly isOnlyChecked: boolean;
}

type Piece =
  | { readonly type: 'heading'; readonly text: string }
  | { readonly type: 'hidden'; readonly place: 'before' | 'after'; readonly text: string }
  | { readonly type: 'code'; readonly info: string; readonly text: string };

const pattern =
  /^#+ (?<heading>.+)$|^<!-- (?<place>before|after)\n(?<hidden>[\s\S]*?)^-->$|^```(?<info>.*)\n(?<code>[\s\S]*?)^```$/gm;

function piecesOf(markdown: string): readonly Piece[] {
  return [...markdown.matchAll(pattern)].map(({ groups = {} }) => {
    if (groups['heading'] !== undefined) return { type: 'heading', text: groups['heading'] };
    const { place, hidden, info = '', code = '' } = groups;
    if (place === 'before' || place === 'after') return { type: 'hidden', place, text: hidden ?? '' };
    return { type: 'code', info, text: code };
  });
}

/**
 * The TypeScript examples of a page, whole. A block `ts setup` stands in front of all that come after it. What only tests need is in comments:
 * `<!-- before … -->` in front of a block, `<!-- after … -->` behind it. A block `text` is what the one in front of it prints.
 * `ts check` needs what no test has: it is type-checked only.
 */
export function snippetsOf(path: string): readonly Snippet[] {
  const snippets: { name: string; program: string; output: string | undefined; readonly isOnlyChecked: boolean }[] = [];
  let [heading, count, setup, before] = ['', 0, '', ''];
  const last = (): (typeof snippets)[number] => {
    const snippet = snippets.at(-1);
    if (snippet === undefined) throw new Error(`${path}: what belongs to an example stands in front of all`);
    return snippet;
  };
  for (const piece of piecesOf(readFileSync(path, 'utf8'))) {
    if (piece.type === 'heading') [heading, count] = [piece.text, 0];
    else if (piece.type === 'hidden' && piece.place === 'before') before = piece.text;
    else if (piece.type === 'hidden') last().program += piece.text;
    else if (piece.info === 'ts setup') setup = piece.text;
    else if (piece.info === 'text') last().output = piece.text;
    else if (piece.info === 'ts' || piece.info === 'ts check') {
      count += 1;
      const program = `${setup}\n${before}\n${piece.text}\nexport {};\n`;
      const isOnlyChecked = piece.info === 'ts check';
      snippets.push({
        name: count === 1 ? heading : `${heading} (${count})`,
        program,
        output: undefined,
        isOnlyChecked,
      });
      before = '';
    }
  }
  return snippets;
}
