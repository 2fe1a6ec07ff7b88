import { createHmac } from 'node:crypto';

const CONTEXT = 'biz-plugin-platform customer path key';
const LENGTH = 32;

/**
 * The key in the addresses that a customer's device opens, derived one way from the path key: a person who reads it in
 * a phone, a proxy or a browser's history learns nothing of the addresses that Kakao's servers call.
 */
export const customerPathKeyOf = (pathKey: string): string =>
  createHmac('sha256', pathKey).update(CONTEXT).digest('hex').slice(0, LENGTH);
