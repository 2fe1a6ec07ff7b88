import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import type { Readable, TransformCallback } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Injectable, Logger } from '@nestjs/common';
import type { OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import { AddressGate, KakaoOrigins, newId, Vault } from '@biz/platform';
import { isImageUrl } from '@biz/otp-client';
import { fileTypeFromBuffer } from 'file-type';
import { Agent, request } from 'undici';
import type { FileFailure } from '../records/capture-state';
import { FILE_KEY_CONTEXT } from '../records/captured-file.entity';
import type { StoredFile } from '../records/captured-files';
import { FileStore, makeFolder } from '../store/file-store';
import { ImageConfig } from '../store/image-store.config';
import { newFileKey, sealing } from '../store/sealed-stream';
import { ASIDE_FOR_EACH } from './places';
import { Stopwatch } from './stopwatch';
import { Transfer } from './transfer';

/** How often a download is checked for what it brings. */
const CHECK_EVERY_MS = 250;
/** What file-type needs to tell any type it knows. */
const HEAD_BYTES = 4_100;
/** No download takes as long. */
const LEFT_BEHIND_MS = 3_600_000;

/** This file will never be had: trying again would end the same way. */
export class FileRefused extends Error {
  override readonly name = 'FileRefused';

  constructor(readonly failure: FileFailure) {
    super(failure);
  }
}

/** Nothing came with a 200, or a page or an error instead of a picture: another try may bring it. */
export class NoPicture extends FileRefused {
  constructor() {
    super('not-an-image');
  }
}

/** How the answers of web servers begin that stand in the place of a file. */
const PAGE = /^\s*(?:<!doctype html|<html|\{|<\?xml[^>]*>\s*<error)/i;
const PAGE_BYTES = 512;

/** Our own store did not take a file: it is full, or does not answer. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';

  constructor(override readonly cause: unknown) {
    super('the store did not take a file');
  }
}

/** A server sends too little in too much time, or others need the room: another try may bring more. */
export class TooSlow extends Error {
  override readonly name = 'TooSlow';
}

/** How a file system says that it takes no more. */
const FILE_SYSTEM_FAULTS = new Set([
  'ENOSPC',
  'EDQUOT',
  'EROFS',
  'EACCES',
  'EPERM',
  'EIO',
  'ENOENT',
  'ENOTDIR',
  'EEXIST',
  'EMFILE',
  'ENFILE',
  'ESTALE',
  'EFBIG',
]);

/** Fetches one image into the store: streamed, measured, judged by its content and encrypted on the way. */
@Injectable()
export class ImageDownload implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger(ImageDownload.name);
  private readonly agent: Agent;
  private readonly running = new Set<AbortController>();
  private isPrepared = false;
  private isStopping = false;

  constructor(
    private readonly config: ImageConfig,
    private readonly origins: KakaoOrigins,
    private readonly store: FileStore,
    private readonly vault: Vault,
    private readonly stopwatch: Stopwatch,
    gate: AddressGate,
  ) {
    this.agent = new Agent({
      connect: gate.connector({ timeout: 5_000 }),
      // Each download is watched for what it brings, from its beginning.
      headersTimeout: 0,
      bodyTimeout: 0,
      connections: config.parallelTotal * (1 + ASIDE_FOR_EACH),
      pipelining: 1,
    });
  }

  /** Callbacks are received without the store: it may come later. */
  async onModuleInit(): Promise<void> {
    await this.prepare().catch((error: unknown) => {
      this.logger.error({ error }, 'the store of images cannot be used');
    });
  }

  /**
   * @param withinMs how long the address works
   * @param onSlow called at each check while the download is slow
   * @throws FileRefused for good
   * @throws StoreUnavailable when what Kakao sent could not be kept
   * @throws Error when another try may succeed
   */
  async fetch(
    url: string,
    file: { id: string; captureId: string },
    withinMs: number,
    onSlow?: (transfer: Transfer) => void,
  ): Promise<StoredFile> {
    if (!isImageUrl(url, this.origins.image)) throw new FileRefused('origin-refused');
    if (this.isStopping) throw new Error('stopping');
    const ending = new AbortController();
    this.running.add(ending);
    const startedAt = this.stopwatch.now();
    const transfer = new Transfer(startedAt, () => {
      ending.abort(new TooSlow());
    });
    const watch = setInterval(() => {
      const now = this.stopwatch.now();
      if (now - startedAt >= withinMs) ending.abort(new DOMException('the time is over', 'TimeoutError'));
      const pace = transfer.check(now);
      if (pace === 'stalled') transfer.end();
      if (pace === 'slow') onSlow?.(transfer);
    }, CHECK_EVERY_MS);
    try {
      return await this.fetchUntil(ending.signal, url, file, transfer);
    } finally {
      clearInterval(watch);
      this.running.delete(ending);
    }
  }

  /** Ends what runs; nothing starts any more. */
  stop(): void {
    this.isStopping = true;
    for (const ending of this.running) ending.abort();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.agent.close();
  }

  private async fetchUntil(
    signal: AbortSignal,
    url: string,
    file: { id: string; captureId: string },
    transfer: Transfer,
  ): Promise<StoredFile> {
    const response = await request(url, {
      dispatcher: this.agent,
      // Nothing is unpacked: a file that comes compressed all the same is no image.
      headers: { accept: 'image/*', 'accept-encoding': 'identity' },
      signal,
    });
    // Destroying a body that nobody reads emits an error, which without a listener would end the process.
    response.body.on('error', () => undefined);
    try {
      judge(response.statusCode);
      if (Number(response.headers['content-length'] ?? 0) > this.config.maxBytes) throw new FileRefused('too-large');
      return await this.keep(response.body, file, transfer);
    } finally {
      response.body.destroy();
    }
  }

  /** Once: where a disk was taken out since, no folder is made in its place. */
  private async prepare(): Promise<void> {
    if (this.isPrepared) return;
    await makeFolder(this.store.incoming);
    await this.clear();
    this.isPrepared = true;
  }

  /** What a crash left half written; younger files may belong to another instance. */
  private async clear(): Promise<void> {
    for (const name of await readdir(this.store.incoming)) {
      const path = join(this.store.incoming, name);
      const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Date.now() }));
      if (Date.now() - mtimeMs > LEFT_BEHIND_MS) await rm(path, { force: true });
    }
  }

  private async keep(
    body: Readable,
    { id, captureId }: { id: string; captureId: string },
    transfer: Transfer,
  ): Promise<StoredFile> {
    const key = newFileKey();
    const meter = new Meter(this.config.maxBytes, transfer);
    transfer.isStoring = () => meter.writableNeedDrain || meter.writableEnded;
    const path = join(this.store.incoming, newId());
    const storeKey = `${captureId}/${newId()}`;
    try {
      await this.prepare();
      await pipeline(body, meter, sealing(key, id), createWriteStream(path, { flags: 'wx', mode: 0o600, flush: true }));
      await this.store.put(path, storeKey).catch((error: unknown) => {
        throw new StoreUnavailable(error);
      });
    } catch (error) {
      await rm(path, { force: true }).catch(() => undefined);
      const { code } = error as { code?: unknown };
      throw FILE_SYSTEM_FAULTS.has(String(code)) ? new StoreUnavailable(error) : error;
    }
    return {
      storeKey,
      sealedKey: await this.vault.seal(key.toString('base64'), FILE_KEY_CONTEXT),
      size: meter.size,
      type: meter.type,
      sha256: meter.sha256.digest('hex'),
    };
  }
}

function judge(status: number): void {
  // Any other 2xx is not the whole file.
  if (status === 200) return;
  if (status >= 400 && status < 500 && status !== 429) throw new FileRefused('refused-by-kakao');
  throw new Error(`HTTP ${status}`);
}

/** Lets a file through while it is small enough and looks like an image. */
class Meter extends Transform {
  readonly sha256 = createHash('sha256');
  size = 0;
  type = '';
  /** What came so far, until it is known to be an image. */
  private head: Buffer[] | undefined = [];

  constructor(
    private readonly maxBytes: number,
    private readonly transfer: Transfer,
  ) {
    super();
  }

  override _transform(piece: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.size += piece.length;
    this.transfer.received = this.size;
    if (this.size > this.maxBytes) {
      done(new FileRefused('too-large'));
      return;
    }
    this.sha256.update(piece);
    if (!this.head) {
      done(null, piece);
      return;
    }
    this.head.push(piece);
    if (this.size < HEAD_BYTES) done();
    else this.judgeHead(this.head, done);
  }

  override _flush(done: TransformCallback): void {
    if (this.head) this.judgeHead(this.head, done);
    else done();
  }

  private judgeHead(pieces: Buffer[], done: TransformCallback): void {
    const head = Buffer.concat(pieces);
    this.head = undefined;
    fileTypeFromBuffer(head).then((found) => {
      this.type = found?.mime ?? '';
      if (this.type.startsWith('image/')) done(null, head);
      else
        done(
          head.length === 0 || PAGE.test(head.toString('utf8', 0, PAGE_BYTES))
            ? new NoPicture()
            : new FileRefused('not-an-image'),
        );
    }, done);
  }
}
