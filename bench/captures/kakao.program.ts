import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Kakao, its picture server and the shop's webhook, answering at once: what is measured is what our app adds. */
const FILE_BYTES = Number(process.env.FILE_BYTES ?? 3_000_000);
const JPEG = Buffer.concat([Buffer.from('ffd8ffe000104a46494600010100000100010000', 'hex'), randomBytes(FILE_BYTES)]);
const PICTURES = 10;
/** So far away is Kakao. */
const AWAY_MS = Number(process.env.KAKAO_MS ?? 0);

const server = createServer((request, response) => {
  const url = request.url ?? '';
  request.resume();
  // Of such a picture nothing comes, or one byte a second, until its reader gives it up.
  if (url.startsWith('/dna/hangs/')) return;
  if (url.startsWith('/dna/drips/')) {
    response.write(JPEG.subarray(0, 20));
    const drip = setInterval(() => response.write(Buffer.alloc(1)), 1_000);
    response.on('close', () => {
      clearInterval(drip);
    });
    return;
  }
  if (url.startsWith('/dna/good/')) {
    response.end(JPEG.subarray(0, 10_000));
    return;
  }
  if (url.startsWith('/dna/')) {
    response.writeHead(200, { 'content-type': 'image/jpeg', 'content-length': JPEG.length }).end(JPEG);
    return;
  }
  const body = url.includes('/secure_image') ? images(/^\/otp\/(good|hangs|drips)-/.exec(url)?.[1]) : PROFILE;
  request.on('end', () => {
    if (AWAY_MS > 0 && url.startsWith('/otp/')) setTimeout(() => response.end(body), AWAY_MS);
    else response.end(body);
  });
});

const PROFILE = JSON.stringify({
  nickname: '홍길동',
  phone_number: '+82 010-1234-5678',
  shipping_address: {
    id: '9223372036854775807',
    base_address: '경기도 성남시 분당구 판교역로 235',
    zone_code: '13494',
  },
});

/** Ten pictures in three sizes; of a good customer beside slow ones, ten in all. */
function images(kind: string | undefined): string {
  const { port } = server.address() as AddressInfo;
  const address = (picture: number, name: string): string =>
    `http://127.0.0.1:${port}/dna/${kind === undefined ? '' : `${kind}/`}${picture}/${name}.jpg?credential=x`;
  return JSON.stringify({
    secure_urls: Array.from({ length: PICTURES }, (_, at) => ({
      original: address(at, 'img'),
      ...(kind !== 'good' && { img_3m: address(at, 'img_3m'), img_1m: address(at, 'img_1m') }),
    })),
    expire: new Date(Date.now() + 600_000).toISOString(),
  });
}

server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
process.on('disconnect', () => process.exit(0));
