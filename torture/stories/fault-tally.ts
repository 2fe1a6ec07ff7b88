/** How often each kind of misbehaviour was ordered. */
export type FaultTally = Record<string, number>;
