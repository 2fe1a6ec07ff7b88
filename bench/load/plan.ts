/** What one round asks of one server. */
export interface LoadPlan {
  port: number;
  connections: number;
  seconds: number;
  /** Requests a second, whatever the server does; without it each connection asks again once it was answered. */
  rate?: number;
  requests: Requests;
}

export type Requests =
  /** T4 of random pending orders among the first so many. */
  | { kind: 'status'; orders: number }
  /** T1 of a buyer nobody has seen, each time; numbered from here. */
  | { kind: 'sheet'; first: number; count: number }
  /** T2 of each order once, numbered from here. */
  | { kind: 'approve'; first: number; count: number }
  /** T3 of each order once, by these paths. */
  | { kind: 'paths'; paths: string[]; user?: string }
  /** A callback of each OTP once, numbered from here. */
  | { kind: 'callbacks'; origin: string; first: number; count: number; segment?: string }
  /** The same address each time. */
  | { kind: 'path'; path: string };

export interface LoadResult {
  /** Right answers. */
  answered: number;
  /** Everything else, and what the first of it was. */
  wrong: number;
  firstWrong?: string;
  seconds: number;
  /** Milliseconds; at a steady rate from the moment a request was due. */
  p50: number;
  p95: number;
  p99: number;
  max: number;
  /** How many requests were sent, so that the next round goes on behind them. */
  sent: number;
  /** A list that allows each request once came to its end. */
  ranOut: boolean;
  /** Share of a core the client itself used. */
  clientCpu: number;
}
