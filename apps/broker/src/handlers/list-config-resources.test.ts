import { CreateAcls, DeleteAcls, DescribeAcls, ErrorCode, ListConfigResources } from '@ks/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AdminBroker, startAdminBroker } from '../../tests/admin-broker.ts';
import { createAcls } from './create-acls.ts';
import { deleteAcls } from './delete-acls.ts';
import { describeAcls } from './describe-acls.ts';
import { listConfigResources } from './list-config-resources.ts';
import { exchange } from './shared/exchange.test-support.ts';

let broker: AdminBroker;
beforeAll(async () => {
  broker = await startAdminBroker();
  await broker.create('t');
  await broker.write(
    { type: 'put', key: 'configs/group/g', value: '{"consumer.session.timeout.ms":"50000"}' },
    { type: 'put', key: 'configs/client-metrics/m', value: '{"metrics":"*"}' },
  );
});
afterAll(() => broker.stop());

async function list(version: number, resourceTypes: number[], denied: readonly string[] = []) {
  const context = { version, broker: broker.services, denied };
  const answer = await exchange(listConfigResources, ListConfigResources, { resourceTypes }, context);
  const resources = answer?.configResources.map(({ resourceName, resourceType }) => `${resourceType}:${resourceName}`);
  return { errorCode: answer?.errorCode, resources: resources?.sort() };
}

test('ListConfigResources lists what has configurations', async () => {
  expect(await list(1, [])).toEqual({ errorCode: 0, resources: ['16:m', '2:t', '32:g', '4:0', '8:0'] });
  expect(await list(1, [32, 2, 32])).toEqual({ errorCode: 0, resources: ['2:t', '32:g'] });
  expect(await list(0, [])).toEqual({ errorCode: 0, resources: ['16:m'] });
  expect(await list(1, [2, 99])).toEqual({ errorCode: ErrorCode.UNSUPPORTED_VERSION, resources: [] });
  expect(await list(1, [], ['kafka-cluster'])).toEqual({
    ...{ errorCode: ErrorCode.CLUSTER_AUTHORIZATION_FAILED, resources: [] },
  });
});

test('the ACL APIs say that there is no authorizer', async () => {
  const context = { version: 3, broker: broker.services };
  const filter = { resourceTypeFilter: 1, resourceNameFilter: null, principalFilter: null, hostFilter: null };
  const any = { ...filter, operation: 1, permissionType: 1 };
  const described = await exchange(describeAcls, DescribeAcls, any, context);
  expect(described).toMatchObject({ errorCode: ErrorCode.SECURITY_DISABLED, resources: [] });
  const deleted = await exchange(deleteAcls, DeleteAcls, { filters: [any, any] }, context);
  expect(deleted?.filterResults.map(({ errorCode }) => errorCode)).toEqual([54, 54]);
  const entry = { resourceType: 2, resourceName: 't', principal: 'User:a', host: '*', operation: 3, permissionType: 3 };
  const created = await exchange(createAcls, CreateAcls, { creations: [entry] }, context);
  expect(created?.results.map(({ errorCode }) => errorCode)).toEqual([54]);
});
