import type { MerchantDefinition } from '../definition/merchant-definition';

interface Given {
  restApiKey: string;
  clientSecret?: string;
  adminKey: string;
  paySecretKey?: string;
  cid?: string;
  subscriptionCid?: string;
  webhookSecrets: readonly string[];
}

const DEVELOPMENT_WEBHOOK_SECRET = `whsec_${Buffer.from('biz-plugin-platform development').toString('base64')}`;
/** The defaults of any merchant, so that one cannot be copied to another either. */
const DEVELOPMENT_KEY = /^(DEV)?[a-z0-9-]+-(rest-api-key|client-secret|admin-key|pay-secret-key)$/;
const DEVELOPMENT_CIDS: ReadonlySet<string> = new Set(['DEV0ONETIM', 'DEVSUBSCRI']);

/** Harmless values that make a merchant work against the simulator. They stand in this repository, so each is refused in production. */
export function developmentDefaults(
  { id, app, plugins }: MerchantDefinition,
  simulator: string,
): Record<string, string> {
  const [cid = '', subscriptionCid = ''] =
    app.environment === 'test' ? ['TC0ONETIME', 'TCSUBSCRIP'] : [...DEVELOPMENT_CIDS];
  // A definition that names the CID of subscriptions alone sells nothing else.
  const subscriptionsOnly = plugins.payment?.subscriptionCid !== undefined && plugins.payment.cid === undefined;
  return {
    REST_API_KEY: `${id}-rest-api-key`,
    CLIENT_SECRET: `${id}-client-secret`,
    ADMIN_KEY: `${id}-admin-key`,
    PAY_SECRET_KEY: `DEV${id}-pay-secret-key`,
    ...(!subscriptionsOnly && { CID: plugins.payment?.cid ?? cid }),
    SUBSCRIPTION_CID: plugins.payment?.subscriptionCid ?? subscriptionCid,
    PATH_KEY: id,
    WEBHOOK_URL: `${simulator}/shop/webhook`,
    WEBHOOK_SECRET: DEVELOPMENT_WEBHOOK_SECRET,
  };
}

/** @returns the variables that hold a development value, with what each is */
export function* publishedSecrets({ app }: MerchantDefinition, secrets: Given): Generator<[string, string]> {
  for (const [variable, value] of [
    ['REST_API_KEY', secrets.restApiKey],
    ['CLIENT_SECRET', secrets.clientSecret],
    ['ADMIN_KEY', secrets.adminKey],
    ['PAY_SECRET_KEY', secrets.paySecretKey],
  ] as const) {
    if (value && DEVELOPMENT_KEY.test(value)) yield [variable, 'the development value'];
  }
  // KakaoPay's own development keys begin so, too.
  if (
    app.environment === 'live' &&
    secrets.paySecretKey?.startsWith('DEV') &&
    !DEVELOPMENT_KEY.test(secrets.paySecretKey)
  )
    yield ['PAY_SECRET_KEY', 'a development key (DEV…) on a live app'];
  for (const [variable, cid] of [
    ['CID', secrets.cid],
    ['SUBSCRIPTION_CID', secrets.subscriptionCid],
  ] as const) {
    if (cid && DEVELOPMENT_CIDS.has(cid)) yield [variable, 'the development value'];
  }
  if (secrets.webhookSecrets.some((secret) => keyOf(secret) === keyOf(DEVELOPMENT_WEBHOOK_SECRET)))
    yield ['WEBHOOK_SECRET', 'the development secret'];
}

/** The key as it is used: the same bytes may be written with or without padding. */
const keyOf = (secret: string): string => webhookKey(secret).toString('hex');

/** The bytes that sign, of a secret of Standard Webhooks. */
export const webhookKey = (secret: string): Buffer => Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
