/** A kind of durable work. */
export interface Job<Data extends object> {
  /** Also the name of its queue: `capture.redeem`. */
  readonly name: string;
  /** Seconds before each retry, multiplied by RETRY_TIME_SCALE; its length is the number of retries. */
  readonly schedule: readonly number[];
  /** How many of it one instance runs at once. */
  readonly concurrency: number;
  /** How the workers are shared. */
  readonly share?: Share<Data>;
  /** Never present; carries the type of the data. */
  readonly data?: Data;
}

export const defineJob = <Data extends object>(job: {
  name: string;
  schedule: readonly number[];
  concurrency?: number;
  share?: Share<Data>;
}): Job<Data> => ({ concurrency: 4, ...job });

/**
 * Of the jobs of one owner only so many run at once, on all instances together; the others stay in the queue, and the
 * next job of another owner is taken before them.
 */
export interface Share<Data extends object> {
  /** Absent in a job that an older version stored: such a job is not counted. */
  ownerOf(data: Data): string | undefined;
  readonly atOnce: number;
}

/** A merchant whose calls hang holds so many workers and leaves the rest to other merchants. */
export const ofOneMerchant = (atOnce: number): Share<{ merchant: string }> => ({
  ownerOf: ({ merchant }) => merchant,
  atOnce,
});

/** What a handler knows about this run of its job. */
export interface JobRun {
  /** 1 for the first try. */
  attempt: number;
  /** No retry follows this one. */
  last: boolean;
}

/** Thrown by a handler whose work is not due or not decided yet: retried on the schedule, but nothing went wrong. */
export class NotYet extends Error {
  override name = 'NotYet';

  /** @param afterSeconds instead of the schedule's next step (multiplied by RETRY_TIME_SCALE all the same). */
  constructor(
    reason: string,
    readonly afterSeconds?: number,
  ) {
    super(reason);
  }
}

/** Thrown by a handler that could not begin: the job runs again after so many seconds, and it costs no try. */
export class NotNow extends NotYet {
  override name = 'NotNow';

  constructor(
    reason: string,
    override readonly afterSeconds: number,
  ) {
    super(reason, afterSeconds);
  }
}
