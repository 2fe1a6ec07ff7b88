import { setTimeout as delay } from 'node:timers/promises';

/** A time in which something did not work as it should. */
export interface Window {
  what: string;
  from: number;
  to: number;
  /** Name of the app that felt it; everybody, when absent. */
  of?: string;
}

/** What goes wrong again and again until it is told to stop; it notes when. */
export abstract class Disturbances {
  /** When each began and ended. */
  readonly windows: Window[] = [];
  private stopping = false;
  private loop: Promise<unknown> = Promise.resolve();

  start(): void {
    this.loop = this.disturb();
  }

  /** What is going wrong just now is over when it settles. */
  async stop(): Promise<void> {
    this.stopping = true;
    await this.loop;
  }

  /** Goes on as long as `pause` says so. */
  protected abstract disturb(): Promise<unknown>;

  protected async during(what: string, work: () => Promise<void>, of?: string): Promise<void> {
    const window: Window = { what, from: Date.now(), to: Infinity, ...(of !== undefined && { of }) };
    this.windows.push(window);
    await work();
    window.to = Date.now();
  }

  /** @returns false when it is over */
  protected async pause(ms: number): Promise<boolean> {
    const until = Date.now() + ms;
    while (!this.stopping && Date.now() < until) await delay(25);
    return !this.stopping;
  }
}
