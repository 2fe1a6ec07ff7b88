import type { ValidationError } from 'class-validator';

/**
 * A body that people and programs of the shop write.
 *
 * A field of another name is a slip of the pen, and null is what `JSON.stringify` makes of a sum that is none: neither may
 * be taken for a field that was left out. Kakao's bodies are read more kindly: Kakao adds fields.
 */
export abstract class OperatorBody {}

/** An error for each field that is null, at any depth. */
export function nullsIn(body: unknown): ValidationError[] {
  if (typeof body !== 'object' || body === null) return [];
  return Object.entries(body).flatMap(([property, value]): ValidationError[] => {
    if (value === null) return [{ property, constraints: { isNull: `${property} must not be null: leave it out` } }];
    const children = nullsIn(value);
    return children.length > 0 ? [{ property, children }] : [];
  });
}
