import { ErrorCode } from '@ks/protocol';
import type { ConsumerGroupDraft } from './consumer-draft.ts';
import type { ConsumerMember } from './consumer-member.ts';
import { type Fault, fault } from './fault.ts';

/** How soon after a look at the topics new ones are looked for: a wave of new topics then costs one look. */
const REFRESH_DELAY_MS = 10_000;

/** Most steps of its automaton that one look at the topics may take: some 100 to 200 ms. */
const EFFORT_MAX = 300_000;

/** Notes that a member subscribes by another expression, and looks again where there may be new topics. */
export function updateRegexes(
  draft: ConsumerGroupDraft,
  before: string,
  member: ConsumerMember,
  mayDescribe: ((topic: string) => boolean) | undefined,
): { readonly fault: Fault } | { readonly isChanged: boolean } {
  const regex = member.subscribedTopicRegex;
  if (regex === before) return { isChanged: mayDescribe !== undefined && refresh(draft, mayDescribe) };
  forgetUnusedRegexes(draft);
  if (regex === '' || mayDescribe === undefined || draft.group.regex(regex) !== undefined) return { isChanged: true };
  const problem = resolve(draft, regex, mayDescribe);
  if (problem === undefined) return { isChanged: true };
  return { fault: fault(ErrorCode.INVALID_REGULAR_EXPRESSION, `${JSON.stringify(regex)}: ${problem}`) };
}

/** Looks which topics the expression names; gives the problem where it cannot be understood. */
function resolve(
  draft: ConsumerGroupDraft,
  regex: string,
  mayDescribe: (topic: string) => boolean,
): string | undefined {
  const { groupId, view, now } = draft;
  const compiled = view.compileRegex(regex);
  if (typeof compiled === 'string') return compiled;
  const image = view.image();
  const topics: string[] = [];
  const effort = { stepsLeft: EFFORT_MAX };
  for (const name of image.topicsByName.keys()) {
    if (compiled.matches(name, effort) && mayDescribe(name)) topics.push(name);
    // Everyone else waits meanwhile.
    if (effort.stepsLeft < 0) return 'it takes too long to look for its topics';
  }
  const value = { topics: topics.sort(), version: image.revision, timestamp: now.wallMs };
  draft.write({ type: 'regex', groupId, regex, value });
  return undefined;
}

function refresh(draft: ConsumerGroupDraft, mayDescribe: (topic: string) => boolean): boolean {
  const { group, view, now } = draft;
  let oldestVersion = Number.POSITIVE_INFINITY;
  let latestMs = 0;
  for (const [, { version, timestamp }] of group.regexes()) {
    oldestVersion = Math.min(oldestVersion, version);
    latestMs = Math.max(latestMs, timestamp);
  }
  const ageMs = now.wallMs - latestMs;
  const hasNewTopics = oldestVersion < view.newestTopicRevision();
  const isDue = (hasNewTopics && ageMs >= REFRESH_DELAY_MS) || ageMs >= view.config.consumer.regexRefreshIntervalMs;
  if (oldestVersion === Number.POSITIVE_INFINITY || !isDue) return false;
  let isChanged = false;
  for (const [regex, { topics }] of [...group.regexes()]) {
    resolve(draft, regex, mayDescribe);
    const found = group.regex(regex)?.topics ?? [];
    isChanged ||= found.length !== topics.length || found.some((topic, index) => topic !== topics[index]);
  }
  return isChanged;
}

/** Forgets the expressions that nobody subscribes by any more. */
export function forgetUnusedRegexes(draft: ConsumerGroupDraft): void {
  const { group, groupId } = draft;
  const known = [...group.regexes()].map(([regex]) => regex);
  if (known.length === 0) return;
  const used = new Set([...group.members()].map(({ subscribedTopicRegex }) => subscribedTopicRegex));
  for (const regex of known) if (!used.has(regex)) draft.write({ type: 'regex', groupId, regex, value: null });
}
