import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { Transform, type TransformCallback } from 'node:stream';

/** Plain bytes per sealed chunk: what a reader must hold before it may pass anything on. */
const CHUNK = 64 * 1024;
const TAG = 16;

/** A fresh key for one file; it is used for nothing else, so counting nonces cannot repeat. */
export function newFileKey(): Buffer {
  return randomBytes(32);
}

/**
 * The format on disk, the STREAM construction as in age and Tink: chunks of 64 KiB, each AES-256-GCM with its own tag,
 * nonce = chunk number (11 bytes, big endian) + 1 for the last chunk, else 0.
 *
 * A chunk that was changed, moved, repeated or cut off fails before a byte of it is passed on;
 * one GCM over the whole file would have to hand out gigabytes before its tag is seen.
 */
function nonce(chunk: number, last: boolean): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.writeUIntBE(chunk, 5, 6);
  bytes[11] = last ? 1 : 0;
  return bytes;
}

/** Cuts the stream into pieces of one size; the last one is whatever is left, and knows that it is the last. */
abstract class Chunked extends Transform {
  /** One piece, used again and again: what flows by is copied once. */
  private readonly piece: Buffer;
  private filled = 0;
  private chunk = 0;

  constructor(chunkBytes: number) {
    super();
    this.piece = Buffer.allocUnsafeSlow(chunkBytes);
  }

  /** @returns what to pass on; several pieces, so that nothing is copied to join them, and none of them `piece` itself */
  protected abstract turn(piece: Buffer, nonce: Buffer): Buffer[];

  override _transform(data: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.attempt(done, () => {
      for (let at = 0; at < data.length;) {
        // A full piece waits for one more byte, because it could be the last.
        if (this.filled === this.piece.length) {
          this.pass(this.turn(this.piece, nonce(this.chunk++, false)));
          this.filled = 0;
        }
        const copied = data.copy(this.piece, this.filled, at);
        this.filled += copied;
        at += copied;
      }
    });
  }

  override _flush(done: TransformCallback): void {
    this.attempt(done, () => {
      this.pass(this.turn(this.piece.subarray(0, this.filled), nonce(this.chunk, true)));
    });
  }

  private pass(pieces: Buffer[]): void {
    for (const piece of pieces) if (piece.length > 0) this.push(piece);
  }

  private attempt(done: TransformCallback, work: () => void): void {
    try {
      work();
      done();
    } catch (error) {
      done(error instanceof Error ? error : new Error(String(error)));
    }
  }
}

class SealingStream extends Chunked {
  constructor(
    private readonly key: KeyObject,
    private readonly context: Buffer,
  ) {
    super(CHUNK);
  }

  protected turn(piece: Buffer, nonce: Buffer): Buffer[] {
    const cipher = createCipheriv('aes-256-gcm', this.key, nonce);
    cipher.setAAD(this.context);
    return [cipher.update(piece), cipher.final(), cipher.getAuthTag()];
  }
}

class OpeningStream extends Chunked {
  constructor(
    private readonly key: KeyObject,
    private readonly context: Buffer,
  ) {
    super(CHUNK + TAG);
  }

  protected turn(piece: Buffer, nonce: Buffer): Buffer[] {
    if (piece.length < TAG) throw new Error('the sealed file is cut off');
    const decipher = createDecipheriv('aes-256-gcm', this.key, nonce);
    decipher.setAAD(this.context);
    decipher.setAuthTag(piece.subarray(piece.length - TAG));
    const plain = decipher.update(piece.subarray(0, piece.length - TAG));
    // Nothing is passed on before the tag was seen.
    decipher.final();
    return [plain];
  }
}

/** Encrypts what flows through; `context` (the file's id) must be the same when it is opened. */
export function sealing(key: Buffer, context: string): Transform {
  return new SealingStream(createSecretKey(key), Buffer.from(context));
}

/** Decrypts what flows through; fails on the first byte that was changed, moved or cut off. */
export function opening(key: Buffer, context: string): Transform {
  return new OpeningStream(createSecretKey(key), Buffer.from(context));
}
