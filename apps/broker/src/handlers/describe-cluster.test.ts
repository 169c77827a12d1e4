import { DescribeCluster, ErrorCode } from '@ks/protocol';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type AdminBroker, startAdminBroker } from '../../tests/admin-broker.ts';
import { describeCluster } from './describe-cluster.ts';
import { type ExchangeOptions, exchange } from './shared/exchange.test-support.ts';

let broker: AdminBroker;
beforeEach(async () => {
  broker = await startAdminBroker();
  const registration = {
    endpoints: [{ listenerName: 'PLAINTEXT', host: 'away', port: 1 }],
    rack: 'r',
    host: 'h',
    logDirIds: [],
    incarnationId: 'i',
    leaseId: 'l',
    inControlledShutdown: false,
    uncleanBirth: false,
  };
  await broker.write({ type: 'put', key: 'registrations/5', value: JSON.stringify(registration) });
});
afterEach(() => broker.stop());

async function ask(
  version: number,
  body: Record<string, boolean | number> = {},
  options: Partial<ExchangeOptions> = {},
) {
  const request = { includeClusterAuthorizedOperations: false, includeFencedBrokers: false, ...body };
  const answer = await exchange(describeCluster, DescribeCluster, request, {
    version,
    broker: broker.services,
    ...options,
  });
  if (answer === undefined) throw new Error('DescribeCluster was not answered');
  return answer;
}

test.each([0, 1, 2])('v%i tells the cluster, its controller and its live brokers', async (version) => {
  expect(await ask(version)).toMatchObject({
    errorCode: 0,
    errorMessage: null,
    clusterId: broker.services.clusterId,
    controllerId: 0,
    endpointType: 1,
    brokers: [{ brokerId: 0, host: 'localhost', port: 9092, rack: null, isFenced: false }],
    clusterAuthorizedOperations: -2147483648,
  });
});

test('v2: fenced brokers when asked for', async () => {
  const { brokers } = await ask(2, { includeFencedBrokers: true });
  expect(brokers.map((each) => [each.brokerId, each.host, each.rack, each.isFenced])).toEqual([
    [0, 'localhost', null, false],
    [5, 'away', 'r', true],
  ]);
});

test('v1: controllers have no endpoints here', async () => {
  expect(await ask(1, { endpointType: 2 })).toMatchObject({
    errorCode: ErrorCode.MISMATCHED_ENDPOINT_TYPE,
    brokers: [],
  });
  expect(await ask(1, { endpointType: 9 })).toMatchObject({
    errorCode: ErrorCode.UNSUPPORTED_ENDPOINT_TYPE,
    brokers: [],
  });
});

test('operations when asked for', async () => {
  const asked = { includeClusterAuthorizedOperations: true };
  expect((await ask(0, asked)).clusterAuthorizedOperations).toBe(0b1_1111_1010_0000);
  expect((await ask(0, asked, { denied: ['kafka-cluster'] })).clusterAuthorizedOperations).toBe(0);
});
