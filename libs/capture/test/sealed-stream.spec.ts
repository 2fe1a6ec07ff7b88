import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { newFileKey, opening, sealing } from '../src/store/sealed-stream';

const CHUNK = 64 * 1024;
const SEALED = CHUNK + 16;

async function through(data: Buffer, transform: NodeJS.ReadWriteStream, step = 10_007): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for (let at = 0; at < data.length; at += step) pieces.push(data.subarray(at, at + step));
  const out: Buffer[] = [];
  const stream = Readable.from(pieces);
  stream.on('error', (error) => transform.emit('error', error));
  for await (const piece of stream.pipe(transform)) out.push(piece as unknown as Buffer);
  return Buffer.concat(out);
}

describe('a sealed file', () => {
  const key = newFileKey();

  it.each([0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 17])(
    'comes back as it was (%d bytes)',
    async (size) => {
      const plain = randomBytes(size);
      const sealed = await through(plain, sealing(key, 'file-1'));
      expect(sealed.length).toBe(size + 16 * Math.max(1, Math.ceil(size / CHUNK)));
      expect((await through(sealed, opening(key, 'file-1'))).equals(plain)).toBe(true);
    },
  );

  describe('does not open', () => {
    let sealed: Buffer;
    beforeAll(async () => {
      sealed = await through(randomBytes(3 * CHUNK), sealing(key, 'file-1'));
    });

    it.each<[string, () => Buffer]>([
      ['with one bit changed', () => Buffer.from(sealed.map((byte, at) => (at === SEALED + 5 ? byte ^ 1 : byte)))],
      ['with its last chunk cut off', () => sealed.subarray(0, 2 * SEALED)],
      ['cut off within a chunk', () => sealed.subarray(0, sealed.length - 1)],
      [
        'with two chunks exchanged',
        () =>
          Buffer.concat([sealed.subarray(SEALED, 2 * SEALED), sealed.subarray(0, SEALED), sealed.subarray(2 * SEALED)]),
      ],
      ['with a chunk repeated', () => Buffer.concat([sealed, sealed.subarray(2 * SEALED)])],
      ['when it is empty', () => Buffer.alloc(0)],
    ])('%s', async (_name, spoilt) => {
      await expect(through(spoilt(), opening(key, 'file-1'))).rejects.toThrow();
    });

    it('as another file, or with another key', async () => {
      await expect(through(sealed, opening(key, 'file-2'))).rejects.toThrow();
      await expect(through(sealed, opening(newFileKey(), 'file-1'))).rejects.toThrow();
    });
  });
});
