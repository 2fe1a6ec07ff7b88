import { eventually, listenToStatements, untilLocked } from '@biz/testing';
import type { StubAnswer, TestApp } from '@biz/testing';
import type { Stage } from '../../../libs/capture/test/stage';
import { Gallery, jpeg } from './gallery';

/** Calls that wait until the test answers them. */
class Held {
  private readonly calls: ((answer: StubAnswer) => void)[] = [];

  readonly handler = (): Promise<StubAnswer> => new Promise((resolve) => this.calls.push(resolve));

  get count(): number {
    return this.calls.length;
  }

  answer(call: number, answer: StubAnswer): void {
    this.calls[call - 1]!(answer);
  }

  reaches(count: number): Promise<void> {
    return eventually(() => {
      expect(this.count).toBe(count);
    });
  }
}

describe('of several instances of the image app', () => {
  let gallery: Gallery;
  let stage: Stage;
  let picture: Held;

  beforeEach(async () => {
    // So none takes a file over from itself.
    gallery = await Gallery.open({ IMAGE_PARALLEL_DOWNLOADS: '1' });
    ({ stage } = gallery);
    picture = new Held();
  });
  afterEach(() => gallery.close());

  describe('one that was frozen', () => {
    let frozen: TestApp;
    let taken: object;
    const file = async (): Promise<object> => {
      const [row] = await stage.database.query<object>(
        'SELECT state, attempts, problem, due_at, claimed_until > $1 AS is_claimed FROM capture.files',
        [stage.clock.now()],
      );
      return row!;
    };

    beforeEach(async () => {
      frozen = stage.app;
      await stage.callback(gallery.offer([{ original: gallery.image(picture.handler) }]), 'frozen');
      await picture.reaches(1);
      await gallery.startInstance();
      await eventually(async () => {
        // No sign of life came through.
        await stage.database.query(`UPDATE capture.files SET claimed_until = '-infinity' WHERE attempts = 1`);
        expect(picture.count).toBe(2);
      });
      taken = await file();
      expect(taken).toMatchObject({ attempts: 2, is_claimed: true });
    });
    afterEach(async () => {
      expect(await file()).toEqual(taken);
      picture.answer(2, { body: jpeg(900) });
      await stage.reaches('frozen', 'delivered');
      expect(picture.count).toBe(2);
    });

    it('and whose try fails leaves the file to who took it over', async () => {
      picture.answer(1, { status: 503 });
      await eventually(async () => {
        expect(await (await fetch(`${frozen.url}/metrics`)).text()).toMatch(
          /job_duration_seconds_count\{[^}]*capture\.image\.fetch[^}]*\} 1/,
        );
      });
      await frozen.close();
    });

    it('and then stops leaves the file to who took it over', () => frozen.close());
  });

  it('one that comes late to the end of a capture gives up nothing that an operator asked for again', async () => {
    await stage.callback(
      gallery.offer([{ original: gallery.image(() => ({ body: jpeg(800) })), img_1m: gallery.image(picture.handler) }]),
      'again',
    );
    await picture.reaches(1);
    const other = stage.database.dataSource.createQueryRunner();
    await other.startTransaction();
    await other.query('LOCK TABLE capture.captures IN ACCESS EXCLUSIVE MODE');
    picture.answer(1, { status: 403 });
    await untilLocked(stage.database, 'SELECT "Capture"."id"%');
    // Another instance has ended the capture by now, and an operator has asked for its missing image.
    await other.query(
      `UPDATE capture.files SET state = 'pending', failure = NULL, claimed_until = NULL WHERE state = 'failed'`,
    );
    await other.commitTransaction();
    await other.release();
    await picture.reaches(2);
    picture.answer(2, { body: jpeg(700) });
    await stage.reaches('again', 'delivered');
    expect(gallery.filesOf('again').map(({ state }) => state)).toEqual(['stored', 'stored']);
    expect(stage.events('again')).toHaveLength(1);
  });

  it('one that stood still before its word on a capture does not undo what an operator has asked for since', async () => {
    await stage.callback(gallery.offer([{ original: gallery.image(picture.handler) }]), 'again');
    await picture.reaches(1);
    await stage.database.dataSource.transaction(async (other) => {
      await other.query('SELECT FROM capture.captures FOR UPDATE');
      picture.answer(1, { status: 403 });
      // It has read the files, and is about to say how the capture ended.
      await untilLocked(stage.database, '%AS given(%');
      // Another instance said it, and an operator has asked for the image once more.
      await other.query(
        `UPDATE capture.captures SET changed_at = changed_at + interval '1 second', due_at = $1, claimed_until = NULL`,
        [stage.clock.now()],
      );
      await other.query(
        `UPDATE capture.files SET state = 'pending', failure = NULL, due_at = $1, claimed_until = NULL`,
        [stage.clock.now()],
      );
    });
    await picture.reaches(2);
    picture.answer(2, { body: jpeg(700) });
    await stage.reaches('again', 'delivered');
    expect(stage.events('again').map(({ type }) => type)).toEqual(['image.received']);
  });

  it('each looks at a capture now and then, and lists its files no second time', async () => {
    let [looks, lists] = [0, 0];
    listenToStatements(stage.app, ({ text }) => {
      if (/^UPDATE capture.captures SET due_at/.test(text)) looks++;
      if (/^INSERT INTO "capture"."files"/.test(text)) lists++;
    });
    await stage.callback(gallery.offer([{ original: gallery.image(picture.handler) }]), 'looked-at');
    await picture.reaches(1);
    await eventually(() => {
      // Fifteen seconds are 150 ms here, and ten minutes six seconds.
      stage.clock.advance(150);
      expect(looks).toBeGreaterThan(2);
    });
    picture.answer(1, { body: jpeg(700) });
    await stage.reaches('looked-at', 'delivered');
    expect(lists).toBe(1);
  });
});
