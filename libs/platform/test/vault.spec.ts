import { EncryptionConfig, readConfig, Vault } from '@biz/platform';
import { compactDecrypt, CompactEncrypt, decodeProtectedHeader } from 'jose';

const key = (id: string, fill: number): string => `${id}:${Buffer.alloc(32, fill).toString('base64')}`;
const vault = (...keys: string[]): Vault =>
  new Vault(readConfig(EncryptionConfig, { DATA_ENCRYPTION_KEYS: keys.join(',') }));

describe('Vault', () => {
  const old = vault(key('2025', 1));
  const rotated = vault(key('2026', 2), key('2025', 1));

  it('opens what it sealed and names the key in the value', async () => {
    const sealed = await old.seal('010-1234-5678', 'capture.raw');
    expect(sealed).not.toContain('1234');
    expect(decodeProtectedHeader(sealed)).toEqual({ alg: 'dir', enc: 'A256GCM', kid: '2025', ctx: 'capture.raw' });
    await expect(old.open(sealed, 'capture.raw')).resolves.toBe('010-1234-5678');
  });

  it('writes JWEs that any other implementation opens, and opens theirs', async () => {
    const secret = new Uint8Array(32).fill(1);
    const { plaintext } = await compactDecrypt(await old.seal('홍길동', 'x'), secret);
    expect(new TextDecoder().decode(plaintext)).toBe('홍길동');
    const theirs = await new CompactEncrypt(new TextEncoder().encode('성춘향'))
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid: '2025', ctx: 'x' })
      .encrypt(secret);
    await expect(old.open(theirs, 'x')).resolves.toBe('성춘향');
  });

  it('opens nothing whose tag was cut, whose header was changed, or that is no JWE of this kind', async () => {
    const sealed = await old.seal('secret', 'x');
    const [header, , iv, text, tag] = sealed.split('.') as [string, string, string, string, string];
    const other = Buffer.from(JSON.stringify({ alg: 'dir', enc: 'A256GCM', kid: '2025', ctx: 'y' })).toString(
      'base64url',
    );
    const foreign = Buffer.from(JSON.stringify({ alg: 'dir', enc: 'A128GCM', kid: '2025', ctx: 'x' })).toString(
      'base64url',
    );
    for (const [wrong, context] of [
      [[header, '', iv, text, tag.slice(0, 6)], 'x'],
      [[header, '', iv.slice(0, 8), text, tag], 'x'],
      [[header, 'key', iv, text, tag], 'x'],
      [[header, '', iv, text, tag, 'more'], 'x'],
      [[other, '', iv, text, tag], 'y'],
      [[foreign, '', iv, text, tag], 'x'],
    ] as const) {
      await expect(old.open(wrong.join('.'), context)).rejects.toThrow();
    }
  });

  it('seals the same text differently each time', async () => {
    expect(await old.seal('a', 'x')).not.toBe(await old.seal('a', 'x'));
  });

  it('refuses a value of another context, an altered one, and one whose key is gone', async () => {
    const sealed = await old.seal('secret', 'payment.sid');
    await expect(old.open(sealed, 'capture.raw')).rejects.toThrow('another context');
    const altered = sealed.slice(0, -30) + (sealed.at(-30) === 'A' ? 'B' : 'A') + sealed.slice(-29);
    await expect(old.open(altered, 'payment.sid')).rejects.toThrow();
    await expect(vault(key('2027', 3)).open(sealed, 'payment.sid')).rejects.toThrow(
      '"2025" is not in DATA_ENCRYPTION_KEYS',
    );
  });

  it('reseals old values with the newest key and leaves newer ones alone', async () => {
    const sealed = await old.seal('sid', 'payment.sid');
    const resealed = await rotated.reseal(sealed);
    expect(decodeProtectedHeader(resealed ?? '')).toMatchObject({ kid: '2026' });
    await expect(rotated.open(resealed ?? '', 'payment.sid')).resolves.toBe('sid');
    await expect(rotated.reseal(resealed ?? '')).resolves.toBeUndefined();
  });

  it('opens what any instance seals, and finds it by fingerprint, at each step of a change of keys', async () => {
    const both = [key('2026', 2), key('2025', 1)].join(',');
    const stepOne = { DATA_ENCRYPTION_KEYS: both, DATA_ENCRYPTION_SEAL_WITH: '2025' };
    const [before, one, two] = [{ DATA_ENCRYPTION_KEYS: key('2025', 1) }, stepOne, { DATA_ENCRYPTION_KEYS: both }].map(
      (env) => new Vault(readConfig(EncryptionConfig, env)),
    ) as [Vault, Vault, Vault];
    // Instances start one after another, so those of two steps run side by side.
    for (const [here, there] of [
      [before, one],
      [one, before],
      [one, two],
      [two, one],
    ] as const) {
      expect(await there.open(await here.seal('홍길동', 'x'), 'x')).toBe('홍길동');
      expect(there.openShort(here.sealShort(Buffer.from('relay'), 'relay'), 'relay')?.toString()).toBe('relay');
      expect(there.fingerprint('otp', 'a')).toBe(here.fingerprint('otp', 'a'));
    }
    expect(decodeProtectedHeader(await one.seal('a', 'x')).kid).toBe('2025');
    expect(decodeProtectedHeader(await two.seal('a', 'x')).kid).toBe('2026');
  });

  it('finds equal values by fingerprint, also after a key was added', () => {
    expect(rotated.fingerprint('otp', 'a')).toBe(old.fingerprint('otp', 'a'));
    expect(old.fingerprint('otp', 'a')).not.toBe(old.fingerprint('otp', 'b'));
    expect(vault(key('2025', 9)).fingerprint('otp', 'a')).not.toBe(old.fingerprint('otp', 'a'));
  });
});
