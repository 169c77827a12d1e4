/** What went in and out of a replica since it was opened. */
export class PartitionTraffic {
  /** Bytes of batches appended by clients. */
  bytesIn = 0;
  recordsIn = 0;
  /** Record bytes given to fetches. */
  bytesOut = 0;

  appended(sizeBytes: number, recordsCount: number): void {
    this.bytesIn += sizeBytes;
    this.recordsIn += recordsCount;
  }

  fetched(sizeBytes: number): void {
    this.bytesOut += sizeBytes;
  }
}
