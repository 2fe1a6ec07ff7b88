import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, listenToStatements, stillStatistics, times } from '@biz/testing';
import { skillPayload } from '../../../libs/capture/test/skill';
import { Stage } from '../../../libs/capture/test/stage';
import { imageApp } from '../src/image.module';

const JPEG = Buffer.from('ffd8ffe000104a46494600010100000100010000', 'hex');
const OURS = /(capture|merchant)"?\."?(captures|files|deliveries|delivery_attempts)/;
/** The indexes of what is open, and how those say it who look for work there. */
const OPEN = /captures_to_(redeem|read)|files_to_fetch|deliveries_due|deliveries_pending_in_order/;
const LOOKS_FOR_WORK = 'due_at > ';

/**
 * A platform that has been running for a while, when the planner has last counted in a quiet hour: nearly nothing is
 * open, as far as it knows.
 */
const HISTORY = `
  INSERT INTO capture.captures (id, kind, merchant, plugin, state, relay_id, otp_fingerprint, consent, received_at,
         deadline_at, erase_at, changed_at)
  SELECT ('019a0000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, CASE WHEN n % 10 = 0 THEN 'image' ELSE 'profile' END,
         'test-shop', 'receipt', CASE WHEN n % 3 = 0 THEN 'erased' ELSE 'delivered' END, 'relay-' || n, md5(n::text),
         '{"scopes":[],"retainDays":7}', at, at, at + interval '7 days', at
    FROM generate_series(1, 30000) n, LATERAL (SELECT timestamptz '2026-11-22' + n * interval '1 second' AS at) AS moment;
  INSERT INTO capture.files (id, capture_id, picture, variant, state, attempts)
  SELECT gen_random_uuid(), id, picture, 'original', 'stored', 1
    FROM capture.captures, generate_series(1, 10) picture WHERE kind = 'image';
  INSERT INTO merchant.deliveries (id, app, merchant, type, subject, relay_id, ordering_key, state, created_at, settled_at)
  SELECT id, kind, merchant, 'image.received', id::text, relay_id, id::text, 'delivered', received_at, received_at
    FROM capture.captures;
  INSERT INTO merchant.delivery_attempts (id, delivery_id, at, duration_ms, status, result)
  SELECT gen_random_uuid(), id, created_at, 5, 200, 'ok' FROM merchant.deliveries`;

/** Many more wait than the planner knows of: Kakao is down, and the shop too, since the moment at which the clock stands. */
const WAITING = 40_000;
const BACKLOG = `
  INSERT INTO capture.captures (id, kind, merchant, plugin, state, otp_fingerprint, sealed_otp, consent, received_at,
         deadline_at, due_at, erase_at, changed_at)
  SELECT ('019b0000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'image', 'test-shop', 'receipt', 'pending',
         'waits-' || n, 'sealed', '{"scopes":[],"retainDays":7}', at, at + interval '10 minutes', at, at + interval '7 days', at
    FROM generate_series(1, ${WAITING}) n, (SELECT timestamptz '2026-11-23T03:00Z' AS at) AS moment;
  INSERT INTO capture.files (id, capture_id, picture, variant, state, sealed_url, attempts, deadline_at, due_at)
  SELECT gen_random_uuid(), id, 1, 'original', 'pending', 'sealed', 0, deadline_at, due_at
    FROM capture.captures WHERE otp_fingerprint LIKE 'waits-%';
  INSERT INTO merchant.deliveries (id, app, merchant, type, subject, ordering_key, state, payload, created_at, due_at)
  SELECT id, 'image', merchant, 'image.received', id::text, id::text, 'pending', 'sealed', received_at, received_at
    FROM capture.captures WHERE otp_fingerprint LIKE 'waits-%'`;
/** A probe, once in eight seconds; what its merchant left behind, once a minute; the end of an outage; an operator's list; the count of what waits. */
const SELDOM =
  /ORDER BY (tries|attempts), |NOT\("Capture"\."merchant" IN|SET due_at = \$\d WHERE (kind|state)|"id" DESC LIMIT|^SELECT merchant FROM unnest/;
/** Whoever reads all that waits reads more; who takes a few dozen rows by an index, and moves them, less. */
const PAGES = 1_000;

describe('the plans of the statements', () => {
  it('find each row by an index, and read no more while thousands wait', async () => {
    const store = await mkdtemp(join(tmpdir(), 'biz-images-'));
    const stage = await Stage.open(imageApp, { IMAGE_STORE: store });
    await stage.database.query(HISTORY);
    await stillStatistics(stage.database);
    const said = new Map<string, [text: string, values: unknown[]]>();
    // What is urgent is searched for by the words of what is due, and its time.
    listenToStatements(stage.app, ({ text, values }) =>
      said.set(`${text} ${values.includes('infinity')}`, [text, values]),
    );
    let isUp = false;
    stage.kakao
      .on('GET /dna/here.jpg', { body: JPEG })
      .on('GET /dna/away.jpg', () => (isUp ? { body: JPEG } : { status: 503 }));
    const json = {
      secure_urls: [{ original: `${stage.kakao.url}/dna/here.jpg`, img_1m: `${stage.kakao.url}/dna/away.jpg` }],
    };
    const send = (relay: string, answer: object): Promise<unknown> =>
      stage.callback(
        stage.otp('secure_image', () => answer),
        relay,
      );
    await Promise.all(times(20, (at) => send(`now-${at}`, { json })));
    await send('refused', { status: 404 });
    // A skill says whose a result is that a callback brought.
    const known = stage.otp('secure_image', () => ({ json }));
    await stage.callback(known, 'named');
    await stage.post('/skill/receipt', skillPayload({ params: { secureimage: known } }));
    // And a payload in which nothing is understood is kept.
    await stage.post('/skill/receipt', skillPayload({ params: { secureimage: 'List()' } }));
    const { id } = await stage.reaches('refused', 'failed');
    // An outage begins: what is urgent, what is held and probes are searched for, too.
    await Promise.all(times(6, (at) => send(`down-${at}`, { status: 503 })));
    await eventually(() => {
      expect(stage.logs.join('')).toContain('Kakao does not answer');
    });
    for (const query of ['', '?state=failed', '?state=delivered&plugin=receipt', '?relayId=relay-30', `?cursor=${id}`])
      await stage.operator('GET', `/captures${query}`);
    for (const query of ['', '?state=failed', `?cursor=${id}`]) await stage.operator('GET', `/deliveries${query}`);
    await stage.operator('GET', `/captures/${id}`);
    await stage.operator('POST', `/captures/${id}/retry`);
    await stage.operator('DELETE', `/captures/${id}`);
    isUp = true;
    await stage.asTimeGoesBy(async () => {
      expect((await stage.capture('now-0')).state).toBe('delivered');
    });
    const plans: { text: string; plan: string }[] = [];
    for (const [text, values] of said.values()) {
      if (!OURS.test(text) || !/^(WITH|SELECT|UPDATE|INSERT|DELETE)/.test(text)) continue;
      const rows = await stage.database.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${text}`, values);
      plans.push({ text: text.replace(/\s+/g, ' '), plan: rows.map((row) => row['QUERY PLAN']).join('\n') });
    }
    expect(plans.length).toBeGreaterThan(30);
    expect(plans.filter(({ plan }) => /Seq Scan on (captures|files|deliver)/.test(plan))).toEqual([]);
    expect(plans.filter(({ text, plan }) => OPEN.test(plan) !== text.includes(LOOKS_FOR_WORK))).toEqual([]);

    // What they really read, while so many wait that nobody but this transaction sees.
    await stage.app.close();
    const read: { text: string; pages: number }[] = [];
    await stage.database.dataSource.transaction(async (manager) => {
      await manager.query(BACKLOG);
      for (const [text, values] of said.values()) {
        if (!OURS.test(text) || !/^(WITH|SELECT|UPDATE|INSERT|DELETE)/.test(text) || SELDOM.test(text)) continue;
        await manager.query('SAVEPOINT before');
        const plan = await manager
          .query<{ 'QUERY PLAN': string }[]>(`EXPLAIN (ANALYZE, BUFFERS, COSTS OFF) ${text}`, values)
          .then((rows) => rows.map((row) => row['QUERY PLAN']).join('\n'))
          // What is there already cannot be inserted again.
          .catch((error: unknown) => (text.startsWith('INSERT') ? '' : Promise.reject(error as Error)));
        await manager.query('ROLLBACK TO SAVEPOINT before');
        const [, hit = 0, more = 0] = /Buffers: shared hit=(\d+)(?: read=(\d+))?/.exec(plan) ?? [];
        read.push({ text: text.replace(/\s+/g, ' '), pages: Number(hit) + Number(more) });
      }
      await manager.query('ROLLBACK');
      await manager.query('BEGIN');
    });
    expect(read.length).toBeGreaterThan(30);
    expect(read.filter(({ pages }) => pages > PAGES)).toEqual([]);
    await stage.close();
    await rm(store, { recursive: true, force: true });
  });
});
