import { newId } from '@biz/platform';
import { World } from './world';

let world: World;
beforeAll(async () => {
  world = await World.open();
});
afterAll(() => world.close());

it('keeps that a location was collected for six months, then forgets it', async () => {
  const record = (subject: string): Promise<void> =>
    world.transaction((manager) =>
      world.facts.record(manager, {
        kind: 'collected',
        merchant: 'test-shop',
        captureId: newId(),
        subject,
        service: null,
        receiver: null,
        purpose: null,
      }),
    );
  const subjects = async (): Promise<string[]> => {
    const { text } = await world.operator('location-facts');
    return (JSON.parse(text) as { items: { subject: string }[] }).items.map(({ subject }) => subject);
  };
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
