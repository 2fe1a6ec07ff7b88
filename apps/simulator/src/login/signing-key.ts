import { Injectable } from '@nestjs/common';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';

interface Key {
  kid: string;
  secret: CryptoKey;
  open: JWK;
}

/** Kakao's keys for signed events (SET): RS256, published at `/.well-known/jwks.json`. */
@Injectable()
export class SigningKeys {
  private keys: Promise<Key>[] = [];

  async jwks(): Promise<{ keys: JWK[] }> {
    await this.newest();
    return { keys: (await Promise.all(this.keys)).map((key) => key.open) };
  }

  /** A security event token as compact text. `foreign` signs with a key nobody publishes. */
  async sign(payload: Record<string, unknown>, { foreign = false } = {}): Promise<string> {
    const { kid } = await this.newest();
    const { secret } = foreign ? await make('foreign') : await this.newest();
    return new SignJWT(payload).setProtectedHeader({ alg: 'RS256', typ: 'secevent+jwt', kid }).sign(secret);
  }

  /** From now on another key signs; the old one stays published. */
  async rotate(): Promise<string> {
    this.keys = [make(`sim-${Date.now()}-${this.keys.length}`), ...this.keys.slice(0, 3)];
    return (await this.newest()).kid;
  }

  private newest(): Promise<Key> {
    const [key = make('sim-1')] = this.keys;
    if (this.keys.length === 0) this.keys = [key];
    return key;
  }
}

async function make(kid: string): Promise<Key> {
  const { privateKey, publicKey } = await generateKeyPair('RS256');
  return { kid, secret: privateKey, open: { ...(await exportJWK(publicKey)), kid, alg: 'RS256', use: 'sig' } };
}
