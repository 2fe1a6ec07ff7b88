/** The guide's deepest body has eight levels; a walk of this many never runs out of stack. */
const MAX_DEPTH = 32;
/** Names by which a reader of objects reaches a prototype or a class, such as class-transformer does by `constructor`. */
const REFUSED_NAMES = new Set(['__proto__', 'constructor']);

/**
 * Whether a parsed body is data and nothing else: plain objects and lists down to a depth, with texts, numbers, booleans and
 * null as their members; or no body at all.
 *
 * Anything else, such as a stream, has a class, and class-transformer would make new objects of that class.
 */
export function isPlainBody(body: unknown): boolean {
  if (body === undefined || body === null) return true;
  return typeof body === 'object' && isPlain(body);
}

/** Level by level, not by recursion. */
function isPlain(body: object): boolean {
  let level: object[] = [body];
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > MAX_DEPTH) return false;
    const next: object[] = [];
    for (const object of level) {
      if (!isListOrRecord(object)) return false;
      for (const name of Object.keys(object)) {
        if (REFUSED_NAMES.has(name)) return false;
        const member = (object as Record<string, unknown>)[name];
        if (typeof member === 'object' && member !== null) next.push(member);
      }
    }
    level = next;
  }
  return true;
}

/** By shape, not by `===`: each file of Jest has an Object and an Array of its own. */
function isListOrRecord(object: object): boolean {
  if (Array.isArray(object)) return true;
  const prototype = Object.getPrototypeOf(object) as object | null;
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
