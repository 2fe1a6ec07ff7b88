import type { MerchantDefinition } from '../definition/merchant-definition';
import type { MerchantSecrets } from './merchant-secrets';

/** A merchant as it runs: its definition and its secrets. */
export interface Merchant extends MerchantDefinition {
  secrets: MerchantSecrets;
}

/** An abstract class that stands for a port: type and injection token in one. */
export type Port<T> = abstract new (...args: never[]) => T;
