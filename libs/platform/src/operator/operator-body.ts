import type { ValidationError } from 'class-validator';
import { visibleLine } from '../texts/visible-line';

const bodies = new WeakSet<object>();

/**
 * Marks a body that people and programs of the shop write.
 *
 * A field of another name is a slip of the pen, null is what `JSON.stringify` makes of a sum that is none, and blanks are
 * an input that was not filled in: none of them may be taken for a value, or for a field that was left out. Kakao's bodies are read more kindly: Kakao adds fields.
 */
export const OperatorBody = (): ClassDecorator => (type) => {
  bodies.add(type);
};

/** Whether the class, or one that it extends, is marked. */
export function isOperatorBody(type: object | null | undefined): boolean {
  for (let each = type; each; each = Object.getPrototypeOf(each) as object | null) if (bodies.has(each)) return true;
  return false;
}

/** An error for each field that is null, at any depth. */
export const nullsIn = (body: unknown): ValidationError[] =>
  membersOf(body, (value) => (value === null ? 'null' : undefined));

/** An error for each field that says nothing, at any depth: null, and a text in which nothing can be seen. */
export const withoutValue = (body: unknown): ValidationError[] =>
  membersOf(body, (value) => {
    if (value === null) return 'null';
    return typeof value === 'string' && visibleLine(value) === '' ? 'blank' : undefined;
  });

function membersOf(body: unknown, whatIs: (value: unknown) => string | undefined): ValidationError[] {
  if (typeof body !== 'object' || body === null) return [];
  return Object.entries(body).flatMap(([property, value]): ValidationError[] => {
    const is = whatIs(value);
    if (is !== undefined) {
      return [{ property, constraints: { hasValue: `${property} must not be ${is}: leave it out` } }];
    }
    const children = membersOf(value, whatIs);
    return children.length > 0 ? [{ property, children }] : [];
  });
}
