/** What went in and out of a replica since it was opened. */
export class PartitionTraffic {
  /** Bytes of batches appended by clients. */
  bytesIn = 0;
  recordsIn = 0;
  /** Record bytes given to fetches. */
  bytesOut = 0;
  /** Record bytes given to followers. */
  replicatedBytesOut = 0;
  /** Record bytes taken from a leader. */
  replicatedBytesIn = 0;

  appended(sizeBytes: number, recordsCount: number): void {
    this.bytesIn += sizeBytes;
    this.recordsIn += recordsCount;
  }

  fetched(sizeBytes: number): void {
    this.bytesOut += sizeBytes;
  }

  /** What other brokers' replicas fetched here, and what this one fetched from its leader. */
  replicated(bytesOut: number, bytesIn: number): void {
    this.replicatedBytesOut += bytesOut;
    this.replicatedBytesIn += bytesIn;
  }
}
