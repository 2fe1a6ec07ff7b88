/** Something a merchant's answer has wrong. */
export interface Finding {
  /** Name of the rule, stable. */
  rule: string;
  /** `violation`: Kakao's guide says otherwise. `warning`: allowed, but a user may notice. */
  severity: 'violation' | 'warning';
  /** What is wrong, with the guide's section. */
  message: string;
}

export const violation = (rule: string, message: string): Finding => ({ rule, severity: 'violation', message });
export const warning = (rule: string, message: string): Finding => ({ rule, severity: 'warning', message });

/** A value for a message, cut. */
export function shown(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
