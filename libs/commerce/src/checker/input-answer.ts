import type { ProductGroup } from '../products/product.dto';

/** Why a text is no answer to an input group, in Korean for the customer; `undefined` when it is one. */
export function inputProblem(group: ProductGroup, answer: string): string | undefined {
  switch (group.kind) {
    case 'numbers':
      return numbersProblem(answer, group.minLength ?? 0, group.maxLength ?? Infinity);
    case 'integer':
      return integerProblem(answer, group.minValue ?? -Infinity, group.maxValue ?? Infinity);
    case 'date':
      return isRealDate(answer) ? undefined : '있는 날짜를 YYYYMMDD 8자리로 입력해 주세요.';
    default:
      return undefined;
  }
}

function numbersProblem(answer: string, min: number, max: number): string | undefined {
  if (/^[0-9]+$/.test(answer) && answer.length >= min && answer.length <= max) return undefined;
  return min === max ? `숫자 ${min}자리로 입력해 주세요.` : `숫자 ${min}~${max}자리로 입력해 주세요.`;
}

function integerProblem(answer: string, min: number, max: number): string | undefined {
  const value = /^-?[0-9]{1,15}$/.test(answer) ? Number(answer) : NaN;
  return value >= min && value <= max ? undefined : `${min}부터 ${max}까지의 숫자만 입력할 수 있습니다.`;
}

/** 20260229 is not: the calendar, not the pattern, decides. */
function isRealDate(answer: string): boolean {
  const [, year, month, day] = /^(\d{4})(\d{2})(\d{2})$/.exec(answer) ?? [];
  if (year === undefined || year === '0000') return false;
  const date = new Date(`${year}-${month ?? ''}-${day ?? ''}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(`${year}-${month ?? ''}-${day ?? ''}`);
}
