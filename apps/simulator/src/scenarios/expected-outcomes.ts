import type { Run } from './run';
import type { ScenarioFault, ScenarioKind } from './scenario-kinds';

const BEST: Record<ScenarioKind, string> = {
  profile: 'delivered',
  location: 'delivered',
  image: 'delivered',
  option: 'chosen',
  payment: 'paid',
  subscription: 'paid',
  sync: 'joined',
  chain: 'paid',
};

/** Faults that change how a scenario may end; all others must be survived. */
const WITH_FAULT: Partial<Record<ScenarioFault, string[]>> = {
  'otp-expired': ['not-redeemed'],
  'otp-4xx': ['not-redeemed'],
  'otp-garbage': ['delivered', 'not-redeemed', 'not-downloaded'],
  'image-expired': ['not-downloaded'],
  'image-wrong-type': ['not-downloaded', 'delivered'],
  'image-too-large': ['not-downloaded', 'delivered'],
  'no-user': ['refused-400'],
  'user-quits': ['cancelled'],
  'user-fails': ['failed', 'cancelled'],
  'approve-refused': ['failed'],
  't3-lost': ['waiting', 'failed', 'cancelled'],
  't3-forged': ['waiting', 'failed'],
  'tid-expired': ['failed', 'waiting', 'cancelled'],
  'user-denies': ['denied'],
  'code-expired': ['not-joined'],
  'token-slow': ['joined'],
  'token-5xx': ['joined', 'not-joined', 'refused-500'],
  'token-drop-before': ['joined', 'not-joined', 'refused-500'],
  'token-drop-after': ['joined', 'refused-500'],
  'me-5xx': ['joined', 'refused-500'],
  'me-drop-before': ['joined', 'refused-500'],
  'terms-5xx': ['joined', 'refused-500'],
};

/** How a scenario may end, given what goes wrong in it. */
export function expectedOutcomes(run: Run): string[] {
  const changed = run.faultNames.flatMap((fault) => WITH_FAULT[fault as ScenarioFault] ?? []);
  // The option plugin may work without a known user (guide 5.2: 동의 없으면 전달 안됨).
  if (run.kind === 'option' && changed.length > 0) return [...changed, BEST.option];
  if (changed.length > 0) return changed;
  if ((run.options as { shape?: string }).shape === 'unavailable') return ['unavailable'];
  const steps = (run.options as { steps?: string[] }).steps ?? [];
  if (run.kind === 'sync' && steps.includes('unlink')) return ['unlinked'];
  return [BEST[run.kind]];
}
