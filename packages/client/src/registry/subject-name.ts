import type { CodecContext } from '../topic/data-codec.ts';

/** What a subject's name may be made of. `recordName` is the schema's full name, undefined where it has none. */
export interface SubjectContext extends CodecContext {
  readonly recordName: string | undefined;
}

/** Names the subject under which a schema is registered. */
export type SubjectNameStrategy = (context: SubjectContext) => string;

/** `orders-value`: one schema a topic and side, in many versions. What registries assume. */
export const topicNameStrategy: SubjectNameStrategy = ({ topic, side }) => `${topic}-${side}`;

/** `com.acme.Order`: the type, whatever the topic, of which there may then be several in one. */
export const recordNameStrategy: SubjectNameStrategy = (context) => nameOf(context);

/** `orders-com.acme.Order`: a type within a topic. */
export const topicRecordNameStrategy: SubjectNameStrategy = (context) => `${context.topic}-${nameOf(context)}`;

function nameOf({ recordName, topic, side }: SubjectContext): string {
  if (recordName !== undefined) return recordName;
  throw new TypeError(`the ${side} schema of ${topic} has no name, which its subject shall be named after`);
}
