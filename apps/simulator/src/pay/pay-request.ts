import { PayError } from './pay-error';

/** A request body of either generation: form fields are text, JSON fields may be numbers. */
export class PayRequest {
  constructor(private readonly fields: Record<string, unknown>) {}

  /** @throws PayError −2 when missing or too long */
  text(name: string, max: number): string {
    const value = this.optionalText(name, max);
    if (value === undefined) throw new PayError(-2, undefined, `${name} is required`);
    return value;
  }

  optionalText(name: string, max: number): string | undefined {
    const value = this.fields[name];
    if (value === undefined || value === null || value === '') return undefined;
    if (typeof value !== 'string' && typeof value !== 'number') throw new PayError(-2, undefined, `${name} is no text`);
    const text = String(value);
    if (text.length > max) throw new PayError(-2, undefined, `${name} is longer than ${max}`);
    return text;
  }

  int(name: string): number {
    const value = this.optionalInt(name);
    if (value === undefined) throw new PayError(-2, undefined, `${name} is required`);
    return value;
  }

  optionalInt(name: string): number | undefined {
    const text = this.optionalText(name, 16);
    if (text === undefined) return undefined;
    if (!/^\d+$/.test(text)) throw new PayError(-2, undefined, `${name} is no whole number of won`);
    return Number(text);
  }
}
