import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { Flags } from '@oclif/core';
import { BaseCommand, globalFlags, tableFlags } from '../../base-command.ts';
import { clusterHealth, type HealthCheck } from '../../cluster/cluster-health.ts';
import { describeAllTopics } from '../../cluster/describe-all-topics.ts';
import { ExitCode } from '../../errors/exit-codes.ts';
import { Interruption } from '../../interruption.ts';

const LOOK_AGAIN_MS = 2000;

export class ClusterHealth extends BaseCommand {
  static override summary = 'Tell whether a cluster is healthy: exit code 10 where it is not';
  static override examples = [
    '<%= config.bin %> cluster health',
    'in a script: <%= config.bin %> cluster health -q > /dev/null || echo unwell',
    'wait until it is: <%= config.bin %> cluster health -w --exit-when-healthy',
  ];
  static override rowShape = { check: 'string', isHealthy: 'boolean', detail: 'string' };
  static override flags = {
    ...globalFlags,
    ...tableFlags,
    watch: Flags.boolean({ char: 'w', description: 'look every two seconds, and print when something changed' }),
    'exit-when-healthy': Flags.boolean({ dependsOn: ['watch'], description: 'with -w: stop once it is healthy' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(ClusterHealth);
    using interruption = new Interruption();
    const { signal } = interruption;
    await using client = await this.connect(await this.settings(flags), signal);
    let shown = '';
    for (;;) {
      const [cluster, topics] = await Promise.all([client.admin.describeCluster(), describeAllTopics(client.admin)]);
      const checks = clusterHealth(cluster, topics);
      const isHealthy = checks.every((one) => one.isHealthy);
      if (JSON.stringify(checks) !== shown) this.#show(checks, flags);
      shown = JSON.stringify(checks);
      if (!flags.watch || (isHealthy && flags['exit-when-healthy'])) {
        if (!isHealthy) process.exitCode = ExitCode.UNHEALTHY;
        return;
      }
      await pause(LOOK_AGAIN_MS, undefined, { signal }).catch(() => undefined);
      if (interruption.exitCode !== undefined) process.exit(interruption.exitCode);
    }
  }

  #show(checks: readonly HealthCheck[], flags: Parameters<BaseCommand['print']>[2]): void {
    this.print(
      checks,
      [
        { name: 'CHECK', get: (row) => row.check },
        { name: 'STATE', get: (row) => (row.isHealthy ? '● ok' : '✖ unwell') },
        { name: 'DETAIL', get: (row) => row.detail },
      ],
      flags,
    );
  }
}
