import { ErrorCode, WriteTxnMarkers } from '@ks/protocol';
import type { TransactionMarker } from '../runtime/transaction-markers.ts';
import { handler } from './handler.ts';

// WriteTxnMarkers v1-v2, from coordinators and from the admin tool that ends a hanging transaction (KIP-664). v2: the transaction version,
// by which the marker's epoch is judged (KIP-1228).
export const writeTxnMarkers = handler(WriteTxnMarkers, {}, async (broker, request, context) => {
  const markers = request.markers.map(
    ({ topics, transactionResult, ...marker }): TransactionMarker => ({
      producerId: marker.producerId,
      producerEpoch: marker.producerEpoch,
      committed: transactionResult,
      coordinatorEpoch: marker.coordinatorEpoch,
      transactionVersion: marker.transactionVersion,
      partitions: topics.map(({ name, partitionIndexes }) => ({ topic: name, partitionIndexes })),
    }),
  );
  const isAllowed =
    context.authorize('CLUSTER_ACTION', 'CLUSTER', 'kafka-cluster') ||
    context.authorize('ALTER', 'CLUSTER', 'kafka-cluster');
  const written = isAllowed ? await broker.transactions.writeMarkers(markers) : markers.map(unauthorized);
  return {
    markers: markers.map(({ producerId }, index) => ({
      producerId,
      topics: (written[index] ?? []).map(({ topic, partitions }) => ({ name: topic, partitions })),
    })),
  };
});

function unauthorized({ partitions }: TransactionMarker) {
  return partitions.map(({ topic, partitionIndexes }) => ({
    topic,
    partitions: partitionIndexes.map((partitionIndex) => ({
      partitionIndex,
      errorCode: ErrorCode.CLUSTER_AUTHORIZATION_FAILED,
    })),
  }));
}
