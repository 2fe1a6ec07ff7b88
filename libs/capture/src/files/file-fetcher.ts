import { Injectable, Logger } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { Clock, DueWork, JobMetrics, NotYet, RuntimeConfig, throughBriefOutage, Vault } from '@biz/platform';
import type { EntityManager } from 'typeorm';
import { IMAGE_URL_CONTEXT } from '../records/captured-file.entity';
import { CapturedFiles } from '../records/captured-files';
import type { StoredFile } from '../records/captured-files';
import { ImageCircuit } from '../schedule/circuits';
import { KEPT_IN_MEMORY_MS, RetryTimes } from '../schedule/retry-times';
import { FileStore } from '../store/file-store';
import { FileClaims } from './file-claims';
import type { FileClaim } from './file-claims';
import { FileRefused, ImageDownload, NoPicture, StoreUnavailable, TooSlow } from './image-download';
import { ImageQuota } from './image-quota';
import { ASIDE_FOR_EACH, Places } from './places';
import { Stopwatch } from './stopwatch';
import type { Transfer } from './transfer';
import { ImageConfig } from '../store/image-store.config';

const SIGN_OF_LIFE_EVERY_MS = 1_000;
/**
 * Fetches the files of all customers: so many at once in all, so many of one customer, in turn of merchants and customers.
 *
 * A slow download leaves its place and goes on, so that no customer waits for the end of another one's slow pictures.
 */
@Injectable()
export class FileFetcher implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(FileFetcher.name);
  private readonly due: DueWork<FileClaim>;
  private readonly places: Places;
  /** The last search may have left files that were due, or files became due since. */
  private othersWait = false;
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
    private readonly claims: FileClaims,
    private readonly stopwatch: Stopwatch,
    config: ImageConfig,
    runtime: RuntimeConfig,
    metrics: JobMetrics,
  ) {
    this.places = new Places(config.parallelTotal);
    this.due = new DueWork({
      name: 'capture.image.fetch',
      atOnce: config.parallelTotal * (1 + ASIDE_FOR_EACH),
      claim: (most) => this.claim(most),
      work: (file) => this.fetch(file),
      facts: ({ id, merchant, capture_id: captureId }) => ({ fileId: id, captureId, merchant }),
      keep: { everyMs: SIGN_OF_LIFE_EVERY_MS, claims: (files) => this.claims.keep(files) },
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
    this.othersWait = true;
    this.due.nudge();
  }

  /** Files of one more customer became due: during an outage they are the next to probe with. */
  listed(): void {
    this.circuit.probeSoon();
    this.nudge();
  }

  private async claim(most: number): Promise<FileClaim[]> {
    const current = this.due.current();
    const free = Math.min(most, this.places.free(current.length));
    if (free === 0) return [];
    this.othersWait = false;
    const claims = await this.circuit.admit(free, (which, most) => this.claims.take(which, most, current));
    if (claims.length === free) this.othersWait = true;
    return claims;
  }

  /** Its place is free for the next file as soon as there is room aside, and its customer comes after the others. */
  private stepAside(file: FileClaim, transfer: Transfer): void {
    if (this.places.isAside(file) || this.places.free(this.due.current().length) > 0) return;
    if (!this.places.stepAside(file, transfer, this.stopwatch.now(), this.othersWait)) return;
    this.logger.debug({ captureId: file.capture_id, fileId: file.id }, 'image comes slowly');
    this.claims.putLater(file.capture_id).then(
      () => {
        this.due.nudge();
      },
      (error: unknown) => {
        this.logger.warn({ error }, 'a slow image was not noted: its customer keeps its turn');
        this.due.nudge();
      },
    );
  }

  private async fetch(file: FileClaim): Promise<void> {
    try {
      await this.fetchInPlace(file);
    } finally {
      this.places.finished(file);
    }
  }

  private async fetchInPlace(file: FileClaim): Promise<void> {
    const { id, capture_id: captureId } = file;
    const url = await this.vault.open(file.sealed_url, IMAGE_URL_CONTEXT);
    const leftMs = file.deadline_at.getTime() - this.clock.now().getTime();
    let stored: StoredFile | undefined;
    const isFull = await this.quota.isFull(captureId);
    try {
      if (isFull) throw new FileRefused('quota-exceeded');
      stored = await this.download.fetch(url, { id, captureId }, leftMs, (transfer) => {
        this.stepAside(file, transfer);
      });
    } catch (error) {
      if (!(error instanceof FileRefused) || this.mayComeLater(file, error)) return this.tryLater(file, error);
      // An address that was never asked for says nothing about who would have answered.
      if (error.failure !== 'origin-refused' && error.failure !== 'quota-exceeded') this.circuit.answered();
      await this.refuse(file, error);
    }
    if (stored) await this.keep(file, stored);
    if (!(await this.files.has(captureId, 'pending'))) await this.complete(captureId);
  }

  /** A server that sends pages for pictures may be under repair; it is refused when no further try would be in time. */
  private mayComeLater({ attempts, deadline_at: deadlineAt }: FileClaim, error: FileRefused): boolean {
    return error instanceof NoPicture && this.times.next(attempts, deadlineAt) < deadlineAt;
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
    // A picture that hangs holds up no other one; a server that hangs for all is asked for each file at its time.
    if (!(error instanceof TooSlow)) this.circuit.failed(captureId);
    // Our own store takes the files of other customers no more than this one's.
    if (problem === 'kakao-unavailable') await this.claims.putLater(captureId);
    const level = problem === 'store-unavailable' ? 'error' : 'warn';
    this.logger[level]({ captureId, fileId: id, problem, fault: faultOf(error) }, 'image not fetched');
    await this.files.later(file, problem, this.times.next(attempts, deadlineAt));
  }

  /** Whoever waits for its next try has it now. */
  private pullForward(): void {
    this.logger.warn('images can be fetched again');
    this.claims.pullForward().then(
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
