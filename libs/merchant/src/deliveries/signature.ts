import { Webhook } from 'standardwebhooks';
import type { MerchantSecrets } from '../registry/merchant-secrets';

/** Standard Webhooks: one signature for each secret that is in use. */
export function signedHeaders(
  { webhookSecrets }: Pick<MerchantSecrets, 'webhookSecrets'>,
  id: string,
  now: Date,
  body: string,
): Record<string, string> {
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
    'webhook-signature': webhookSecrets.map((secret) => new Webhook(secret).sign(id, now, body)).join(' '),
  };
}
