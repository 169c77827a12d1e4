import { CreateTopics, encodeRequest, Envelope, ErrorCode, joinFrame } from '@ks/protocol';
import { expect, test } from 'vitest';
import type { BrokerServices } from './broker-services.ts';
import { type RequestContext, handler } from './handler.ts';
import { exchange } from './shared/exchange.test-support.ts';
import { encodeCaller } from '../runtime/forwarded-caller.ts';
import { envelopeHandler } from './envelope.ts';

const asked: { readonly who: string; readonly host: string; readonly operation: string }[] = [];
let seen: RequestContext | undefined;
const create = handler(CreateTopics, { byController: true }, (_broker, _request, context) => {
  seen = context;
  context.authorize('CREATE', 'CLUSTER', 'kafka-cluster');
  return { throttleTimeMs: 0, topics: [] };
});
const served = new Map([[CreateTopics.key, { handler: create, versions: { min: 2, max: 7 } }]]);
const envelope = envelopeHandler(served, (who, host, operation) => {
  asked.push({ who, host, operation });
  return true;
});
const broker = {
  config: { listeners: { interBrokerListenerName: 'PLAINTEXT' } },
  controllerChannel: { isHere: true },
} as unknown as BrokerServices;

function wrapped(principal: string | null) {
  const head = { correlationId: 5, clientId: 'app' };
  const body = { topics: [], timeoutMs: 1, validateOnly: false };
  return {
    requestData: joinFrame(encodeRequest(CreateTopics, 7, head, body)).subarray(4),
    requestPrincipal: encodeCaller({ brokerId: 3, principal, listenerName: 'EXTERNAL', host: '', clientId: null }),
    clientHostAddress: Buffer.from('10.1.2.3'),
  };
}

test('whoever asked the other broker is who asks here', async () => {
  const answer = await exchange(envelope, Envelope, wrapped('User:alice'), { version: 0, broker });
  expect(answer?.errorCode).toBe(ErrorCode.NONE);
  expect(answer?.responseData?.subarray(0, 4)).toEqual(Uint8Array.of(0, 0, 0, 5));
  expect(seen).toMatchObject({ principal: 'User:alice', remoteAddress: '10.1.2.3', listenerName: 'EXTERNAL' });
  expect(seen).toMatchObject({ clientId: 'app', apiVersion: 7, forwardedBy: 3 });
  expect(asked).toEqual([{ who: 'User:alice', host: '10.1.2.3', operation: 'CREATE' }]);
});

test('what a broker needs itself it may', async () => {
  asked.length = 0;
  expect((await exchange(envelope, Envelope, wrapped(null), { version: 0, broker }))?.errorCode).toBe(ErrorCode.NONE);
  expect(asked).toEqual([]);
});

test('only who may act for the cluster, on the listener of the brokers, opens one', async () => {
  const refused: string[] = [];
  const authorize: RequestContext['authorize'] = (operation, type, name) => {
    refused.push(`${operation} ${type} ${name}`);
    return false;
  };
  const denied = await exchange(envelope, Envelope, wrapped('User:alice'), { version: 0, broker, authorize });
  expect(denied?.errorCode).toBe(ErrorCode.CLUSTER_AUTHORIZATION_FAILED);
  expect(refused).toEqual(['CLUSTER_ACTION CLUSTER kafka-cluster']);
  const other = {
    ...broker,
    config: { listeners: { interBrokerListenerName: 'INTERNAL' } },
  } as unknown as BrokerServices;
  const outside = await exchange(envelope, Envelope, wrapped('User:alice'), { version: 0, broker: other });
  expect(outside?.errorCode).toBe(ErrorCode.INVALID_REQUEST);
});
