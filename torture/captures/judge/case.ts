import type { Received } from '../../world/shop';
import type { Plan } from '../plan';
import type { Calm } from './calm';
import type { Haste } from './haste';

export interface CaptureRow {
  id: string;
  token: string;
  state: string;
  failure: string | null;
  received: Date;
}

/** One capture, and what is known of it from outside. */
export interface Case {
  plan: Plan;
  row: CaptureRow;
  told: readonly Received[];
  /** A quiet time that was long enough for everything; whatever is missing then needs a reason of its own. */
  time: Calm | undefined;
  haste: Haste;
}
