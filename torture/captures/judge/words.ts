import type { Window } from '../../disturbances';
import type { Broken } from '../../judge/verdict';
import type { Silence } from '../../stories/caller';
import type { Complaint, Instance } from '../../world/instance';

/** Kakao fails now and then without being down, and garbage is part of what it says. */
const ALWAYS = /Kakao does not answer|images cannot be fetched|unreadable answer kept/;
/** Said of the store, while it is full or gone. */
const OF_THE_STORE = /image not fetched|the store of images cannot be used/;

/** Something is felt a little before it is noted, and for a while after it. */
const BEFORE_MS = 300;
const AFTER_MS = 4_000;

/** What the apps complained about without a good reason. */
export function complaintsOf(instances: readonly Instance[], windows: readonly Window[]): Complaint[] {
  const store = windows.filter(({ what }) => what === 'store');
  const isRight = ({ at, text }: Complaint): boolean =>
    ALWAYS.test(text) ||
    (OF_THE_STORE.test(text) && store.some(({ from, to }) => at >= from - BEFORE_MS && at <= to + AFTER_MS));
  return instances.flatMap((instance) => instance.complaints.filter((complaint) => !isRight(complaint)));
}

/** A callback without an answer needs an app that was down, or a database that was. */
export function silent(silences: readonly Silence[], windows: readonly Window[]): Broken[] {
  const explained = (silence: Silence): boolean =>
    windows.some(
      ({ what, of, from, to }) =>
        (what === 'database' || of === silence.of) && silence.to >= from - BEFORE_MS && silence.from <= to + AFTER_MS,
    );
  return silences
    .filter((silence) => !explained(silence))
    .map(({ of, text }) => ({ rule: 'silence', what: `the ${of} app did not answer: ${text}` }));
}
