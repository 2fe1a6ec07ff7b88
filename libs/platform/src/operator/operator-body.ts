import type { ValidationError } from 'class-validator';

const bodies = new WeakSet<object>();

/**
 * Marks a body that people and programs of the shop write.
 *
 * A field of another name is a slip of the pen, and null is what `JSON.stringify` makes of a sum that is none: neither may
 * be taken for a field that was left out. Kakao's bodies are read more kindly: Kakao adds fields.
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
export function nullsIn(body: unknown): ValidationError[] {
  if (typeof body !== 'object' || body === null) return [];
  return Object.entries(body).flatMap(([property, value]): ValidationError[] => {
    if (value === null) return [{ property, constraints: { isNull: `${property} must not be null: leave it out` } }];
    const children = nullsIn(value);
    return children.length > 0 ? [{ property, children }] : [];
  });
}
