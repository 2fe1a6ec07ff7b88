import { isVisibleLine, isWebAddress } from '@biz/platform';
import { type Finding, shown, violation } from './violation';

type Fields = Record<string, unknown>;

interface TextRules {
  optional?: boolean;
  max?: number;
  form?: RegExp;
  url?: boolean;
  /** People read it. */
  line?: boolean;
  /** People are led to it. */
  web?: boolean;
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Checks the fields of one object against a table of the guide. */
export class FieldCheck {
  readonly findings: Finding[] = [];

  constructor(
    private readonly fields: Fields,
    /** Where the object stands, such as `data.order_agreements[0]`. */
    private readonly path: string,
    /** Section of the guide. */
    private readonly section: string,
  ) {}

  /** @param rules required unless `optional`; text is as long as `max` at most and matches `form` */
  text(name: string, rules: TextRules = {}): this {
    const value = this.present(name, rules.optional);
    if (value === undefined) return this;
    if (typeof value !== 'string') return this.report('type', name, `must be a String, found ${shown(value)}`);
    if (value === '' && !rules.optional) this.report('required', name, 'is empty');
    if (rules.max !== undefined && value.length > rules.max) {
      this.report('length', name, `has ${value.length} characters, ${rules.max} are allowed`);
    }
    if (rules.form && !rules.form.test(value)) this.report('form', name, `found ${shown(value)}`);
    if (rules.line && !isVisibleLine(value))
      this.report('form', name, 'is not one visible line in composed form (NFC)');
    if (rules.web && !isWebAddress(value)) this.report('form', name, 'is no https address of 255 characters at most');
    if (rules.url && !URL.canParse(value)) this.report('form', name, `is no URL: ${shown(value)}`);
    return this;
  }

  int(name: string, rules: { optional?: boolean; min?: number } = {}): this {
    const value = this.present(name, rules.optional);
    if (value === undefined) return this;
    if (!Number.isInteger(value)) {
      const hint = typeof value === 'string' ? ' (a number in quotes is no Integer)' : '';
      return this.report('type', name, `must be an Integer, found ${shown(value)}${hint}`);
    }
    if (rules.min !== undefined && (value as number) < rules.min) {
      this.report('range', name, `must be ${rules.min} or more, found ${shown(value)}`);
    }
    return this;
  }

  boolean(name: string, rules: { optional?: boolean } = {}): this {
    const value = this.present(name, rules.optional);
    if (value !== undefined && typeof value !== 'boolean') {
      this.report('type', name, `must be a boolean, found ${shown(value)}`);
    }
    return this;
  }

  /** @returns the entries, none when it is no list */
  list(name: string, rules: { optional?: boolean; min?: number } = {}): unknown[] {
    const value = this.present(name, rules.optional);
    if (value === undefined) return [];
    if (!Array.isArray(value)) {
      this.report('type', name, `must be a List, found ${shown(value)}`);
      return [];
    }
    if (rules.min !== undefined && value.length < rules.min) this.report('required', name, 'is empty');
    return value;
  }

  report(rule: string, name: string, problem: string): this {
    this.findings.push(violation(rule, `${this.path}.${name} ${problem} (guide ${this.section})`));
    return this;
  }

  private present(name: string, optional = false): unknown {
    const value = this.fields[name];
    if (value === null) {
      this.report('null', name, 'is null; an absent field is left out');
      return undefined;
    }
    if (value === undefined && !optional) this.report('required', name, 'is missing');
    return value;
  }
}
