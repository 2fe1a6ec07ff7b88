import { createCipheriv, createDecipheriv, createHmac, createSecretKey, hkdfSync, randomFillSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { decodeProtectedHeader } from 'jose';
import { EncryptionConfig } from '../config/platform.config';
import type { EncryptionKey } from '../config/platform.config';

const IV_BYTES = 12;
const TAG_BYTES = 16;

const encode = (bytes: Buffer | string): string => Buffer.from(bytes).toString('base64url');

/** Random bytes are drawn for many at once: a draw costs as much as the cipher. */
const drawn = Buffer.alloc(IV_BYTES * 256);
let used = drawn.length;

function newIv(): Buffer {
  if (used === drawn.length) {
    randomFillSync(drawn);
    used = 0;
  }
  return drawn.subarray(used, (used += IV_BYTES));
}

/** Of one length only: a shorter tag would be a weaker one. */
function decode(text: string, length: number): Buffer {
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.length !== length) throw new Error('not sealed by a vault');
  return bytes;
}

const derived = ({ secret }: EncryptionKey, use: string): KeyObject =>
  createSecretKey(Buffer.from(hkdfSync('sha256', secret, '', `biz-plugin-platform ${use}`, 32)));

/**
 * Seals personal data and secrets before they reach a column.
 *
 * A sealed value is a JWE in compact form (`dir`, AES-256-GCM): its header names the key by `kid`, so that
 * values of several keys live side by side while keys are rotated, and the context it was sealed for by `ctx`,
 * so that a value copied into another column does not open there.
 */
@Injectable()
export class Vault {
  /** Key objects: from bytes, making one costs more than the cipher. */
  private readonly keys: ReadonlyMap<string, KeyObject>;
  private readonly sealing: string;
  /** By context; those stand in the code, so they are few. */
  private readonly headers = new Map<string, { text: string; bytes: Buffer }>();
  private readonly lookupKey: KeyObject;
  /** Apart from the keys of columns, so that neither use says anything about the other. */
  private readonly shortKeys: ReadonlyMap<string, KeyObject>;

  constructor(config: EncryptionConfig) {
    const { keys, sealing } = config;
    const oldest = keys.at(-1);
    if (!sealing || !oldest) throw new Error('no encryption key');
    this.keys = new Map(keys.map(({ id, secret }) => [id, createSecretKey(secret)]));
    this.sealing = sealing.id;
    this.lookupKey = derived(oldest, 'lookup');
    this.shortKeys = new Map(keys.map((key) => [key.id, derived(key, 'short')]));
  }

  /** @param context where the value lives, such as `capture.otp`; needed again to open it. */
  seal(plain: string, context: string): Promise<string> {
    // By Node's own cipher: the Web Crypto that jose uses goes through the thread pool, which costs more than the cipher itself.
    const header = this.headerOf(context);
    const iv = newIv();
    const cipher = createCipheriv('aes-256-gcm', this.key(this.sealing), iv);
    cipher.setAAD(header.bytes);
    const text = cipher.update(plain, 'utf8', 'base64url') + cipher.final('base64url');
    return Promise.resolve(`${header.text}..${encode(iv)}.${text}.${encode(cipher.getAuthTag())}`);
  }

  /** @throws when the value was altered, sealed for another context, or its key is no longer in DATA_ENCRYPTION_KEYS. */
  async open(sealed: string, context: string): Promise<string> {
    return Promise.resolve(this.decrypt(sealed, context));
  }

  private decrypt(sealed: string, context: string): string {
    const [header = '', key, iv = '', text = '', tag = '', more] = sealed.split('.');
    const { alg, enc, kid, ctx } = decodeProtectedHeader(sealed);
    if (alg !== 'dir' || enc !== 'A256GCM' || key !== '' || more !== undefined)
      throw new Error('not sealed by a vault');
    const decipher = createDecipheriv('aes-256-gcm', this.key(kid), decode(iv, IV_BYTES));
    decipher.setAAD(Buffer.from(header, 'ascii'));
    decipher.setAuthTag(decode(tag, TAG_BYTES));
    const plain = Buffer.concat([decipher.update(text, 'base64url'), decipher.final()]).toString('utf8');
    if (ctx !== context) throw new Error(`sealed for another context than ${context}`);
    return plain;
  }

  /** @returns the value under the key that seals, or `undefined` when it already is. */
  async reseal(sealed: string): Promise<string | undefined> {
    const { kid, ctx } = decodeProtectedHeader(sealed);
    if (kid === this.sealing) return undefined;
    const context = String(ctx);
    return this.seal(await this.open(sealed, context), context);
  }

  /**
   * Seals a few bytes for a URL: base64url of iv, text and tag, 28 bytes more than were given.
   *
   * It names neither key nor context, so it is for no column: key rotation could not find it there.
   */
  sealShort(plain: Uint8Array, context: string): string {
    const key = this.shortKeys.get(this.sealing);
    if (!key) throw new Error('no encryption key');
    const iv = newIv();
    const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(context));
    return encode(Buffer.concat([iv, cipher.update(plain), cipher.final(), cipher.getAuthTag()]));
  }

  /** @returns nothing unless it was sealed for this context under one of our keys, and is spelt as it was */
  openShort(sealed: string, context: string): Buffer | undefined {
    const bytes = Buffer.from(sealed, 'base64url');
    // Several spellings decode to the same bytes; only one of them was handed out.
    if (bytes.length < IV_BYTES + TAG_BYTES || encode(bytes) !== sealed) return undefined;
    for (const key of this.shortKeys.values()) {
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, IV_BYTES), {
          authTagLength: TAG_BYTES,
        }).setAAD(Buffer.from(context));
        decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
        return Buffer.concat([decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()]);
      } catch {
        // Another key, or none of ours.
      }
    }
    return undefined;
  }

  /**
   * A keyed hash that finds equal values without storing them.
   *
   * It hangs on the oldest key, so adding a key keeps fingerprints; removing the oldest changes them.
   */
  fingerprint(value: string, context: string): string {
    return createHmac('sha256', this.lookupKey).update(`${context}\0${value}`).digest('base64url');
  }

  /** The same text for every value of a context. */
  private headerOf(context: string): { text: string; bytes: Buffer } {
    let header = this.headers.get(context);
    if (!header) {
      const text = encode(JSON.stringify({ alg: 'dir', enc: 'A256GCM', kid: this.sealing, ctx: context }));
      header = { text, bytes: Buffer.from(text, 'ascii') };
      this.headers.set(context, header);
    }
    return header;
  }

  private key(id: string | undefined): KeyObject {
    const key = id === undefined ? undefined : this.keys.get(id);
    if (!key) throw new Error(`encryption key ${JSON.stringify(id)} is not in DATA_ENCRYPTION_KEYS`);
    return key;
  }
}
