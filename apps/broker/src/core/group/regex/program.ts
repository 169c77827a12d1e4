import { type Assertion, type CharacterSet, RegexError, type RegexNode } from './syntax.ts';

/** A step of the automaton; `next` and `other` are indexes of steps. */
export type Step =
  | { readonly type: 'match' }
  | { readonly type: 'characters'; readonly set: CharacterSet; readonly next: number }
  | { readonly type: 'assertion'; readonly assertion: Assertion; readonly next: number }
  | { readonly type: 'split'; readonly next: number; readonly other: number };

/** Most steps: what one character may cost. */
const STEPS_MAX = 2000;

/** The automaton of an expression; it begins at step `start`. Throws a `RegexError` where it would be too large. */
export function programOf(node: RegexNode): { readonly steps: readonly Step[]; readonly start: number } {
  const steps: Step[] = [];
  const add = (step: Step): number => {
    if (steps.length >= STEPS_MAX) throw new RegexError('it is too large');
    return steps.push(step) - 1;
  };
  const match = add({ type: 'match' });

  // Built from the end: each part is told which step follows it.
  const build = (part: RegexNode, next: number): number => {
    switch (part.type) {
      case 'empty':
        return next;
      case 'characters':
        return add({ type: 'characters', set: part.set, next });
      case 'assertion':
        return add({ type: 'assertion', assertion: part.assertion, next });
      case 'sequence':
        return part.nodes.reduceRight((after, each) => build(each, after), next);
      case 'choice':
        return part.nodes
          .map((each) => build(each, next))
          .reduceRight((other, one) => add({ type: 'split', next: one, other }));
      case 'repeat':
        return repeat(part, next);
      default:
        return part satisfies never;
    }
  };

  const repeat = ({ node: part, min, max }: RegexNode & { readonly type: 'repeat' }, next: number): number => {
    let at = next;
    if (max === Number.POSITIVE_INFINITY) {
      const loop = add({ type: 'split', next: 0, other: next });
      steps[loop] = { type: 'split', next: build(part, loop), other: next };
      at = loop;
    } else {
      for (let count = min; count < max; count++) at = add({ type: 'split', next: build(part, at), other: next });
    }
    for (let count = 0; count < min; count++) at = build(part, at);
    return at;
  };

  return { start: build(node, match), steps };
}
