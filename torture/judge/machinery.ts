import type { Window } from '../disturbances';
import type { Complaint } from '../world/instance';
import type { Evidence } from './evidence';
import type { Broken } from './verdict';

/** A database that restarts is felt a little before it is gone and after it is back. */
const BEFORE_MS = 300;
const AFTER_MS = 4_000;

/** Said of every refund that failed; whether it had to is judged with the money. */
const JUDGED_ELSEWHERE = 'a refund needs a person';

/** No job was put aside, and whatever was logged or answered as an error is explained by a database that was down. */
export function machinery(
  { jobs }: Pick<Evidence, 'jobs'>,
  complaints: readonly Complaint[],
  failures: readonly Complaint[],
  windows: readonly Window[],
): Broken[] {
  const down = windows.filter(({ what }) => what === 'database');
  const explained = ({ at }: Complaint): boolean =>
    down.some(({ from, to }) => at >= from - BEFORE_MS && at <= to + AFTER_MS);
  return [
    ...jobs.map(({ name, state, count }) => ({ rule: 'jobs', what: `${count} of ${name} ended ${state}` })),
    ...complaints
      .filter((each) => !explained(each) && !each.text.includes(JUDGED_ELSEWHERE))
      .map(({ text }) => ({ rule: 'log', what: text.slice(0, 600) })),
    ...failures.filter((each) => !explained(each)).map(({ text }) => ({ rule: 'answers', what: text.slice(0, 300) })),
  ];
}
