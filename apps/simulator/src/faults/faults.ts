import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { Fault, FaultKind, FaultOrder, FaultPoint } from './fault';

const LONGEST_HOLD_MS = 60_000;

/** The misbehaviour that has been ordered, first ordered first used, one of it by each call. */
@Injectable()
export class Faults {
  private ordered: Fault[] = [];
  private readonly call = new AsyncLocalStorage<{ fault?: Fault }>();
  private readonly held = new Map<string, Set<() => void>>();

  add(order: FaultOrder): Fault {
    const fault: Fault = {
      id: randomUUID(),
      times: order.kind === 'hold' ? Number.MAX_SAFE_INTEGER : 1,
      ms: 5_000,
      status: 500,
      code: -780,
      ...order,
    };
    this.ordered.push(fault);
    return fault;
  }

  list(): Fault[] {
    return this.ordered;
  }

  /** Serves one call: whatever it asks for on its way, it takes one fault at most. */
  serving<T>(work: () => Promise<T>): Promise<T> {
    return this.call.run({}, work);
  }

  /** Uses up one call of the first fault that fits. */
  take(point: FaultPoint, subjects: string[], kinds: readonly FaultKind[]): Fault | undefined {
    const call = this.call.getStore();
    if (call?.fault) return undefined;
    const fault = this.ordered.find(
      (each) =>
        each.point === point &&
        kinds.includes(each.kind) &&
        (each.subject === undefined || subjects.includes(each.subject)),
    );
    if (!fault) return undefined;
    if (call) call.fault = fault;
    fault.times -= 1;
    if (fault.times <= 0) this.ordered = this.ordered.filter((each) => each !== fault);
    return fault;
  }

  /** Waits until the fault is removed, a minute at most. */
  async hold(fault: Fault): Promise<void> {
    if (!this.ordered.includes(fault)) return;
    await new Promise<void>((resolve) => {
      const waiting = this.held.get(fault.id) ?? new Set();
      this.held.set(fault.id, waiting);
      const timer = setTimeout(resolve, LONGEST_HOLD_MS);
      timer.unref();
      waiting.add(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  remove(id: string): boolean {
    const before = this.ordered.length;
    this.ordered = this.ordered.filter((each) => each.id !== id);
    this.release(id);
    return this.ordered.length < before;
  }

  removeAll(): void {
    this.ordered = [];
    for (const id of [...this.held.keys()]) this.release(id);
  }

  private release(id: string): void {
    for (const go of this.held.get(id) ?? []) go();
    this.held.delete(id);
  }
}
