import { probeService } from './service-probe.ts';
import { BROKER_IDS, brokerName, type FaultCluster, type FaultMeans, pause, SESSION_MS } from './fault-cluster.ts';
import { CLIENTS, type Way } from './private-network.ts';

/** Something that goes wrong, and stops going wrong. */
export interface Fault {
  readonly name: string;
  /** What must be had for it. */
  readonly needs?: keyof FaultMeans;
  /** Settles when it is over; the cluster need not have healed. */
  run(cluster: FaultCluster, random: () => number): Promise<void>;
}

const anyOf = <T>(all: readonly [T, ...T[]], random: () => number): T =>
  all[Math.floor(random() * all.length)] ?? all[0];
const anyBroker = (random: () => number): number => anyOf([1, 2, 3], random);
const others = (brokerId: number): readonly string[] => BROKER_IDS.filter((id) => id !== brokerId).map(brokerName);
const ETCD = ['etcd1', 'etcd2', 'etcd3'] as const;

/** Shorter than a lease half of the time, longer than it else. */
const aWhile = (random: () => number): number =>
  random() < 0.5 ? 100 + random() * SESSION_MS : SESSION_MS * (1.5 + 2 * random());
/** Long enough for everybody to notice. */
const longer = (random: () => number): number => SESSION_MS * (1.5 + 2 * random());

/** A fault of the network: cut, wait, mend. */
function cutting(name: string, cut: (cluster: FaultCluster, random: () => number) => Promise<void>): Fault {
  return {
    name,
    needs: 'network',
    async run(cluster, random) {
      await cut(cluster, random);
      await pause(longer(random));
      await cluster.network.mend();
    },
  };
}

async function oneWay({ network }: FaultCluster, from: readonly string[], to: readonly string[]): Promise<void> {
  await network.cut(from.flatMap((one) => to.map((other): Way => [one, other])));
}

/** All that is tried. */
export const faults: readonly Fault[] = [
  {
    name: 'a broker is killed',
    async run(cluster, random) {
      const brokerId = anyBroker(random);
      await cluster.endBroker(brokerId, 'SIGKILL');
      await pause(aWhile(random));
      await cluster.startBroker(brokerId);
    },
  },
  {
    name: 'a broker is restarted',
    async run(cluster, random) {
      const brokerId = anyBroker(random);
      await cluster.endBroker(brokerId, 'SIGTERM');
      await cluster.startBroker(brokerId);
    },
  },
  {
    name: 'each broker stands still once',
    async run(cluster, random) {
      for (const brokerId of BROKER_IDS) {
        cluster.signal(brokerId, 'SIGSTOP');
        await pause(aWhile(random));
        cluster.signal(brokerId, 'SIGCONT');
        await pause(500);
      }
    },
  },
  cutting('a broker is cut off from the other brokers', async (cluster, random) => {
    const brokerId = anyBroker(random);
    await cluster.part([brokerName(brokerId)], others(brokerId));
  }),
  cutting('a broker does not hear the others', async (cluster, random) => {
    const brokerId = anyBroker(random);
    await oneWay(cluster, others(brokerId), [brokerName(brokerId)]);
  }),
  cutting('the others do not hear a broker', async (cluster, random) => {
    const brokerId = anyBroker(random);
    await oneWay(cluster, [brokerName(brokerId)], others(brokerId));
  }),
  cutting('two brokers are cut off from each other', async (cluster, random) => {
    const brokerId = anyBroker(random);
    await cluster.part([brokerName(brokerId)], others(brokerId).slice(0, 1));
  }),
  cutting('a minority of brokers and etcd is cut off from the majority', async (cluster, random) => {
    const brokerId = anyBroker(random);
    const member = anyOf(ETCD, random);
    const rest = [...others(brokerId), ...ETCD.filter((each) => each !== member)];
    await cluster.part([brokerName(brokerId), member], rest);
  }),
  cutting('a broker is cut off from etcd', (cluster, random) => cluster.part([brokerName(anyBroker(random))], ETCD)),
  cutting('etcd does not hear a broker', (cluster, random) => oneWay(cluster, [brokerName(anyBroker(random))], ETCD)),
  cutting('a broker does not hear etcd', (cluster, random) => oneWay(cluster, ETCD, [brokerName(anyBroker(random))])),
  cutting('a broker is alone: neither etcd nor other brokers', (cluster, random) => {
    const brokerId = anyBroker(random);
    return cluster.part([brokerName(brokerId)], [...others(brokerId), ...ETCD]);
  }),
  cutting('clients are cut off from a broker', (cluster, random) =>
    cluster.part([CLIENTS], [brokerName(anyBroker(random))]),
  ),
  cutting('clients do not hear a broker', (cluster, random) =>
    oneWay(cluster, [brokerName(anyBroker(random))], [CLIENTS]),
  ),
  cutting('a broker does not hear clients', (cluster, random) =>
    oneWay(cluster, [CLIENTS], [brokerName(anyBroker(random))]),
  ),
  {
    name: 'all brokers are cut off from etcd',
    needs: 'network',
    run: (cluster, random) =>
      withoutEtcd(
        cluster,
        random,
        () => cluster.part(BROKER_IDS.map(brokerName), ETCD),
        () => cluster.network.mend(),
        // It is there, and lets the leases run out.
        false,
      ),
  },
  {
    name: 'etcd is lost as a whole',
    run: (cluster, random) =>
      withoutEtcd(
        cluster,
        random,
        async () => {
          for (const member of ETCD.keys()) await cluster.etcd.kill(member);
        },
        async () => {
          for (const member of ETCD.keys()) cluster.etcd.start(member);
          await cluster.etcd.healthy();
        },
      ),
  },
  {
    name: 'members of etcd are killed one after the other',
    async run(cluster, random) {
      for (const member of ETCD.keys()) {
        await cluster.etcd.kill(member);
        await pause(aWhile(random));
        cluster.etcd.start(member);
        await cluster.etcd.healthy();
      }
    },
  },
  {
    name: 'a member of etcd stands still',
    async run(cluster, random) {
      const member = anyOf([0, 1, 2], random);
      cluster.etcd.signal(member, 'SIGSTOP');
      await pause(longer(random));
      cluster.etcd.signal(member, 'SIGCONT');
      await cluster.etcd.healthy();
    },
  },
  {
    name: 'a disk is full',
    needs: 'disks',
    async run(cluster, random) {
      const brokerId = anyBroker(random);
      const name = brokerName(brokerId);
      await cluster.disks.fill(name);
      await pause(longer(random));
      // What is on the disk counts, not what was thought to be: it is started anew when there is room.
      const isKilled = random() < 0.5;
      if (isKilled) await cluster.endBroker(brokerId, 'SIGKILL');
      await cluster.disks.drain(name);
      if (!isKilled) await cluster.endBroker(brokerId, 'SIGTERM');
      await cluster.startBroker(brokerId);
    },
  },
  {
    name: 'a disk is slow to flush',
    needs: 'slowSync',
    async run(cluster, random) {
      const name = brokerName(anyBroker(random));
      await cluster.preloads.delaySync(name, 100 + random() * 2000);
      await pause(longer(random));
      await cluster.preloads.delaySync(name, 0);
    },
  },
  {
    name: 'all disks are slow to flush, and a broker is killed',
    needs: 'slowSync',
    async run(cluster, random) {
      for (const brokerId of BROKER_IDS) await cluster.preloads.delaySync(brokerName(brokerId), 50 + random() * 500);
      const brokerId = anyBroker(random);
      await pause(aWhile(random));
      await cluster.endBroker(brokerId, 'SIGKILL');
      await pause(aWhile(random));
      for (const each of BROKER_IDS) await cluster.preloads.delaySync(brokerName(each), 0);
      await cluster.startBroker(brokerId);
    },
  },
  {
    name: 'clocks jump apart',
    needs: 'clocks',
    async run(cluster, random) {
      for (let jumps = 0; jumps < 3; jumps += 1) {
        for (const brokerId of BROKER_IDS)
          await cluster.preloads.skewClock(brokerName(brokerId), Math.round((random() - 0.5) * 7200));
        await pause(1500);
      }
      const brokerId = anyBroker(random);
      await cluster.endBroker(brokerId, 'SIGKILL');
      await pause(aWhile(random));
      await cluster.startBroker(brokerId);
      for (const each of BROKER_IDS) await cluster.preloads.skewClock(brokerName(each), 0);
    },
  },
];

/** Nobody has a way to etcd: what was led goes on with acks=all and for readers; where leases hold nobody fails over afterwards. */
async function withoutEtcd(
  cluster: FaultCluster,
  random: () => number,
  begin: () => Promise<void>,
  end: () => Promise<void>,
  leasesHold = true,
): Promise<void> {
  const leadersOf = async (): Promise<ReadonlyMap<string, string>> => {
    const partitions = (await cluster.partitions(1)) ?? [];
    // Back to the first replica is no failover: that goes on by itself.
    return new Map(
      partitions
        .filter(({ leader, replicas }) => leader === replicas[0])
        .map(({ name, leader, leaderEpoch }) => [name, `${leader} in epoch ${leaderEpoch}`]),
    );
  };
  const before = await leadersOf();
  await begin();
  const failures = await probeService(cluster.bootstrap, longer(random));
  await end();
  cluster.broken.push(...failures.map((failure) => `without etcd: ${failure}`));
  await pause(SESSION_MS * 2);
  if (!leasesHold) return;
  const after = await leadersOf();
  for (const [name, leader] of before) {
    const now = after.get(name);
    if (now !== leader) cluster.broken.push(`without etcd: ${name} was led by ${leader}, afterwards by ${now}`);
  }
}
