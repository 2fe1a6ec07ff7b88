import { createServer, type AddressInfo, type Server } from 'node:net';
import { type HttpStub, startTestApp, type TestApp } from '@biz/testing';
import { simulate } from '../src/cli/simulate';
import { simulatorApp } from '../src/simulator.module';
import { fakeMerchant } from './fake-merchant';

let merchant: HttpStub;
let simulatorUrl = '';
let printed: string[] = [];

beforeEach(async () => {
  printed = [];
  const keep = (line: unknown): void => void printed.push(String(line));
  vi.spyOn(console, 'log').mockImplementation(keep);
  vi.spyOn(console, 'error').mockImplementation(keep);
  merchant = await fakeMerchant(() => simulatorUrl);
});
afterEach(async () => {
  vi.restoreAllMocks();
  await merchant.close();
});

const envFor = (url: string): Record<string, string> => {
  simulatorUrl = url;
  return { SIMULATOR_PORT: new URL(url).port, NODE_ENV: 'test', RETRY_TIME_SCALE: '0.05' };
};
const listening = async (): Promise<Server> => {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
};
const portOf = (server: Server): number => (server.address() as AddressInfo).port;

describe('npm run simulate', () => {
  it('brings its own simulator when none runs, tells the story and ends with 0', async () => {
    const probe = await listening();
    const url = `http://127.0.0.1:${portOf(probe)}`;
    await new Promise((resolve) => probe.close(resolve));
    const code = await simulate(['payment', '--target', merchant.url, '--sheet', 'a'], envFor(url));
    expect([code, printed.at(-1)]).toEqual([0, expect.stringContaining('✓ paid, 13,500 won asked, 13,500 won kept')]);
    expect(printed.at(-1)).toContain('플러그인 → 가맹점  T1 주문생성');
  });

  it('uses the one that runs and ends with 1 on a violation', async () => {
    const running: TestApp = await startTestApp(simulatorApp());
    merchant.on('GET /ordersheet', { json: { status: 300 } });
    const code = await simulate(['payment', '--target', merchant.url, '--json'], envFor(running.url));
    expect(code).toBe(1);
    const { verdict } = JSON.parse(printed[0]!) as { verdict: { outcome: string } };
    expect(verdict.outcome).toBe('refused-300');
    await running.close();
  });

  it('explains itself, and a wrong command line ends with 2', async () => {
    expect(await simulate(['--help'], {})).toBe(0);
    expect(await simulate([], {})).toBe(2);
    expect(await simulate(['lottery'], {})).toBe(2);
    expect(await simulate(['payment', '--nonsense'], {})).toBe(2);
    expect(await simulate(['sync', '--faults'], {})).toBe(0);
    expect(printed.join('\n')).toMatch(/scenarios: profile[\s\S]*There is no scenario lottery[\s\S]*token-drop-after/);
  });

  it.each([
    [['payment', '--fault', 'approve-nonsense'], /has no fault approve-nonsense\. Choose one of t1-twice, /],
    [['payment', '--fault', 't1-twice', '--fault', 'otp-5xx:2'], /payment has no fault otp-5xx:2\. Choose/],
    [['image', '--count', 'two'], /--count: found "two"; it must be a whole number/],
    [['payment', '--timeout', '9999'], /refuses this command line: .*timeoutSeconds.*\n.*--help/],
  ])('refuses %j with its reason, and ends with 2', async (args, reason) => {
    const running: TestApp = await startTestApp(simulatorApp());
    expect(await simulate(args, envFor(running.url))).toBe(2);
    expect(printed).toEqual([expect.stringMatching(reason)]);
    await running.close();
  });

  it('says so when something else listens on its port', async () => {
    const other = await listening();
    await expect(simulate(['profile'], envFor(`http://127.0.0.1:${portOf(other)}`))).rejects.toThrow(/SIMULATOR_PORT/);
    other.close();
  });
});
