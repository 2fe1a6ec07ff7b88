import { throughBriefOutage } from '@biz/platform';
import { timed } from '@biz/testing';

const failing = (times: number, error: Error): (() => Promise<string>) => {
  let tries = 0;
  return () => (++tries <= times ? Promise.reject(error) : Promise.resolve(`after ${tries} tries`));
};

describe('throughBriefOutage', () => {
  it.each([
    ['is shutting down', Object.assign(new Error('terminating connection'), { code: '57P01' })],
    ['is starting up', Object.assign(new Error('the database system is starting up'), { code: '57P03' })],
    ['is not there', Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })],
    ['hangs up', new Error('Connection terminated unexpectedly')],
    ['takes no connection in time', new Error('timeout exceeded when trying to connect')],
    ['takes no connection in time, says the driver', new Error('timeout expired')],
    ...['ECONNRESET', 'EPIPE', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH'].map(
      (code): [string, Error] => [`is out of reach (${code})`, Object.assign(new Error('socket'), { code })],
    ),
    ['has no connection left just now', Object.assign(new Error('too many clients already'), { code: '53300' })],
    ['is not yet the primary', Object.assign(new Error('read-only transaction'), { code: '25006' })],
  ])('repeats work whose database %s', async (_what, error) => {
    await expect(throughBriefOutage(failing(2, error))).resolves.toBe('after 3 tries');
  });

  it('does not repeat what failed for another reason', async () => {
    const refused = Object.assign(new Error('duplicate key'), { code: '23505' });
    await expect(throughBriefOutage(failing(1, refused))).rejects.toBe(refused);
  });

  it('gives up while the caller can still be answered', async () => {
    const down = Object.assign(new Error('down'), { code: 'ECONNREFUSED' });
    const { ms } = await timed(() => expect(throughBriefOutage(failing(1_000, down))).rejects.toBe(down));
    expect(ms).toBeLessThan(3_000);
  });
});
