import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { ConfigError, customerPathKeyOf, isProduction, textOf } from '@biz/platform';
import type { Environment } from '@biz/platform';
import type { MerchantDefinition } from '../definition/merchant-definition';
import { developmentDefaults, publishedSecrets, webhookKey } from './published-secrets';

/** What a merchant's servers and keys are called towards Kakao. Never logged, never in an error. */
export interface MerchantSecrets {
  restApiKey: string;
  clientSecret?: string;
  adminKey: string;
  /** KakaoPay's SECRET_KEY of the open API. */
  paySecretKey?: string;
  /** Ten characters. */
  cid?: string;
  subscriptionCid?: string;
  /** 24 of `[0-9a-z]`; each CID has its own. */
  cidSecret?: string;
  subscriptionCidSecret?: string;
  /** Unguessable part of the addresses that Kakao's servers call: `/m/{pathKey}/…`. */
  pathKey: string;
  /** The same of the addresses that a customer's device opens; derived from it, and of no use in its place. */
  customerPathKey: string;
  webhookUrl?: string;
  /** Newest first; two while a secret is rotated. */
  webhookSecrets: string[];
}

const WEBHOOK_SECRET = /^whsec_[A-Za-z0-9+/]+=*$/;
/** What Standard Webhooks asks of a key, in bytes. */
const WEBHOOK_KEY = { min: 24, max: 64 };

/** A contract with KakaoPay: a CID, and the secret that belongs to it. Of a CID that is no longer the merchant's no secret is known. */
export function contractOf(secrets: MerchantSecrets, cid: string): { cid: string; cidSecret?: string } {
  if (cid === secrets.cid) return { cid, ...(secrets.cidSecret && { cidSecret: secrets.cidSecret }) };
  const { subscriptionCid, subscriptionCidSecret } = secrets;
  return { cid, ...(cid === subscriptionCid && subscriptionCidSecret && { cidSecret: subscriptionCidSecret }) };
}

/** The variables of a merchant: `demo-shop` and `CID` make `DEMO_SHOP_CID`. */
export const variableOf = (merchantId: string, name: string): string =>
  `${merchantId.toUpperCase().replaceAll('-', '_')}_${name}`;

/** The environment with SECRETS_FILE, a file of `NAME=value` lines, below it. */
export function withSecretsFile(env: Environment): Environment {
  const path = env.SECRETS_FILE;
  if (!path) return env;
  try {
    return { ...parseEnv(textOf(readFileSync(path))), ...env };
  } catch {
    throw new ConfigError([
      `SECRETS_FILE: found ${JSON.stringify(path)}; it must be a readable file of NAME=value lines`,
    ]);
  }
}

/** @returns the secrets, and one line for each variable that is missing or wrong, never its value */
export function readSecrets(
  definition: MerchantDefinition,
  env: Environment,
  simulator: string | undefined,
): { secrets: MerchantSecrets; problems: string[] } {
  const defaults = simulator === undefined ? {} : developmentDefaults(definition, simulator);
  const read = (name: string): string | undefined => env[variableOf(definition.id, name)] ?? defaults[name];
  const pathKey = read('PATH_KEY') ?? '';
  const secrets: MerchantSecrets = {
    restApiKey: read('REST_API_KEY') ?? '',
    clientSecret: read('CLIENT_SECRET'),
    adminKey: read('ADMIN_KEY') ?? '',
    paySecretKey: read('PAY_SECRET_KEY'),
    cid: read('CID') ?? definition.plugins.payment?.cid,
    subscriptionCid: read('SUBSCRIPTION_CID') ?? definition.plugins.payment?.subscriptionCid,
    cidSecret: read('CID_SECRET'),
    subscriptionCidSecret: read('SUBSCRIPTION_CID_SECRET'),
    pathKey,
    customerPathKey: customerPathKeyOf(pathKey),
    webhookUrl: read('WEBHOOK_URL'),
    webhookSecrets: (read('WEBHOOK_SECRET') ?? '').split(/[\s,]+/).filter((secret) => secret !== ''),
  };
  return { secrets, problems: [...problemsOf(definition, secrets, isProduction(env))] };
}

function* problemsOf(definition: MerchantDefinition, secrets: MerchantSecrets, production: boolean): Generator<string> {
  const { id, app, plugins, endpoints } = definition;
  const name = (variable: string): string => variableOf(id, variable);
  if (!secrets.restApiKey) yield `${name('REST_API_KEY')}: found nothing; it must be the REST API key of the Kakao app`;
  if ((plugins.sync !== undefined || plugins.payment?.api === 'legacy') && !secrets.adminKey) {
    yield `${name('ADMIN_KEY')}: found nothing; Kakao Sync and the legacy KakaoPay API need the admin key`;
  }
  if (plugins.payment?.api === 'open' && !secrets.paySecretKey) {
    yield `${name('PAY_SECRET_KEY')}: found nothing; the open KakaoPay API needs its secret key`;
  }
  if (plugins.payment) {
    if (!secrets.cid && !secrets.subscriptionCid)
      yield `${name('CID')}: found nothing, nor in ${name('SUBSCRIPTION_CID')}; one of them must be the ten characters KakaoPay gave the shop`;
    for (const [variable, cid, secret] of [
      ['CID', secrets.cid, secrets.cidSecret],
      ['SUBSCRIPTION_CID', secrets.subscriptionCid, secrets.subscriptionCidSecret],
    ] as const) {
      if (secret && !/^[0-9a-z]{24}$/.test(secret)) {
        yield `${name(`${variable}_SECRET`)}: found a value of ${secret.length} characters; it must be 24 digits and lower-case letters`;
      }
      if (secret && !cid)
        yield `${name(`${variable}_SECRET`)}: found a value, but no ${name(variable)} that it belongs to`;
      if (!cid) continue;
      if (!/^[A-Za-z0-9]{10}$/.test(cid))
        yield `${name(variable)}: found a value of ${cid.length} characters; a CID has ten letters and digits`;
      const test = cid.startsWith('TC');
      if (test && app.environment === 'live')
        yield `${name(variable)}: found a test CID (TC…) on a live app; live payments would be play money`;
      if (!test && app.environment === 'test')
        yield `${name(variable)}: found a real CID on a test app; tests would charge customers`;
    }
    if (secrets.cid && secrets.cid === secrets.subscriptionCid && secrets.cidSecret !== secrets.subscriptionCidSecret)
      yield `${name('SUBSCRIPTION_CID_SECRET')}: found another value than ${name('CID_SECRET')}; both CIDs are one`;
  }
  if (secrets.webhookUrl && secrets.webhookSecrets.length === 0) {
    yield `${name('WEBHOOK_SECRET')}: found nothing; webhooks are signed, so ${name('WEBHOOK_URL')} needs it`;
  }
  if (endpoints && Object.keys(endpoints).length > 0 && secrets.webhookSecrets.length === 0) {
    yield `${name('WEBHOOK_SECRET')}: found nothing; the questions to its endpoints are signed with it`;
  }
  if (secrets.webhookSecrets.some((secret) => !WEBHOOK_SECRET.test(secret))) {
    yield `${name('WEBHOOK_SECRET')}: found a value of another form; it must be whsec_ and base64`;
  } else {
    for (const { length } of secrets.webhookSecrets.map(webhookKey)) {
      if (length < WEBHOOK_KEY.min || length > WEBHOOK_KEY.max)
        yield `${name('WEBHOOK_SECRET')}: found a key of ${length} bytes; it must have ${WEBHOOK_KEY.min} to ${WEBHOOK_KEY.max} (openssl rand -base64 32)`;
    }
  }
  if (production) {
    for (const [variable, what] of publishedSecrets(definition, secrets))
      yield `${name(variable)}: found ${what}; production needs its own`;
  }
}

/** What test and live app (guide 0.7) must each have of their own: one of them in the other's hands would mix the two. */
const OWN: readonly [keyof MerchantSecrets, string][] = [
  ['restApiKey', 'REST_API_KEY'],
  ['clientSecret', 'CLIENT_SECRET'],
  ['adminKey', 'ADMIN_KEY'],
  ['paySecretKey', 'PAY_SECRET_KEY'],
  ['cidSecret', 'CID_SECRET'],
  ['subscriptionCidSecret', 'SUBSCRIPTION_CID_SECRET'],
];

/** One line for each key that a test app shares with its live app. */
export function sharedSecrets(test: { id: string; secrets: MerchantSecrets }, live: typeof test): string[] {
  return OWN.filter(([key]) => Boolean(test.secrets[key]) && test.secrets[key] === live.secrets[key]).map(
    ([, name]) =>
      `${variableOf(test.id, name)}: found the value of ${variableOf(live.id, name)}; a test app has keys of its own (guide 0.7)`,
  );
}
