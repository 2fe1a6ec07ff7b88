import { Deliveries } from '@biz/merchant';
import { eventually, times } from '@biz/testing';
import { DataSource } from 'typeorm';
import { deliveryWorld, member } from './delivery-world';

describe('deliveries, in order', () => {
  const world = deliveryWorld();

  it.each([
    ['', undefined],
    [' of the same relay id, one button in a message to many', 'relay-of-many'],
  ])('of one subject arrive in order, while another subject%s does not wait', async (_, relayId) => {
    world.shop.on('POST /hook', ({ json }) => {
      const { data } = json() as { data: { id: string; fact: number } };
      const quickIsThere = world.settled.some(({ subject }) => subject === 'quick');
      return { status: data.id === 'slow' && data.fact === 1 && !quickIsThere ? 500 : 200 };
    });
    const events = [member('slow', 1), member('slow', 2), member('slow', 3), member('quick', 1)];
    await world.deliver(...events.map((event) => ({ ...event, ...(relayId !== undefined && { relayId }) })));
    await eventually(() => {
      expect(world.settled).toHaveLength(4);
    });
    expect(world.settled[0]?.subject).toBe('quick');
    const facts = world.shop.requests.map((request) => (request.json() as { data: { id: string; fact: number } }).data);
    const slow = facts.filter(({ id }) => id === 'slow').map(({ fact }) => fact);
    expect(slow.filter((fact, at) => fact !== slow[at - 1])).toEqual([1, 2, 3]);
    expect(slow.filter((fact) => fact > 1)).toEqual([2, 3]);
  });

  it('of many subjects stay in order at two instances, also while the shop answers with errors', async () => {
    const first = world.running;
    await world.start();
    let calls = 0;
    world.shop.on('POST /hook', () => ({ status: ++calls % 3 === 0 ? 500 : 200 }));
    const subjects = times(8, (at) => `s${at}`);
    for (const fact of times(10, (at) => at)) await world.deliver(...subjects.map((subject) => member(subject, fact)));
    await eventually(async () => {
      const rows = await world.database.query(`SELECT 1 FROM merchant.deliveries WHERE state = 'delivered'`);
      expect(rows).toHaveLength(80);
    });
    const facts = world.shop.requests.map((request) => (request.json() as { data: { id: string; fact: number } }).data);
    for (const subject of subjects) {
      const mine = facts.filter(({ id }) => id === subject).map(({ fact }) => fact);
      expect(mine.filter((fact, at) => fact !== mine[at - 1])).toEqual(times(10, (at) => at));
    }
    expect(new Set(world.shop.requests.map(({ headers }) => headers['webhook-id'])).size).toBe(80);
    await first.close();
  });

  it('of one subject keep their order when the clock of the second instance is behind', async () => {
    await world.running.get(DataSource).transaction(async (manager) => {
      await world.running.get(Deliveries).addAll(manager, [member('skewed', 1), member('skewed', 2)]);
      // Ids begin with the time of whoever draws them.
      await manager.query(
        `UPDATE merchant.deliveries SET id = '019ab0c0-0000-7000-8000-000000000002' WHERE place = (SELECT max(place) FROM merchant.deliveries)`,
      );
    });
    await eventually(() => {
      expect(world.shop.requests.map((request) => (request.json() as { data: { fact: number } }).data.fact)).toEqual([
        1, 2,
      ]);
    });
  });
});
