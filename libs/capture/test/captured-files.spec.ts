import { newId } from '@biz/platform';
import { ManualClock, testDatabase } from '@biz/testing';
import type { TestDatabase } from '@biz/testing';
import { captureSchema } from '@biz/capture';
import type { CapturedFile } from '../src/records/captured-file.entity';
import { CapturedFiles } from '../src/records/captured-files';

describe('a file of a capture', () => {
  const clock = new ManualClock();
  const captureId = newId();
  const copy = (storeKey: string) => ({ storeKey, sealedKey: 'sealed', size: 5, type: 'image/png', sha256: 'abc' });
  const after = (seconds: number): Date => new Date(clock.now().getTime() + seconds * 1000);
  let database: TestDatabase;
  let files: CapturedFiles;
  let id: string;

  const manager = () => database.dataSource.manager;
  const row = async (): Promise<CapturedFile> => (await files.of(captureId))[0]!;
  const list = (sealedUrl: string) =>
    files.list(
      manager(),
      { id: captureId, merchant: 'test-shop' },
      [{ picture: 1, variant: 'original', sealedUrl }],
      after(600),
    );
  /** As who looks for work does it. */
  const claim = async (): Promise<CapturedFile> => {
    await database.query(`UPDATE capture.files SET attempts = attempts + 1, claimed_until = $2 WHERE capture_id = $1`, [
      captureId,
      after(5),
    ]);
    return row();
  };

  beforeAll(async () => {
    database = await testDatabase(captureSchema);
    files = new CapturedFiles(database.dataSource, clock);
    await database.query(
      `INSERT INTO capture.captures (id, kind, merchant, plugin, state, otp_fingerprint, consent, received_at, deadline_at,
              erase_at, changed_at)
       VALUES ($1, 'image', 'shop', 'receipt', 'pending', 'x', '{}', now(), now(), now(), now())`,
      [captureId],
    );
  });
  afterAll(() => database.drop());
  beforeEach(async () => {
    await database.query('DELETE FROM capture.files');
    await list('first');
    ({ id } = await row());
  });

  it('is listed once', async () => {
    await list('second');
    expect(await files.of(captureId)).toMatchObject([{ id, sealedUrl: 'first', state: 'pending' }]);
  });

  it('is stored once, and is still said to be when the answer of the database got lost', async () => {
    expect(await files.stored(id, copy('a'))).toBe(true);
    expect(await files.stored(id, copy('a'))).toBe(true);
    expect(await files.stored(id, copy('b'))).toBe(false);
    expect(await row()).toMatchObject({ state: 'stored', storeKey: 'a', sealedUrl: null });
  });

  it('is not put back, nor let go, by who was taken for dead', async () => {
    const frozen = await claim();
    const taken = await claim();
    await files.later(frozen, 'kakao-unavailable', after(60));
    await files.letGo(frozen);
    await files.refused(frozen, 'refused-by-kakao');
    expect(await row()).toEqual(taken);
    await files.later(taken, 'kakao-unavailable', after(60));
    expect(await row()).toMatchObject({ problem: 'kakao-unavailable', claimedUntil: null, dueAt: after(60) });
  });

  it('is given up when its time is over, not before', async () => {
    await files.giveUp(captureId);
    expect((await row()).state).toBe('pending');
    clock.advance(600_000);
    await files.giveUp(captureId);
    expect(await row()).toMatchObject({ state: 'failed', failure: 'deadline-passed' });
    expect(await files.stored(id, copy('late'))).toBe(false);
    await files.again(manager(), captureId, after(600));
    expect(await row()).toMatchObject({ state: 'pending', failure: null, dueAt: clock.now(), deadlineAt: after(600) });
  });

  it('stays erased, whatever comes after', async () => {
    await files.stored(id, copy('a'));
    await files.erase(manager(), captureId);
    const erased = await row();
    expect(erased).toMatchObject({ state: 'erased', sealedUrl: null, sealedKey: null, size: null, sha256: null });
    clock.advance(600_000);
    await files.giveUp(captureId);
    await files.refused({ id, attempts: 0 }, 'too-large');
    await files.again(manager(), captureId, after(600));
    expect([await files.stored(id, copy('a')), await row()]).toEqual([false, erased]);
  });

  it('fails for reasons that are known, and for no other', async () => {
    await expect(files.refused({ id, attempts: 0 }, 'no reason' as 'too-large')).rejects.toThrow('files_failure');
  });
});
