import { crc32, deflateSync } from 'node:zlib';

/** A real picture of exactly so many bytes: a colourful mosaic, filled up with comment data that decoders skip. */
export function picture(format: 'jpeg' | 'png', bytes: number, seed: number): Buffer {
  return format === 'jpeg' ? jpeg(bytes, seed) : png(bytes, seed);
}

const SIDE = 64;
const BLOCKS = SIDE / 8;

function colour(seed: number, x: number, y: number): [number, number, number] {
  const hue = (seed * 47 + x * 13 + y * 29) % 360;
  const part = (shift: number): number => Math.round(150 + 90 * Math.cos(((hue + shift) * Math.PI) / 180));
  return [part(0), part(120), part(240)];
}

// PNG ------------------------------------------------------------------------

function png(bytes: number, seed: number): Buffer {
  const rows = Buffer.alloc(SIDE * (1 + SIDE * 3));
  for (let y = 0; y < SIDE; y += 1) {
    for (let x = 0; x < SIDE; x += 1) rows.set(colour(seed, x >> 3, y >> 3), y * (1 + SIDE * 3) + 1 + x * 3);
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(SIDE, 0);
  header.writeUInt32BE(SIDE, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const before = [Buffer.from('89504e470d0a1a0a', 'hex'), chunk('IHDR', header)];
  const after = [chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0))];
  const missing = bytes - Buffer.concat([...before, ...after]).length;
  // A chunk is twelve bytes at least; a private, ancillary, safe-to-copy one is skipped by every decoder.
  const filling = missing >= 12 ? [chunk('biZp', Buffer.alloc(missing - 12))] : [];
  return Buffer.concat([...before, ...filling, ...after]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const size = Buffer.alloc(4);
  size.writeUInt32BE(data.length);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([size, body, sum]);
}

// JPEG -----------------------------------------------------------------------
// Baseline, three components, every 8×8 block of one colour: only DC coefficients, so one small Huffman table does.

/** Code lengths of the standard luminance DC table: categories 0..11. */
const DC_COUNTS = [0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0];
const DC_CODES: [code: number, length: number][] = [];
for (let length = 1, code = 0; length <= 16; length += 1, code <<= 1) {
  for (let each = 0; each < (DC_COUNTS[length - 1] ?? 0); each += 1, code += 1) DC_CODES.push([code, length]);
}

function jpeg(bytes: number, seed: number): Buffer {
  const start = Buffer.from('ffd8', 'hex');
  const jfif = segment(0xe0, Buffer.from('4a46494600010100000100010000', 'hex'));
  const tables = [
    // Quantised by 8, a DC coefficient is the block's mean minus 128.
    segment(0xdb, Buffer.concat([Buffer.from([0]), Buffer.alloc(64, 8)])),
    segment(0xc0, Buffer.from([8, 0, SIDE, 0, SIDE, 3, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0])),
    segment(0xc4, Buffer.from([0x00, ...DC_COUNTS, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])),
    // One AC symbol: end of block.
    segment(0xc4, Buffer.from([0x10, 1, ...Array<number>(15).fill(0), 0])),
    segment(0xda, Buffer.from([3, 1, 0, 2, 0, 3, 0, 0, 63, 0])),
  ];
  const rest = Buffer.concat([...tables, scan(seed), Buffer.from('ffd9', 'hex')]);
  const comments: Buffer[] = [];
  let missing = bytes - start.length - jfif.length - rest.length;
  while (missing >= 4) {
    // What is left must be nothing or a whole further segment.
    const size = missing <= 65_537 ? missing : Math.min(65_537, missing - 4);
    comments.push(segment(0xfe, Buffer.alloc(size - 4, 0x20)));
    missing -= size;
  }
  return Buffer.concat([start, jfif, ...comments, rest]);
}

function segment(marker: number, data: Buffer): Buffer {
  const head = Buffer.from([0xff, marker, 0, 0]);
  head.writeUInt16BE(data.length + 2, 2);
  return Buffer.concat([head, data]);
}

function scan(seed: number): Buffer {
  let bits = '';
  const last = [0, 0, 0];
  for (let y = 0; y < BLOCKS; y += 1) {
    for (let x = 0; x < BLOCKS; x += 1) {
      const [r, g, b] = colour(seed, x, y);
      const planes = [
        0.299 * r + 0.587 * g + 0.114 * b - 128,
        -0.1687 * r - 0.3313 * g + 0.5 * b,
        0.5 * r - 0.4187 * g - 0.0813 * b,
      ].map(Math.round);
      planes.forEach((value, plane) => {
        bits += `${dc(value - (last[plane] ?? 0))}0`;
        last[plane] = value;
      });
    }
  }
  bits = bits.padEnd(Math.ceil(bits.length / 8) * 8, '1');
  const out: number[] = [];
  for (let at = 0; at < bits.length; at += 8) {
    const byte = parseInt(bits.slice(at, at + 8), 2);
    out.push(byte);
    if (byte === 0xff) out.push(0);
  }
  return Buffer.from(out);
}

function dc(difference: number): string {
  const size = difference === 0 ? 0 : Math.floor(Math.log2(Math.abs(difference))) + 1;
  const [code = 0, length = 0] = DC_CODES[size] ?? [];
  const value = difference < 0 ? difference + 2 ** size - 1 : difference;
  return code.toString(2).padStart(length, '0') + (size ? value.toString(2).padStart(size, '0') : '');
}
