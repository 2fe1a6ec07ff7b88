import { Injectable, Logger } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { Clock, DueWork, JobMetrics, NotYet, RuntimeConfig, throughBriefOutage, Vault } from '@biz/platform';
import { DataSource } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { IMAGE_URL_CONTEXT } from '../records/captured-file.entity';
import { CapturedFiles } from '../records/captured-files';
import type { StoredFile } from '../records/captured-files';
import type { Which } from '../schedule/circuit';
import { ImageCircuit } from '../schedule/circuits';
import { KEPT_IN_MEMORY_MS, RetryTimes } from '../schedule/retry-times';
import { FileStore } from '../store/file-store';
import { FileRefused, ImageDownload, StoreUnavailable } from './image-download';
import { ImageQuota } from './image-quota';
import { ImageConfig } from '../store/image-store.config';

/** After so long without a sign of life the process that claimed a file counts as dead. */
const CLAIM_MS = 5_000;
const SIGN_OF_LIFE_EVERY_MS = 1_000;
/** How many of those who wait are looked at to choose the next: more than one customer can hand over. */
const CHOSEN_FROM = 200;
/** How many more are chosen than are taken: other instances may take some of them at this moment. */
const SPARE = 16;

interface FileClaim {
  id: string;
  capture_id: string;
  sealed_url: string;
  attempts: number;
  deadline_at: Date;
}

/**
 * Fetches the files of all customers: whose addresses end first come first, so many at once in all, and so many of one
 * customer.
 */
@Injectable()
export class FileFetcher implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(FileFetcher.name);
  private readonly due: DueWork<FileClaim>;
  private isStopping = false;
  private complete: (captureId: string) => Promise<void> = () => Promise.resolve();

  constructor(
    private readonly download: ImageDownload,
    private readonly quota: ImageQuota,
    private readonly store: FileStore,
    private readonly files: CapturedFiles,
    private readonly circuit: ImageCircuit,
    private readonly times: RetryTimes,
    private readonly vault: Vault,
    private readonly clock: Clock,
    private readonly dataSource: DataSource,
    private readonly config: ImageConfig,
    runtime: RuntimeConfig,
    metrics: JobMetrics,
  ) {
    this.due = new DueWork({
      name: 'capture.image.fetch',
      atOnce: config.parallelTotal,
      claim: (most) => this.claim(most),
      work: (file) => this.fetch(file),
      keep: { everyMs: SIGN_OF_LIFE_EVERY_MS, claims: (files) => this.keepClaims(files) },
      ...{ logger: this.logger, metrics, runtime },
    });
    circuit.onChange((open) => {
      if (open)
        this.logger.error('images cannot be fetched: only probes and what is nearly over are tried until they can');
      else this.pullForward();
    });
  }

  /** Called when no file of a capture is pending any more; it may be called twice. */
  onLast(complete: (captureId: string) => Promise<void>): void {
    this.complete = complete;
  }

  onApplicationBootstrap(): void {
    this.due.start();
  }

  /** A file that is half there is left to the next instance. */
  async beforeApplicationShutdown(): Promise<void> {
    this.isStopping = true;
    this.download.stop();
    await this.due.stop();
  }

  /** Files became due. */
  nudge(): void {
    this.due.nudge();
  }

  private claim(most: number): Promise<FileClaim[]> {
    return this.circuit.admit(most, (which, most) => this.take(which, most));
  }

  private async take(which: Which, most: number): Promise<FileClaim[]> {
    const now = this.clock.now();
    const order = `${which === 'probe' ? 'attempts, ' : ''}deadline_at, capture_id, picture, variant`;
    const running = new Map<string, number>();
    for (const { capture_id: id } of this.due.current()) running.set(id, (running.get(id) ?? 0) + 1);
    const [claims] = await this.dataSource.query<[FileClaim[], number]>(
      `WITH waiting AS (
         SELECT id, capture_id, attempts, deadline_at, picture, variant FROM capture.files
          WHERE state = 'pending' AND due_at > '-infinity' AND (claimed_until IS NULL OR claimed_until <= $1) AND ($2 OR due_at <= $1)
            AND deadline_at > $1 AND deadline_at <= $3 AND capture_id <> ALL($9::uuid[]) AND id <> ALL($10::uuid[])
          ORDER BY ${order} LIMIT ${CHOSEN_FROM}
       ), placed AS (
         SELECT waiting.*, row_number() OVER (ORDER BY ${order}) AS turn,
                coalesce(running, 0) + row_number() OVER (PARTITION BY capture_id ORDER BY ${order}) AS place
           FROM waiting LEFT JOIN unnest($4::uuid[], $5::integer[]) AS busy(capture_id, running) USING (capture_id)
       ), next AS (
         SELECT id, turn FROM placed WHERE place <= $6 ORDER BY turn LIMIT $7 + ${SPARE}
       ), chosen AS MATERIALIZED (
         SELECT files.id FROM next JOIN capture.files USING (id)
          WHERE files.state = 'pending' AND (files.claimed_until IS NULL OR files.claimed_until <= $1)
          ORDER BY turn LIMIT $7 FOR UPDATE OF files SKIP LOCKED
       )
       UPDATE capture.files SET claimed_until = $8, attempts = attempts + 1 FROM chosen WHERE files.id = chosen.id
        RETURNING files.id, files.capture_id, sealed_url, attempts, deadline_at`,
      [
        now,
        which === 'probe',
        which === 'urgent' ? this.times.urgentUntil() : 'infinity',
        [...running.keys()],
        [...running.values()],
        this.config.parallelPerCustomer,
        most,
        new Date(now.getTime() + CLAIM_MS),
        // Whoever has all that one customer may have leaves the view to others.
        [...running].filter(([, count]) => count >= this.config.parallelPerCustomer).map(([id]) => id),
        // Its claim ran out because no sign of life reached the database: it is still being fetched.
        this.due.current().map(({ id }) => id),
      ],
    );
    return claims;
  }

  /** What was put back just now stays so. */
  private keepClaims(files: FileClaim[]): Promise<unknown> {
    const until = new Date(this.clock.now().getTime() + CLAIM_MS);
    return this.dataSource.query(
      `UPDATE capture.files SET claimed_until = $2 WHERE id = ANY($1) AND state = 'pending' AND claimed_until IS NOT NULL`,
      [files.map(({ id }) => id), until],
    );
  }

  private async fetch(file: FileClaim): Promise<void> {
    const { id, capture_id: captureId } = file;
    const url = await this.vault.open(file.sealed_url, IMAGE_URL_CONTEXT);
    const leftMs = file.deadline_at.getTime() - this.clock.now().getTime();
    let stored: StoredFile | undefined;
    const isFull = await this.quota.isFull(captureId);
    try {
      if (isFull) throw new FileRefused('quota-exceeded');
      stored = await this.download.fetch(url, { id, captureId }, leftMs);
    } catch (error) {
      if (!(error instanceof FileRefused)) return this.tryLater(file, error);
      // An address that was never asked for says nothing about who would have answered.
      if (error.failure !== 'origin-refused' && error.failure !== 'quota-exceeded') this.circuit.answered();
      await this.refuse(file, error);
    }
    if (stored) await this.keep(file, stored);
    if (!(await this.files.has(captureId, 'pending'))) await this.complete(captureId);
  }

  private async refuse(file: FileClaim, { failure }: FileRefused): Promise<void> {
    await this.files.refused(file, failure);
    this.logger.warn({ captureId: file.capture_id, fileId: file.id, failure }, 'image refused');
  }

  private async keep(file: FileClaim, stored: StoredFile): Promise<void> {
    const { id, capture_id: captureId } = file;
    this.circuit.answered();
    const take = (manager: EntityManager): Promise<void> => this.quota.take(manager, captureId, stored.size);
    try {
      // What is in the store by now need not be fetched again.
      if (await throughBriefOutage(() => this.files.stored(id, stored, take), KEPT_IN_MEMORY_MS)) return;
      // Erased, fetched by another instance, or too late: nothing points at this copy.
      this.logger.warn({ captureId, fileId: id }, 'image came too late');
    } catch (error) {
      if (!(error instanceof FileRefused)) throw error;
      await this.refuse(file, error);
    }
    await this.store.remove(stored.storeKey);
  }

  private async tryLater(file: FileClaim, error: unknown): Promise<void> {
    const { id, capture_id: captureId, attempts, deadline_at: deadlineAt } = file;
    const problem = error instanceof StoreUnavailable ? 'store-unavailable' : 'kakao-unavailable';
    if (this.isStopping) {
      await this.files.letGo(file);
      throw new NotYet('stopping');
    }
    this.circuit.failed(captureId);
    const level = problem === 'store-unavailable' ? 'error' : 'warn';
    this.logger[level]({ captureId, fileId: id, problem, fault: faultOf(error) }, 'image not fetched');
    await this.files.later(file, problem, this.times.next(attempts, deadlineAt));
  }

  /** Whoever waits for its next try has it now. */
  private pullForward(): void {
    this.logger.warn('images can be fetched again');
    this.dataSource
      .query(`UPDATE capture.files SET due_at = $1 WHERE state = 'pending' AND due_at > $1 AND claimed_until IS NULL`, [
        this.clock.now(),
      ])
      .then(
        () => {
          this.nudge();
        },
        (error: unknown) => {
          this.logger.warn({ error }, 'not pulled forward: each is tried at its time');
        },
      );
  }
}

/** What kind of fault it was; never its text, which could hold the address. */
function faultOf(error: unknown): string {
  const { code, name, cause } = error as { code?: unknown; name?: unknown; cause?: unknown };
  if (cause !== undefined) return faultOf(cause);
  return typeof code === 'string' ? code : String(name);
}
