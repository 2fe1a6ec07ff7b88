import { times } from '@biz/testing';
import { validate, version } from 'uuid';
import { newId } from './ids';

describe('an id', () => {
  const ids = times(20_000, () => newId());

  it('is a UUID v7, and nobody else’s', () => {
    expect(ids.every((id) => validate(id) && version(id) === 7)).toBe(true);
    expect(new Set(ids).size).toBe(ids.length);
    expect(new Set(ids.map((id) => id.slice(-12))).size).toBe(ids.length);
  });

  it('sorts after every id made before it, also in the same millisecond', () => {
    expect([...ids].sort()).toEqual(ids);
  });

  it('begins with the time it was made', () => {
    const made = parseInt(newId().replaceAll('-', '').slice(0, 12), 16);
    expect(Math.abs(Date.now() - made)).toBeLessThan(10_000);
  });
});
