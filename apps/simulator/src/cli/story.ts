import type { ScenarioShown, StepShown } from '../scenarios/scenario-shown.dto';

const NAMES: Record<string, string> = {
  user: '사용자',
  talk: '카카오톡',
  plugin: '플러그인',
  kakao: '카카오',
  kakaopay: '카카오페이',
  cdn: '카카오 이미지',
  merchant: '가맹점',
  shop: '가맹점 수신함',
};

/** Colours for a terminal, none when the output is a file. */
const colour =
  (code: number) =>
  (text: string): string =>
    process.stdout.isTTY ? `\u001b[${code}m${text}\u001b[0m` : text;
export const paint = { good: colour(32), bad: colour(31), warn: colour(33), dim: colour(2), bold: colour(1) };

/** A timeline as a person reads it: who called whom, what came back, what is wrong. */
export function tell(scenario: ScenarioShown): string {
  const { verdict, timeline } = scenario;
  const lines = timeline.flatMap(tellStep);
  const all = [...(verdict?.violations ?? []), ...(verdict?.warnings ?? [])];
  const findings = all.map(({ rule, severity, message, step }) => {
    const mark = severity === 'violation' ? paint.bad('✕ violation') : paint.warn('! warning');
    return `  ${mark} ${paint.bold(rule)} ${message}${step ? paint.dim(` (step ${step})`) : ''}`;
  });
  return [...lines, '', ...findings, tellVerdict(scenario)].join('\n');
}

export function tellVerdict({ verdict, facts }: ScenarioShown): string {
  const { total, kept } = facts as { total?: number; kept?: number };
  const money = total === undefined ? '' : `, ${won(total)} asked, ${won(kept ?? 0)} kept by the shop`;
  return verdict?.ok
    ? paint.good(`✓ ${verdict.outcome}${money}; no violation`)
    : paint.bad(`✕ ${verdict?.outcome ?? 'running'}${money}; ${verdict?.violations.length ?? 0} violation(s)`);
}

export const won = (amount: number): string => `${amount.toLocaleString('en-US')} won`;

function tellStep(step: StepShown): string[] {
  const { no, afterMs, from, to, what, times, findings } = step;
  const request = step.request as { method: string; url: string; body?: unknown };
  const response = step.response as { status?: number; failure?: string; body?: unknown; ms: number };
  const at = `${String(afterMs).padStart(6)} ms`;
  const head = `${paint.dim(at)} ${String(no).padStart(3)}  ${NAMES[from] ?? from} → ${NAMES[to] ?? to}  ${paint.bold(what)}`;
  if (!request.method) return [head];
  const answer = response.failure === undefined ? `HTTP ${response.status ?? '?'}` : paint.bad(response.failure);
  const repeated = times > 1 ? paint.dim(` ×${times}`) : '';
  return [
    `${head}${repeated}`,
    `                ${request.method} ${cut(request.url, 110)}`,
    ...(request.body === undefined ? [] : [paint.dim(`                ${cut(text(request.body), 110)}`)]),
    `                ${answer} ${paint.dim(`${response.ms} ms`)} ${cut(text(response.body), 100)}`,
    ...findings.map(({ message, severity }) =>
      severity === 'violation' ? paint.bad(`                ✕ ${message}`) : paint.warn(`                ! ${message}`),
    ),
  ];
}

const text = (value: unknown): string =>
  typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value);
export const cut = (line: string, most: number): string => (line.length > most ? `${line.slice(0, most)}…` : line);
