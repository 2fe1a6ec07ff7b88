import { createReadStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type * as S3 from '@aws-sdk/client-s3';
import type { AddressGate } from '@biz/platform';
import { FileStore } from './file-store';

type Sdk = typeof S3;

const CONNECT_MS = 5_000;
/** Whoever asks for something logs that it failed; left alone, the SDK writes on the console, too. */
const nothing = (): void => undefined;
const SILENT = { debug: nothing, info: nothing, warn: nothing, error: nothing };
/** A store that says nothing for so long holds up nobody any more. */
const IDLE_MS = 30_000;
/** Of the thirty files of a capture, and whatever was left behind. */
const REMOVED_AT_ONCE = 10;

/**
 * A bucket of any S3-compatible store, named by `s3://bucket/prefix`.
 *
 * Region, keys and endpoint come from the usual AWS variables. The SDK is loaded when first needed: apps that
 * keep images in a folder never pay its 35 MB.
 */
export class BucketStore extends FileStore {
  readonly incoming: string;
  private readonly bucket: string;
  private readonly prefix: string;
  private loading?: Promise<{ sdk: Sdk; client: S3.S3Client }>;

  constructor(
    address: string,
    dataDir: string,
    private readonly gate: AddressGate,
    private readonly idleMs = IDLE_MS,
  ) {
    super();
    const { hostname, pathname } = new URL(address);
    this.bucket = hostname;
    this.prefix = pathname.replace(/^\/+|(?<!\/)\/+$/g, '');
    this.incoming = join(dataDir, 'images-incoming');
  }

  async put(path: string, name: string): Promise<void> {
    const { sdk, client } = await this.load();
    const { size } = await stat(path);
    const body = createReadStream(path);
    const ending = new AbortController();
    // The SDK neither hears of what cannot be read, nor closes it when the bucket refuses it.
    body.on('error', () => {
      ending.abort();
    });
    try {
      await client.send(
        new sdk.PutObjectCommand({
          Bucket: this.bucket,
          Key: this.key(name),
          Body: body,
          ContentLength: size,
          ContentType: 'application/octet-stream',
        }),
        { abortSignal: ending.signal },
      );
    } catch (error) {
      throw body.errored ?? error;
    } finally {
      body.destroy();
    }
    await rm(path);
  }

  async read(name: string): Promise<Readable | undefined> {
    const { sdk, client } = await this.load();
    try {
      const { Body } = await client.send(new sdk.GetObjectCommand({ Bucket: this.bucket, Key: this.key(name) }));
      if (!Body) throw new Error('the bucket answered without a body');
      return Body as Readable;
    } catch (error) {
      if (error instanceof sdk.NoSuchKey) return undefined;
      throw error;
    }
  }

  async remove(name: string): Promise<void> {
    const { sdk, client } = await this.load();
    await client.send(new sdk.DeleteObjectCommand({ Bucket: this.bucket, Key: this.key(name) }));
  }

  /**
   * One by one: to delete many by one call, stores want checksums that other makers' do not agree on.
   *
   * @throws when what was deleted is still listed: the store is slow to notice, so later may be better
   */
  async removeFolder(folder: string): Promise<void> {
    const { sdk, client } = await this.load();
    const Bucket = this.bucket;
    const removed = new Set<string | undefined>();
    for (;;) {
      const { Contents = [] } = await client.send(
        new sdk.ListObjectsV2Command({ Bucket, Prefix: `${this.key(folder)}/`, MaxKeys: REMOVED_AT_ONCE }),
      );
      if (Contents.length === 0) return;
      if (Contents.some(({ Key }) => removed.has(Key))) throw new Error('the bucket lists what it has deleted');
      await Promise.all(Contents.map(({ Key }) => client.send(new sdk.DeleteObjectCommand({ Bucket, Key }))));
      for (const { Key } of Contents) removed.add(Key);
    }
  }

  private key(name: string): string {
    return this.prefix ? `${this.prefix}/${name}` : name;
  }

  private load(): Promise<{ sdk: Sdk; client: S3.S3Client }> {
    const endpoint = process.env.AWS_ENDPOINT_URL_S3 ?? process.env.AWS_ENDPOINT_URL;
    this.loading ??= import('@aws-sdk/client-s3').then((sdk) => ({
      sdk,
      client: new sdk.S3Client({
        logger: SILENT,
        // Stores other than Amazon's rarely know bucket names as host names, nor Amazon's newer checksums.
        forcePathStyle: Boolean(endpoint),
        requestChecksumCalculation: 'WHEN_REQUIRED',
        responseChecksumValidation: 'WHEN_REQUIRED',
        requestHandler: {
          // Whoever configures a store in their own network means it; nobody else's name may lead there.
          ...this.gate.agents(endpoint && new URL(endpoint).origin),
          ...{ connectionTimeout: CONNECT_MS, socketTimeout: this.idleMs },
        },
      }),
    }));
    return this.loading;
  }
}
