import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { merchants } from '@biz/merchants';
import { eventually } from '@biz/testing';
import { House } from './house';

const EXAMPLE = join(__dirname, '..', 'examples', 'python-shop');
const SECRET = `whsec_${Buffer.from('known to the platform and the Python shop').toString('base64')}`;
const hasPython = spawnSync('python3', ['--version']).status === 0;

interface Line {
  type: string;
  about?: string;
}

/** A shop that is one file of Python, one of JSON and a secret. */
class PythonShop {
  readonly lines: Line[] = [];
  private constructor(
    readonly url: string,
    private readonly child: ChildProcess,
  ) {}

  static async start(secret: string): Promise<PythonShop> {
    const child = spawn('python3', [join(EXAMPLE, 'shop.py')], {
      env: { ...process.env, WEBHOOK_SECRET: secret, PORT: '0' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
    const url = await eventually(() => {
      const found = /listening on (\S+)\n/.exec(text)?.[1];
      if (found === undefined) throw new Error('the Python shop does not listen');
      return found;
    });
    const shop = new PythonShop(url, child);
    text = text.slice(text.indexOf('\n') + 1);
    const take = (): void => {
      for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
        shop.lines.push(JSON.parse(text.slice(0, end)) as Line);
        text = text.slice(end + 1);
      }
    };
    child.stdout.on('data', take);
    return shop;
  }

  told(type: string): Line[] {
    return this.lines.filter((line) => line.type === type);
  }

  stop(): void {
    this.child.kill('SIGKILL');
  }
}

if (!hasPython) {
  it.skip('a shop in Python: not run, this machine has no python3', () => undefined);
}

(hasPython ? describe : describe.skip)('a shop in Python, by configuration and webhooks alone', () => {
  let shop: PythonShop;
  let house: House;
  let folder: string;
  const SHOP = '/m/python-shop';

  beforeAll(async () => {
    shop = await PythonShop.start(SECRET);
    folder = mkdtempSync(join(tmpdir(), 'biz-python-shop-'));
    const file = join(folder, 'merchants.json');
    const text = readFileSync(join(EXAMPLE, 'merchants.json'), 'utf8');
    writeFileSync(file, text.replaceAll('http://127.0.0.1:8080', shop.url));
    house = await House.start(merchants, {
      MERCHANTS_FILE: file,
      PYTHON_SHOP_WEBHOOK_URL: `${shop.url}/kakao`,
      PYTHON_SHOP_WEBHOOK_SECRET: SECRET,
    });
  });
  afterAll(async () => {
    shop.stop();
    await house.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const sheet = (id: string, appUserId: string): Promise<{ body: Record<string, unknown> }> =>
    house.get('payment', `${SHOP}/ordersheet?ordersheet_id=${id}`, { 'X-Kakao-AppUserId': appUserId });

  it('sells: its order sheet is paid, its order work done, and its webhook told', async () => {
    const played = await house.play('payment', { orderSheetId: 'notebook', pathKey: 'python-shop', appUserId: '4242' });
    expect(played.verdict).toMatchObject({ ok: true, outcome: 'paid' });
    const { partnerOrderId } = played.facts;
    expect(shop.told('order.fulfil').map(({ about }) => about)).toEqual([partnerOrderId]);
    await eventually(() => {
      expect(shop.told('payment.paid').map(({ about }) => about)).toEqual([partnerOrderId]);
    });
  });

  it('decides who may order, and which order sheets there are', async () => {
    expect((await sheet('notebook', '5000')).body).toMatchObject({ status: 401 });
    expect((await sheet('no-such-sheet', '4243')).body).toMatchObject({ status: 300 });
  });

  it('is asked once for as long as it says: Cache-Control: max-age', async () => {
    const before = shop.told('order-sheet.load').length;
    for (let call = 0; call < 5; call++) {
      expect((await sheet('notebook', '77')).body).toMatchObject({ status: 200 });
    }
    expect(shop.told('order-sheet.load').length - before).toBe(1);
  });

  it('refuses a paid order, and the money goes back', async () => {
    const played = await house.play('payment', { orderSheetId: 'sold-out', pathKey: 'python-shop', appUserId: '4244' });
    const order = await eventually(async () => {
      const { body } = await house.operator('payment', `orders/${played.facts.partnerOrderId ?? ''}`);
      expect(body).toMatchObject({ state: 'failed', refunds: [{ state: 'done', amount: 9_000 }] });
      return body;
    });
    expect(order.merchant).toBe('python-shop');
    expect(JSON.stringify(played.timeline)).toContain('죄송합니다. 방금 품절되었습니다.');
  });

  it('listens to nobody who does not know its secret', async () => {
    const body = JSON.stringify({ type: 'payment.paid', data: { partnerOrderId: 'forged' } });
    const answer = await fetch(`${shop.url}/kakao`, {
      method: 'POST',
      headers: {
        'webhook-id': 'msg_1',
        'webhook-timestamp': String(Math.floor(Date.now() / 1000)),
        'webhook-signature': 'v1,Zm9yZ2Vk',
      },
      body,
    });
    expect(answer.status).toBe(401);
    expect(shop.told('payment.paid').map(({ about }) => about)).not.toContain('forged');
  });

  it('that is down is told to its buyers in Korean, and to nobody else', async () => {
    shop.stop();
    expect((await sheet('notebook', '99')).body).toMatchObject({
      status: 500,
      message: '주문 정보를 불러오지 못했습니다. 잠시 후 다시 시도해 주세요.',
    });
    const demo = await house.get('payment', '/ordersheet?ordersheet_id=sheet-coffee', { 'X-Kakao-AppUserId': '1' });
    expect(demo.body).toMatchObject({ status: 200 });
  });
});
