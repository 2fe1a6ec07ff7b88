import { Injectable } from '@nestjs/common';
import { Clock, newId } from '@biz/platform';
import { DataSource, In, LessThanOrEqual } from 'typeorm';
import type { EntityManager, FindOptionsWhere, QueryDeepPartialEntity } from 'typeorm';
import { FILE_REACHED_FROM } from './capture-state';
import type { FileFailure, FileProblem, FileState } from './capture-state';
import type { Capture } from './capture.entity';
import { CapturedFile } from './captured-file.entity';

/** What is known of a file before it is fetched. */
type Listed = Pick<CapturedFile, 'picture' | 'variant' | 'sealedUrl'>;

/** One try to fetch a file; who takes the file over from a process that seems dead counts another. */
type Try = Pick<CapturedFile, 'id' | 'attempts'>;

/** What is known of a file once it is in the store. */
export interface StoredFile {
  storeKey: string;
  sealedKey: string;
  size: number;
  type: string;
  sha256: string;
}

type Which = FindOptionsWhere<CapturedFile>;
type Change = QueryDeepPartialEntity<CapturedFile>;

/** Until when files are fetched: Kakao may end their addresses before our own time for them is over. */
export const fetchedUntil = (deadlineAt: Date, expiresAt: Date | null | undefined): Date =>
  expiresAt && expiresAt < deadlineAt ? expiresAt : deadlineAt;

/** The files of captures: whatever happens to one is noted here, each time by one guarded UPDATE. */
@Injectable()
export class CapturedFiles {
  constructor(
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
  ) {}

  /** The files of a capture in the order of its pictures. */
  of(captureId: string, state?: FileState, manager = this.dataSource.manager): Promise<CapturedFile[]> {
    return manager.find(CapturedFile, {
      where: { captureId, ...(state && { state }) },
      order: { picture: 'ASC', variant: 'ASC' },
    });
  }

  has(captureId: string, state?: FileState, manager = this.dataSource.manager): Promise<boolean> {
    return manager.existsBy(CapturedFile, { captureId, ...(state && { state }) });
  }

  /** Notes what is to be fetched until then; what is listed already stays as it is. */
  async list(
    manager: EntityManager,
    { id: captureId, merchant }: Pick<Capture, 'id' | 'merchant'>,
    files: readonly Listed[],
    deadlineAt: Date,
  ): Promise<void> {
    const dueAt = this.clock.now();
    const rows = files.map((file) => ({
      ...{ id: newId(), captureId, merchant, ...file },
      ...{ state: 'pending' as const, attempts: 0, dueAt, deadlineAt },
    }));
    await manager.createQueryBuilder().insert().into(CapturedFile).values(rows).orIgnore().execute();
  }

  /**
   * @param take counts the bytes in the same transaction; the file stays as it was when it throws
   * @returns whether this is the copy that counts: not when the file was erased, given up or stored by somebody else
   */
  async stored(id: string, kept: StoredFile, take?: (manager: EntityManager) => Promise<void>): Promise<boolean> {
    const change = { ...kept, sealedUrl: null, problem: null, storedAt: this.clock.now() };
    const isFirst = await this.dataSource.transaction(async (manager) => {
      if (!(await this.move({ id }, 'stored', change, manager))) return false;
      await take?.(manager);
      return true;
    });
    // A commit may have succeeded unheard.
    return isFirst || this.dataSource.manager.existsBy(CapturedFile, { id, state: 'stored', storeKey: kept.storeKey });
  }

  /** This file will never be had; a process that was taken for dead says nothing about whoever took over. */
  async refused({ id, attempts }: Try, failure: FileFailure): Promise<void> {
    await this.move({ id, attempts }, 'failed', { failure, problem: null });
  }

  /** A try failed, and another one follows. */
  later(of: Try, problem: FileProblem, dueAt: Date): Promise<void> {
    return this.endTry(of, { problem, dueAt });
  }

  /** A try was broken off: whoever is free may take the file. */
  letGo(of: Try): Promise<void> {
    return this.endTry(of, {});
  }

  /** What is still missing when the time of a capture is over fails; what an operator has asked for again since does not. */
  async giveUp(captureId: string): Promise<void> {
    await this.move({ captureId, deadlineAt: LessThanOrEqual(this.clock.now()) }, 'failed', {
      failure: () => `CASE problem WHEN 'store-unavailable' THEN 'store-unavailable' ELSE 'deadline-passed' END`,
    });
  }

  /** What failed is fetched again until then. */
  async again(manager: EntityManager, captureId: string, deadlineAt: Date): Promise<void> {
    const fresh = { failure: null, problem: null, dueAt: this.clock.now(), claimedUntil: null };
    await this.move({ captureId }, 'pending', { ...fresh, deadlineAt, retrying: false }, manager);
  }

  /** Size and checksum would still tell whether a picture that somebody has is this one. Gives the bytes back to the quota. */
  async erase(manager: EntityManager, captureId: string): Promise<void> {
    // Locked first: a download that is being stored at this moment is counted before or not at all.
    const files = await manager.query<{ state: FileState; size: number | null }[]>(
      `SELECT state, size FROM capture.files WHERE capture_id = $1 ORDER BY id FOR UPDATE`,
      [captureId],
    );
    if (files.length === 0) return;
    const bytes = files.reduce((sum, { state, size }) => sum + (state === 'stored' ? (size ?? 0) : 0), 0);
    const nothing = { sealedUrl: null, sealedKey: null, size: null, sha256: null };
    await this.move({ captureId }, 'erased', nothing, manager);
    if (bytes === 0) return;
    await manager.query(
      `UPDATE capture.image_usage SET bytes = greatest(bytes - $2::bigint, 0)
        WHERE merchant = (SELECT merchant FROM capture.captures WHERE id = $1)`,
      [captureId, bytes],
    );
  }

  /** A state changes here only. @returns whether one did */
  private async move(
    which: Which,
    state: FileState,
    change: Change,
    manager = this.dataSource.manager,
  ): Promise<boolean> {
    const from = { ...which, state: In(FILE_REACHED_FROM[state]) };
    const { affected } = await manager.update(CapturedFile, from, { ...change, state });
    return affected !== 0;
  }

  /** Only of the try that is the last: a process that was taken for dead says nothing about whoever took over. */
  private async endTry({ id, attempts }: Try, change: Change): Promise<void> {
    await this.dataSource.manager.update(
      CapturedFile,
      { id, attempts, state: 'pending' },
      { ...change, claimedUntil: null },
    );
  }
}
