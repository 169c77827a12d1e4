import type { Node } from 'typescript/unstable/ast';
import {
  isFunctionDeclaration,
  isGetAccessorDeclaration,
  isMethodDeclaration,
  isPropertyDeclaration,
  isPropertySignatureDeclaration,
  isVariableDeclaration,
} from 'typescript/unstable/ast/is';

const LINE_LENGTH = 140;
const modifiers = /^(?:(?:export|declare|async|abstract|override|readonly|public)\s+)+/;

/** Whether a member is not for everyone. */
export function isHidden(node: Node): boolean {
  return /^(?:override\s+|static\s+)*(?:private|protected)\b/.test(node.getText());
}

/** A declaration without its body, members and modifiers: on one line where it fits. */
export function headOf(node: Node): string {
  const { text } = node.getSourceFile();
  const from = node.getStart();
  const head = edited(text, from, bodyStart(node) ?? node.end, defaultsOf(node)).trim();
  const bare = head.replace(modifiers, '').replace(/^\*/, '').replace(/;$/, '');
  const flat = bare
    .replace(/\s+/g, ' ')
    .replace(/([(<]) /g, '$1')
    .replace(/,? ?([)>])/g, '$1')
    .replace('= | ', '= ');
  return flat.length <= LINE_LENGTH ? flat : dedented(bare, columnOf(text, from));
}

/** The type that is written at a property, an accessor or a variable. */
export function typeTextOf(node: Node): string | undefined {
  const isTyped =
    isPropertyDeclaration(node) ||
    isPropertySignatureDeclaration(node) ||
    isGetAccessorDeclaration(node) ||
    isVariableDeclaration(node);
  return isTyped ? node.type?.getText().replace(/\s+/g, ' ') : undefined;
}

interface Edit {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/** Parameters with a default are optional to the caller; what the default is, the docstring says. */
function defaultsOf(node: Node): readonly Edit[] {
  if (!isFunctionDeclaration(node) && !isMethodDeclaration(node)) return [];
  return node.parameters.flatMap(({ name, type, initializer }) => {
    if (initializer === undefined) return [];
    const optional = { from: name.end, to: name.end, text: '?' };
    const implied = type === undefined && /^-?[\d_]+$/.test(initializer.getText()) ? ': number' : '';
    return [optional, { from: (type ?? name).end, to: initializer.end, text: implied }];
  });
}

function edited(text: string, from: number, to: number, edits: readonly Edit[]): string {
  let [result, at] = ['', from];
  for (const edit of edits) {
    result += text.slice(at, edit.from) + edit.text;
    at = edit.to;
  }
  return result + text.slice(at, to);
}

/** Its docstring as Markdown: what stands between the stars. */
export function docOf(node: Node): string {
  const holder = isVariableDeclaration(node) ? node.parent.parent : node;
  const comment = holder.jsDoc?.at(-1);
  if (comment === undefined) return '';
  const lines = comment
    .getSourceFile()
    .text.slice(comment.pos, comment.end)
    .trim()
    .replace(/^\/\*\*|\*\/$/g, '')
    .split('\n');
  return lines
    .map((line) => line.replace(/^\s*\* ?/, '').trimEnd())
    .join('\n')
    .trim();
}

/** Where the part begins that is not shown. */
function bodyStart(node: Node): number | undefined {
  const body = 'body' in node ? (node.body as Node | undefined) : undefined;
  if (body !== undefined) return body.getStart();
  if (!('members' in node)) return undefined;
  const brace = node.getText().indexOf('{\n');
  return brace < 0 ? undefined : node.getStart() + brace;
}

function columnOf(text: string, at: number): number {
  return at - (text.lastIndexOf('\n', at - 1) + 1);
}

function dedented(text: string, column: number): string {
  const indent = ' '.repeat(column);
  return text
    .split('\n')
    .map((line) => (line.startsWith(indent) ? line.slice(column) : line))
    .join('\n');
}
