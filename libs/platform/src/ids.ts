import { randomFillSync } from 'node:crypto';
import { v7 } from 'uuid';

/** Random bytes are drawn for many ids at once: each draw costs more than all the rest of an id. */
const drawn = new Uint8Array(16 * 256);
let used = drawn.length;
let lastMs = 0;
let seq = 0;

/** A UUID v7: later ids of a process sort after earlier ones, so an id is also a paging cursor. */
export function newId(): string {
  if (used === drawn.length) {
    randomFillSync(drawn);
    used = 0;
  }
  const random = drawn.subarray(used, (used += 16));
  const now = Date.now();
  if (now > lastMs) {
    lastMs = now;
    // Room for two thousand million more in this millisecond.
    seq = new DataView(random.buffer, random.byteOffset).getUint32(0) >>> 1;
  } else {
    seq++;
  }
  return v7({ random, msecs: lastMs, seq });
}
