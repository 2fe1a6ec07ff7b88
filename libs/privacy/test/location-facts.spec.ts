import { newId } from '@biz/platform';
import { World } from './world';

let world: World;
beforeAll(async () => {
  world = await World.open();
});
afterAll(() => world.close());

const record = (subject: string, service: string | null = null): Promise<void> =>
  world.transaction((manager) =>
    world.facts.record(manager, {
      kind: 'collected',
      merchant: 'test-shop',
      captureId: newId(),
      subject,
      service,
      receiver: null,
      purpose: null,
    }),
  );
const subjects = async (query = ''): Promise<string[]> => {
  const { text } = await world.operator(`location-facts?${query}`);
  return (JSON.parse(text) as { items: { subject: string }[] }).items.map(({ subject }) => subject);
};

it('keeps that a location was collected for six months, then forgets it', async () => {
  world.clock.set('2020-01-31T10:00:00Z');
  await record('first');
  world.clock.set('2020-03-01T00:00:00Z');
  await record('second');

  world.clock.set('2020-07-31T10:00:00Z');
  await world.facts.eraseOld();
  expect(await subjects()).toEqual(['second', 'first']);
  world.clock.set('2020-07-31T10:00:01Z');
  await world.facts.eraseOld();
  expect(await subjects()).toEqual(['second']);
});

it('keeps a line for six months at the end of a long month too, and what is younger is not in the way', async () => {
  world.clock.set('2022-02-28T12:00:00Z');
  await record('end of February');
  world.clock.set('2022-03-02T12:00:00Z');
  await record('March');
  world.clock.set('2022-08-31T12:00:00Z');
  await world.facts.eraseOld();
  expect(await subjects()).toEqual(['March', 'end of February']);
  world.clock.set('2022-08-31T12:00:01Z');
  await world.facts.eraseOld();
  expect(await subjects()).toEqual(['March']);
});

it('is asked for by days and moments: Korean time unless they name an offset', async () => {
  world.clock.set('2022-04-30T14:59:59.999Z');
  await record('April');
  world.clock.set('2022-04-30T15:00:00Z');
  await record('May');
  for (const [period, found] of [
    ['from=2022-05-01', ['May']],
    ['from=2022-04-01&to=2022-05-01', ['April']],
    ['from=2022-05-01T00:00', ['May']],
    ['from=2022-05-01T00:00:00%2B09:00', ['May']],
    ['from=2022-05-01T00:00:00+09:00', ['May']],
    ['from=2022-04-30T15:00:00Z', ['May']],
    ['to=2022-04-30T15:00:00.000Z&from=2022-04-30T14:59:00Z', ['April']],
    ['from=2022-05-02', []],
  ] as const) {
    expect([period, await subjects(period)]).toEqual([period, found]);
  }
  for (const wrong of ['1', '2022', '2022-13-01', '2022-05-01T25:00', 'foo 2022', '2022-05-01&from=2022-05-02']) {
    expect([wrong, (await world.operator(`location-facts?from=${wrong}`)).status]).toEqual([wrong, 400]);
    expect([wrong, (await world.operator(`location-facts/export?to=${wrong}`)).status]).toEqual([
      wrong,
      wrong.includes('&') ? 200 : 400,
    ]);
  }
  // An empty filter of a list is none, as in every list; a file is of what was asked for.
  expect(await subjects('from=&to=&cursor=')).toEqual(await subjects());
  expect((await world.operator('location-facts/export?to=')).status).toBe(400);
});

it.each(['=1+1', '+1', '-1', '@SUM(1)', '\t=1', '\r=1', '\n=1', "'=1", "''-1", '＝1+1', '＋1', '－1', '＠SUM(1)'])(
  'is exported without the formula that a callback named its service: %j',
  async (service) => {
    const subject = Buffer.from(service).toString('hex');
    await record(subject, service);
    const { text } = await world.operator('location-facts/export');
    const [, row = ''] = text.split(`,${subject}`);
    const cell = /^,카카오톡 위치전송 플러그인 \(OTP\),(?:"([^"]*)"|([^,]*)),/.exec(row);
    expect(cell?.[1] ?? cell?.[2]).toBe(`'${service}`);
  },
);
