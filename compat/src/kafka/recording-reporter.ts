import { fileURLToPath } from 'node:url';
import { runCommand } from '../processes/run-command.ts';
import { kafkaClassPath } from './kafka-jars.ts';

const source = fileURLToPath(new URL('../../java/telemetry/RecordingReporter.java', import.meta.url));

/** Compiles the reporter that writes down what clients push. */
export async function compileRecordingReporter(directory: string): Promise<void> {
  await runCommand('javac', ['-nowarn', '-cp', kafkaClassPath, '-d', directory, source]);
}

/** The broker's settings for it: it writes to `path`. */
export function recordingReporter(path: string): Readonly<Record<string, string>> {
  return { 'metric.reporters': 'RecordingReporter', 'recording.reporter.path': path };
}
