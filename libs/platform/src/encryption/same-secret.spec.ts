import { sameSecret } from './same-secret';

describe('sameSecret', () => {
  it('tells equal texts from any others, of any length and any characters', () => {
    expect(sameSecret('한글 secret', '한글 secret')).toBe(true);
    for (const other of ['', 's', 'secrets', 'Secret', '~~~~~~', '한글한글한글', '\u0000ecret', '\ud800', 'secret\n']) {
      expect(sameSecret(other, 'secret')).toBe(false);
      expect(sameSecret('secret', other)).toBe(false);
    }
  });

  it('says no to a missing text, also when both are missing, and to a list', () => {
    expect(sameSecret(undefined, 'secret')).toBe(false);
    expect(sameSecret('secret', undefined)).toBe(false);
    expect(sameSecret(undefined, undefined)).toBe(false);
    expect(sameSecret(['secret'] as unknown as string, 'secret')).toBe(false);
  });
});
