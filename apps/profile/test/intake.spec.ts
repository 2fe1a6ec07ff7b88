import { once } from 'node:events';
import type { Server } from 'node:http';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server as NetServer, Socket } from 'node:net';
import { eventually, listenToStatements, timed, times } from '@biz/testing';
import type { Pool } from 'pg';
import { DataSource } from 'typeorm';
import { Stage } from '../../../libs/capture/test/stage';
import { profileApp } from '../src/profile.module';

const PROFILE = { json: { nickname: '홍길동' } };

describe('receiving', () => {
  let stage: Stage;
  beforeAll(async () => {
    // Redeeming waits for the locked table too, with connections of its own.
    stage = await Stage.open(profileApp, { OPEN_LIMIT_MERCHANT: '500', DATABASE_POOL_SIZE: '10' });
  });
  afterAll(() => stage.close());

  const otp = (): string => stage.otp('onetimeprofile', () => PROFILE);

  it('costs one statement, which callbacks of the same moment share', async () => {
    const said: string[] = [];
    listenToStatements(stage.app, ({ text }) => {
      if (text.startsWith('INSERT INTO capture.captures')) said.push(text);
    });
    await stage.callback(otp());
    expect(said).toHaveLength(1);
    let arrived = 0;
    (stage.app.app.getHttpServer() as Server).on('request', () => arrived++);
    const held = await stage.database.dataSource.transaction(async (manager) => {
      await manager.query('LOCK TABLE capture.captures IN SHARE MODE');
      const answers = times(50, () => stage.callback(otp()));
      await eventually(() => {
        expect([arrived, said.length]).toEqual([50, 3]);
      });
      return answers;
    });
    expect((await Promise.all(held)).every(({ status }) => status === 200)).toBe(true);
    expect(said.length).toBeLessThan(12);
    await eventually(async () => {
      const rows = await stage.database.query(`SELECT 1 FROM capture.captures WHERE state = 'delivered'`);
      expect(rows).toHaveLength(51);
    });
  });

  it('lets one callback that cannot be stored spoil no other', async () => {
    await stage.database.query(`
      CREATE FUNCTION capture.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'refused'; END $$;
      CREATE TRIGGER refuse BEFORE INSERT ON capture.captures FOR EACH ROW WHEN (NEW.relay_id = 'spoilt')
        EXECUTE FUNCTION capture.refuse()`);
    const relays = [...times(10, (at) => `good-${at}`), 'spoilt', ...times(10, (at) => `well-${at}`)];
    const answers = await Promise.all(relays.map((relay) => stage.callback(otp(), relay)));
    expect(answers.flatMap(({ status }, at) => (status === 200 ? [] : [relays[at]]))).toEqual(['spoilt']);
    await stage.reaches('good-3', 'delivered');
    await stage.database.query('DROP TRIGGER refuse ON capture.captures');
  });

  it('stores none beyond what may wait for Kakao of one merchant; known ones and other merchants are answered as ever', async () => {
    const known = otp();
    await stage.callback(known, 'waits');
    const { id } = await stage.reaches('waits', 'delivered');
    const waiting = (count: number) =>
      stage.database.query(
        `INSERT INTO capture.captures SELECT copy.* FROM capture.captures AS model, generate_series(1, $2::integer) AS n,
                json_populate_record(model, json_build_object('id', gen_random_uuid(), 'otp_fingerprint', 'waits-' || n || random(), 'state', 'pending',
                  'relay_id', NULL, 'due_at', '2100-01-01T00:00Z', 'deadline_at', '2100-01-01T00:00Z')) AS copy
          WHERE model.id = $1`,
        [id, count],
      );
    const stored = () => stage.database.query(`SELECT 1 FROM capture.captures WHERE relay_id IS DISTINCT FROM 'other'`);
    await waiting(499);
    stage.clock.advance(10_000);
    expect((await stage.callback(otp(), 'the-last')).body).toEqual({ status: 200 });
    await waiting(1);
    stage.clock.advance(10_000);
    const before = await stored();

    // The first of them counts, and the others go by its count.
    expect((await stage.callback(otp(), 'too-many')).body.status).toBe(500);
    const refused = await Promise.all(times(20, () => stage.callback(otp(), 'too-many')));

    const message = '지금은 요청이 많아 정보를 받을 수 없습니다. 잠시 후 다시 시도해 주세요.';
    expect(refused).toEqual(times(20, () => ({ status: 200, body: { status: 500, message } })));
    expect(await stored()).toHaveLength(before.length);
    const metrics = await (await fetch(`${stage.app.url}/metrics`)).text();
    expect(metrics).toContain('biz_open_limited_total{what="captures",by="merchant"} 21');
    expect(stage.logs.filter((line) => line.includes('too much is open'))).toHaveLength(1);
    expect((await stage.callback(known)).body).toEqual({ status: 200 });
    const other = await stage.callback(otp(), 'other', '/m/other-shop-unguessable-key/callback');
    expect(other.body).toEqual({ status: 200 });
    const skill = await stage.post('/skill/delivery', {
      action: { detailParams: { p: { origin: otp() } } },
    });
    expect(JSON.stringify(skill.body)).toContain('지금은 정보를 받을 수 없습니다');

    await stage.database.query(`DELETE FROM capture.captures WHERE otp_fingerprint LIKE 'waits-%'`);
    stage.clock.advance(10_000);
    expect((await stage.callback(otp(), 'again')).body).toEqual({ status: 200 });
  });

  it('makes one capture of the same callbacks at two instances, in both orders at once', async () => {
    const { app: first } = stage;
    await stage.start();
    const { app: second } = stage;
    const otps = times(30, otp);
    const post = (url: string, each: string): Promise<number> =>
      fetch(`${url}/callback?relay_id=both`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ otp: each }),
      }).then(({ status }) => status);
    const statuses = await Promise.all([
      ...otps.map((each) => post(first.url, each)),
      ...[...otps].reverse().map((each) => post(second.url, each)),
    ]);
    expect(statuses).toEqual(times(60, () => 200));
    await eventually(async () => {
      const rows = await stage.database.query<{ state: string }>(
        `SELECT state FROM capture.captures WHERE relay_id = 'both'`,
      );
      expect(rows).toEqual(times(30, () => ({ state: 'delivered' })));
    });
    expect(otps.map((each) => stage.fetched(each))).toEqual(times(30, () => 1));
    expect(new Set(stage.events('both').map(({ id }) => id)).size).toBe(30);
    await first.close();
  });

  it('says 500 at once when no connection can be had', async () => {
    await stage.app.get<DataSource>(DataSource).destroy();
    const { result, ms } = await timed(() => stage.callback(otp()));
    expect(result.status).toBe(500);
    expect(ms).toBeLessThan(1_000);
  });
});

/** The way to the database: it can be frozen, as by a paused container or a lost network, and nobody is told. */
class Way {
  private readonly sockets = new Set<Socket>();
  /** How many connections were ended as soon as they came. */
  refused = 0;
  private isRefusing = false;
  private isFrozen = false;
  private readonly usual = process.env.TEST_DATABASE_URL!;

  private constructor(private readonly server: NetServer) {}

  static async open(): Promise<Way> {
    const server = createServer();
    const way = new Way(server);
    server.on('connection', (client) => {
      way.join(client);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = new URL(way.usual);
    url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    process.env.TEST_DATABASE_URL = url.href;
    return way;
  }

  /** Connections stay, more are accepted, nothing comes through. */
  freeze(): void {
    this.isFrozen = true;
    this.lose();
  }

  /** The connections of now are heard no more; new ones are as ever. */
  lose(): void {
    for (const socket of this.sockets) socket.pause();
  }

  thaw(): void {
    this.isFrozen = false;
    for (const socket of this.sockets) socket.resume();
  }

  /** As of a server that is stopped: connections end, and each new one at once. */
  refuse(): void {
    this.isRefusing = true;
    for (const socket of this.sockets) socket.destroy();
  }

  /** The server is back, at once: how long PostgreSQL takes to start depends on the machine. */
  accept(): void {
    this.isRefusing = false;
  }

  close(): void {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
    process.env.TEST_DATABASE_URL = this.usual;
  }

  private join(client: Socket): void {
    if (this.isRefusing) {
      this.refused++;
      client.destroy();
      return;
    }
    const { hostname, port } = new URL(this.usual);
    const server = connect(Number(port), hostname);
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      this.sockets.add(from);
      from.on('data', (bytes) => to.write(bytes)).on('close', () => to.destroy());
      from.on('error', () => to.destroy());
      if (this.isFrozen) from.pause();
    }
  }
}

describe('receiving while nothing comes from the database', () => {
  let way: Way;
  let stage: Stage;
  beforeEach(async () => {
    way = await Way.open();
    stage = await Stage.open(profileApp, { DATABASE_SILENT_MS: '5000', ANSWER_WITHIN_MS: '1000' });
  });
  afterEach(async () => {
    way.thaw();
    await stage.close();
    way.close();
  });

  it('says 500 within three seconds, and takes the same callback when it goes on', async () => {
    const otps = times(20, () => stage.otp('onetimeprofile', () => PROFILE));
    way.freeze();
    const { result: answers, ms } = await timed(() =>
      Promise.all(otps.map((otp, at) => stage.callback(otp, `still-${at}`))),
    );
    expect(ms).toBeLessThan(3_000);
    expect(answers.map(({ status }) => status)).toEqual(times(20, () => 500));
    way.thaw();
    await eventually(async () => {
      expect(await Promise.all(otps.map((otp, at) => stage.callback(otp, `still-${at}`)))).toEqual(
        times(20, () => ({ status: 200, body: { status: 200 } })),
      );
    });
    for (const at of times(20, (each) => each)) await stage.reaches(`still-${at}`, 'delivered');
    expect(otps.map((otp) => stage.fetched(otp))).toEqual(times(20, () => 1));
  });

  it('leaves connections that are lost without a word for new ones', async () => {
    const before = stage.otp('onetimeprofile', () => PROFILE);
    await stage.callback(before, 'before');
    await stage.reaches('before', 'delivered');
    way.lose();
    const otps = times(20, () => stage.otp('onetimeprofile', () => PROFILE));
    await eventually(async () => {
      const answers = await Promise.all(otps.map((otp, at) => stage.callback(otp, `lost-${at}`)));
      expect(answers.map(({ status }) => status)).toEqual(times(20, () => 200));
    });
    for (const at of times(20, (each) => each)) await stage.reaches(`lost-${at}`, 'delivered');
  });
});

describe('receiving while the database restarts', () => {
  it('rides out a short outage, and says 500 in time when it is longer', async () => {
    const way = await Way.open();
    const stage = await Stage.open(profileApp);
    (stage.database.dataSource.driver as unknown as { master: Pool }).master.on('error', () => undefined);
    const otp = (): string => stage.otp('onetimeprofile', () => PROFILE);
    expect((await stage.callback(otp(), 'before')).status).toBe(200);
    await stage.reaches('before', 'delivered');

    way.refuse();
    const { result, ms } = await timed(() => stage.callback(otp(), 'during'));
    expect(result.status).toBe(500);
    expect(ms).toBeLessThan(3_000);

    // One of the first connections after the request is that of the request.
    const arrived = once(stage.app.app.getHttpServer() as Server, 'request');
    const waiting = stage.callback(otp(), 'short');
    await arrived;
    const before = way.refused;
    await eventually(() => {
      expect(way.refused).toBeGreaterThan(before + 2);
    });
    way.accept();
    expect((await waiting).status).toBe(200);
    await stage.reaches('short', 'delivered');

    // Kakao answers an OTP, perhaps only once, just as the database goes away.
    const answers = [PROFILE, { status: 404 }];
    const single = stage.otp('onetimeprofile', () => {
      if (answers.length === 2) way.refuse();
      return answers.shift()!;
    });
    await stage.callback(single, 'once');
    await eventually(() => {
      expect(stage.fetched(single)).toBe(1);
    });
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    way.accept();
    await stage.reaches('once', 'delivered');
    await stage.close();
    way.close();
  });
});
