// DescribeCluster v0-v2 (KIP-700). v1: endpointType (KIP-919). v2: fenced brokers (KIP-1073).
import { DescribeCluster, ErrorCode } from '@ks/protocol';
import { handler } from './handler.ts';
import { clusterAuthorizedOperations, OPERATIONS_NOT_ASKED } from './shared/authorized-operations.ts';
import { reachableBrokers } from './shared/listener-endpoints.ts';

const ENDPOINTS_OF_BROKERS = 1;
const ENDPOINTS_OF_CONTROLLERS = 2;

export const describeCluster = handler(DescribeCluster, {}, (broker, request, context) => {
  const { endpointType } = request;
  if (endpointType !== ENDPOINTS_OF_BROKERS) {
    const isController = endpointType === ENDPOINTS_OF_CONTROLLERS;
    return {
      throttleTimeMs: 0,
      errorCode: isController ? ErrorCode.MISMATCHED_ENDPOINT_TYPE : ErrorCode.UNSUPPORTED_ENDPOINT_TYPE,
      errorMessage: isController
        ? 'this listener is for clients of brokers'
        : `there is no endpoint type ${endpointType}`,
      endpointType,
      clusterId: '',
      brokers: [],
    };
  }
  const image = broker.metadata.image();
  const brokers = reachableBrokers(image, context.listenerName, request.includeFencedBrokers);
  return {
    throttleTimeMs: 0,
    errorCode: ErrorCode.NONE,
    endpointType,
    clusterId: image.clusterId,
    controllerId: image.controllerId,
    brokers: brokers.map(({ broker: { brokerId, rack, fenced }, endpoint: { host, port } }) => ({
      brokerId,
      host,
      port,
      rack,
      isFenced: fenced,
    })),
    clusterAuthorizedOperations: request.includeClusterAuthorizedOperations
      ? clusterAuthorizedOperations(context)
      : OPERATIONS_NOT_ASKED,
  };
});
