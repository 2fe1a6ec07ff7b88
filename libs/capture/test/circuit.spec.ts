import { ManualClock, times } from '@biz/testing';
import { Circuit } from '../src/schedule/circuit';

describe('a circuit', () => {
  const clock = new ManualClock();
  let circuit: Circuit;
  let said: boolean[];
  beforeEach(() => {
    circuit = new Circuit(clock, 1);
    said = [];
    circuit.onChange((open) => said.push(open));
  });
  const fail = (...subjects: string[]): void => {
    for (const subject of subjects) circuit.failed(subject);
  };

  it('opens after five failures in a row of three subjects, and says so once', () => {
    fail('a', 'b', 'c', 'd');
    expect([circuit.open, said]).toEqual([false, []]);
    fail('e', 'f', 'g');
    expect([circuit.open, said]).toEqual([true, [true]]);
    circuit.answered();
    circuit.answered();
    expect([circuit.open, said]).toEqual([false, [true, false]]);
  });

  it('stays closed while one or two alone fail, however often', () => {
    fail(...times(50, (at) => (at % 2 ? 'a' : 'b')));
    expect(circuit.open).toBe(false);
  });

  it('begins to count again with every answer', () => {
    fail('a', 'b', 'c', 'd');
    circuit.answered();
    fail('e', 'f', 'g', 'h');
    expect(circuit.open).toBe(false);
  });

  it('lets one probe through after 1, 2, 4, then every 8 seconds, and closes with the first answer', () => {
    fail('a', 'b', 'c', 'd', 'e');
    const seen: number[] = [];
    for (let second = 1; second <= 32; second++) {
      clock.advance(1_000);
      if (circuit.takeProbe()) seen.push(second);
      expect(circuit.takeProbe()).toBe(false);
      circuit.failed('a');
    }
    expect(seen).toEqual([1, 3, 7, 15, 23, 31]);
    circuit.answered();
    expect(circuit.open).toBe(false);
    expect(circuit.takeProbe()).toBe(false);
  });

  it('lets the next probe through a second after the last one when there is more to probe with', () => {
    fail('a', 'b', 'c', 'd', 'e');
    clock.advance(15_000);
    expect(circuit.takeProbe()).toBe(true);
    const seen: number[] = [];
    for (let half = 1; half <= 6; half++) {
      clock.advance(500);
      circuit.probeSoon();
      if (circuit.takeProbe()) seen.push(half / 2);
    }
    expect(seen).toEqual([1, 2, 3]);
    circuit.answered();
    circuit.probeSoon();
    expect([circuit.open, circuit.takeProbe()]).toEqual([false, false]);
  });
});
