import { Inject, Injectable } from '@nestjs/common';
import type { DynamicModule, Type } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { Clock, ConfigError, ENVIRONMENT, isProduction, KakaoOrigins } from '@biz/platform';
import type { Environment } from '@biz/platform';
import { checkMerchants } from '../definition/check-merchant';
import type { MerchantDefinition } from '../definition/merchant-definition';
import { readMerchantsFile } from '../definition/merchants-file';
import { EndpointPorts } from '../endpoints/endpoint-ports';
import { CheckedPorts } from '../ports/checked-ports';
import { webhookProblem } from '../deliveries/webhook-gate';
import { readSecrets, sharedSecrets, variableOf, withSecretsFile } from './merchant-secrets';
import type { Merchant, Port } from './merchant';
import { collidingPathKeys, pathKeyProblem } from './path-keys';
import type { PathKeyKind } from './path-keys';

export const MERCHANT_DEFINITIONS = Symbol('MERCHANT_DEFINITIONS');

const DEFAULT_MERCHANT = 'demo-shop';

/**
 * Every merchant of the list and of MERCHANTS_FILE with its secrets, and one line for everything that is wrong with them.
 */
export function readMerchants(
  listed: readonly MerchantDefinition[],
  environment: Environment,
  origins: KakaoOrigins,
): { all: Merchant[]; problems: string[]; env: Environment } {
  const env = withSecretsFile(environment);
  const file = readMerchantsFile(env);
  const definitions = [...listed, ...file.definitions];
  const problems = [...file.problems, ...checkMerchants(definitions)];
  const ids = definitions.map(({ id }) => id);
  const production = isProduction(env);
  const all = definitions.map((definition) => {
    const { secrets, problems: wrong } = readSecrets(definition, env, origins.simulator);
    problems.push(...wrong);
    const wrongKey = pathKeyProblem(secrets.pathKey, { id: definition.id, ids, production });
    if (wrongKey) problems.push(`${variableOf(definition.id, 'PATH_KEY')}: ${wrongKey}`);
    const webhook = secrets.webhookUrl && webhookProblem(secrets.webhookUrl, env, origins);
    if (webhook) problems.push(`${variableOf(definition.id, 'WEBHOOK_URL')}: ${webhook}`);
    for (const [endpoint, url] of Object.entries(definition.endpoints ?? {}) as [string, string][]) {
      const problem = webhookProblem(url, env, origins);
      if (problem) problems.push(`merchant ${definition.id}: endpoints.${endpoint}: ${problem}`);
    }
    return { ...definition, secrets };
  });
  const keys = all.map(({ id, secrets }) => ({ name: variableOf(id, 'PATH_KEY'), ...secrets }));
  problems.push(...collidingPathKeys(keys));
  return { all, problems, env };
}

/**
 * The merchants of this deployment.
 *
 * @throws ConfigError at start-up, with every broken limit of the guide (0.5) and every missing secret
 */
@Injectable()
export class Merchants {
  readonly all: readonly Merchant[];
  /** Whom the guide's own paths belong to. */
  readonly default: Merchant;
  private readonly byId: ReadonlyMap<string, Merchant>;
  private readonly checked: CheckedPorts;
  private readonly byKey: Record<PathKeyKind, ReadonlyMap<string, Merchant>>;

  constructor(
    @Inject(MERCHANT_DEFINITIONS) listed: readonly MerchantDefinition[],
    @Inject(ENVIRONMENT) environment: Environment,
    origins: KakaoOrigins,
    private readonly modules: ModulesContainer,
    private readonly endpoints: EndpointPorts,
    clock: Clock,
  ) {
    this.checked = new CheckedPorts(clock);
    const { all, problems, env } = readMerchants(listed, environment, origins);
    this.all = all;
    this.byId = new Map(this.all.map((merchant) => [merchant.id, merchant]));
    this.byKey = {
      server: new Map(this.all.map((merchant) => [merchant.secrets.pathKey, merchant])),
      customer: new Map(this.all.map((merchant) => [merchant.secrets.customerPathKey, merchant])),
    };
    for (const merchant of this.all) {
      const live = merchant.app.testOf === undefined ? undefined : this.byId.get(merchant.app.testOf);
      if (live) problems.push(...sharedSecrets(merchant, live));
    }
    const name = env.DEFAULT_MERCHANT ?? (this.byId.has(DEFAULT_MERCHANT) ? DEFAULT_MERCHANT : this.all[0]?.id);
    const standing = name === undefined ? undefined : this.byId.get(name);
    if (!standing) {
      problems.push(
        `DEFAULT_MERCHANT: found ${JSON.stringify(name)}; it must be one of ${[...this.byId.keys()].join(', ')}`,
      );
    }
    if (problems.length > 0 || !standing) throw new ConfigError(problems);
    this.default = standing;
  }

  /** @throws when rows name a merchant that is no longer listed in merchants/index.ts */
  get(id: string): Merchant {
    const merchant = this.byId.get(id);
    if (!merchant) throw new Error(`merchant ${id} is listed neither in merchants/index.ts nor in MERCHANTS_FILE`);
    return merchant;
  }

  /** @param kind a key of the other kind opens nothing */
  byPathKey(pathKey: string, kind: PathKeyKind): Merchant | undefined {
    return this.byKey[kind].get(pathKey);
  }

  /**
   * The merchant's own implementation of a port: what its module provides, else what its endpoints answer.
   *
   * Its answers are checked: a port throws ShopAnswerRefused instead of an answer that cannot be used.
   */
  port<T>(merchant: Merchant, port: Port<T>): T | undefined {
    const own = this.portOfModule(merchant, port);
    if (own) return this.checked.of(merchant.id, port, own);
    const far = this.endpoints.port(merchant, port);
    return far && this.checked.of(merchant.id, port, far.port, far.endpoint);
  }

  private portOfModule<T>(merchant: Merchant, port: Port<T>): (T & object) | undefined {
    if (!merchant.module) return undefined;
    const metatype = moduleClass(merchant.module);
    for (const module of this.modules.values()) {
      if (module.metatype === metatype) return module.providers.get(port as Type)?.instance as (T & object) | undefined;
    }
    return undefined;
  }
}

const moduleClass = (module: Type | DynamicModule): Type => ('module' in module ? module.module : module);
