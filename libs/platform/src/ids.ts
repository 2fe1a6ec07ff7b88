import { v7 } from 'uuid';

/** A UUID v7: later ids sort after earlier ones, so an id is also a paging cursor. */
export const newId = (): string => v7();
