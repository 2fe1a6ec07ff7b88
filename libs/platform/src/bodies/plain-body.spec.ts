import { Readable } from 'node:stream';
import { isPlainBody } from './plain-body';

const nested = (depth: number): unknown => {
  let value: unknown = [];
  for (let at = 1; at < depth; at++) value = { value };
  return value;
};

describe('isPlainBody', () => {
  it('lets no body, null, plain objects and lists pass, and forms, which have no prototype', () => {
    const form = Object.assign(Object.create(null) as object, { a: '1' });
    for (const body of [undefined, null, {}, [], [1, null], { a: [{ b: 'x' }] }, form, nested(32)]) {
      expect(isPlainBody(body)).toBe(true);
    }
  });

  it('refuses scalars, streams and other objects with a class, at any depth', () => {
    const odd = [new Readable(), Buffer.from('a'), new Date(), new Map(), new URL('http://host')];
    for (const body of ['x', '', 1, true, ...odd, ...odd.map((each) => ({ a: [each] }))]) {
      expect(isPlainBody(body)).toBe(false);
    }
  });

  it('refuses names by which a prototype or class is reached, and what is nested deeper than 32 levels', () => {
    const bodies = ['{"constructor":1}', '{"a":[{"constructor":"Array"}]}', '{"a":{"__proto__":null}}'];
    for (const body of bodies) expect(isPlainBody(JSON.parse(body))).toBe(false);
    expect(isPlainBody(nested(33))).toBe(false);
    expect(isPlainBody(nested(100_000))).toBe(false);
  });
});
