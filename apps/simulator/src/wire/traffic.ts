import { Injectable } from '@nestjs/common';

export type Actor = 'user' | 'talk' | 'plugin' | 'merchant' | 'kakaopay' | 'kakao' | 'cdn' | 'shop';

export interface WireRequest {
  method: string;
  url: string;
  headers: Record<string, string>;
  body?: unknown;
}

export interface WireResponse {
  /** Absent when the connection ended without an answer. */
  status?: number;
  headers?: Record<string, string>;
  body?: unknown;
  /** Why there was no answer. */
  failure?: string;
  /** Milliseconds from request to answer. */
  ms: number;
}

/** One request and its answer, as seen on the wire. */
export interface Exchange {
  at: Date;
  from: Actor;
  to: Actor;
  /** What the call is, in the guide's words. */
  what: string;
  request: WireRequest;
  response: WireResponse;
  /** OTP token, image, tid, sid, order id or login code it is about. */
  subjects: string[];
}

const KEPT = 500;

/** What merchants asked of the parts that the simulator plays. */
@Injectable()
export class Traffic {
  private recent: Exchange[] = [];
  private readonly listeners = new Set<(exchange: Exchange) => void>();

  record(exchange: Exchange): void {
    this.recent.push(exchange);
    if (this.recent.length > KEPT) this.recent = this.recent.slice(-KEPT);
    for (const tell of this.listeners) tell(exchange);
  }

  list(): Exchange[] {
    return this.recent;
  }

  clear(): void {
    this.recent = [];
  }

  /** @returns the function that ends it. */
  listen(tell: (exchange: Exchange) => void): () => void {
    this.listeners.add(tell);
    return () => void this.listeners.delete(tell);
  }
}
