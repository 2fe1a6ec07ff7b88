import { Injectable } from '@nestjs/common';
import { Addresses, Clock, sameSecret, Vault } from '@biz/platform';
import { ImageConfig } from '../store/image-store.config';

const CONTEXT = 'capture.file-link';
/** Seconds since 1970, of this and the next few centuries. */
const EXPIRES = /^[1-9]\d{9,10}$/;

export interface FileLink {
  href: string;
  /** When it stops working. */
  hrefExpiresAt: string;
}

/** Links by which a shop reads a file without the operator token, for a short while. */
@Injectable()
export class FileLinks {
  constructor(
    private readonly vault: Vault,
    private readonly clock: Clock,
    private readonly addresses: Addresses,
    private readonly config: ImageConfig,
  ) {}

  /** A link that works from now on. */
  make(fileId: string): FileLink {
    const seconds = Math.floor(this.clock.now().getTime() / 1000) + this.config.linkSeconds;
    const query = new URLSearchParams({ expires: String(seconds), signature: this.sign(fileId, String(seconds)) });
    return {
      href: `${this.addresses.baseUrl('image')}/files/${fileId}?${query.toString()}`,
      hrefExpiresAt: new Date(seconds * 1000).toISOString(),
    };
  }

  /** Whether we made this link, and whether it still works; an old link of ours is told from a forged one. */
  judge(fileId: string, expires: string, signature: string): 'valid' | 'expired' | 'forged' {
    if (!EXPIRES.test(expires) || !sameSecret(signature, this.sign(fileId, expires))) return 'forged';
    return this.clock.now().getTime() < Number(expires) * 1000 ? 'valid' : 'expired';
  }

  private sign(fileId: string, expires: string): string {
    return this.vault.fingerprint(`${fileId}\0${expires}`, CONTEXT);
  }
}
