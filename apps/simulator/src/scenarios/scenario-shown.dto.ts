import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

/** Something found wrong, and where. */
export class FindingShown {
  /** Name of the rule. */
  rule: string;

  /** violation: the guide says otherwise. warning: allowed, but a user may notice. */
  @ApiProperty({ enum: ['violation', 'warning'] })
  severity: 'violation' | 'warning';

  /** What is wrong. */
  message: string;

  /** Number of the step; 0 is the scenario as a whole. */
  step: number;
}

/** The judgement. */
export class Verdict {
  /** No violation. */
  ok: boolean;

  /** How it ended: delivered, unavailable, not-redeemed, chosen, paid, failed, cancelled, waiting, joined, refused-{status}, broken. */
  outcome: string;

  /** What is wrong. */
  @ApiProperty({ type: () => [FindingShown] })
  violations: FindingShown[];

  /** What a user may notice. */
  @ApiProperty({ type: () => [FindingShown] })
  warnings: FindingShown[];
}

/** One request and its answer, or a note. */
export class StepShown {
  /** Number, from 1. */
  no: number;

  /** When (UTC). */
  at: Date;

  /** Milliseconds since the scenario began. */
  afterMs: number;

  /** Who calls: user, talk, plugin, merchant, kakaopay, kakao. */
  from: string;

  /** Who answers. */
  to: string;

  /** What the call is, in the guide's words. */
  what: string;

  /** method, url, headers that matter, body. */
  @ApiProperty({ type: 'object', additionalProperties: true })
  request: Record<string, unknown>;

  /** status, headers that matter, body, ms; failure when there was no answer. */
  @ApiProperty({ type: 'object', additionalProperties: true })
  response: Record<string, unknown>;

  /** How often it was repeated with the same answer (T4 polls). */
  times: number;

  /** What is wrong with it. */
  @ApiProperty({ type: () => [FindingShown] })
  findings: FindingShown[];
}

/** A scenario and its timeline. */
export class ScenarioShown {
  /** For GET /scenarios/{id}. */
  id: string;

  /** Which plugin. */
  kind: string;

  /** running or done. */
  @ApiProperty({ enum: ['running', 'done'] })
  state: 'running' | 'done';

  /** When it began (UTC). */
  startedAt: Date;

  /** When it ended (UTC). */
  endedAt?: Date;

  /** What it was told. */
  @ApiProperty({ type: 'object', additionalProperties: true })
  options: Record<string, unknown>;

  /** The judgement, once done. */
  @ApiPropertyOptional({ type: () => Verdict })
  verdict?: Verdict;

  /** What was learned: relayId, otp, tid, partnerOrderId, draftId, amounts. */
  @ApiProperty({ type: 'object', additionalProperties: true })
  facts: Record<string, unknown>;

  /** Every call, in order. */
  @ApiProperty({ type: () => [StepShown] })
  timeline: StepShown[];
}

/** A page of scenarios. */
export class ScenarioList {
  /** Newest first, without their timelines. */
  @ApiProperty({ type: () => [ScenarioShown] })
  items: ScenarioShown[];
}
