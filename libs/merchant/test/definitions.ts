import { AddressGate, KakaoOrigins, Outbound, readConfig } from '@biz/platform';
import type { ConfigError, Environment } from '@biz/platform';
import { defineMerchant, Merchants } from '@biz/merchant';
import type { MerchantDefinition, MerchantPlugins } from '@biz/merchant';
import { ManualClock } from '@biz/testing';
import { ModulesContainer } from '@nestjs/core';
import { EndpointPorts } from '../src/endpoints/endpoint-ports';

export const shop = (
  id: string,
  plugins: MerchantPlugins = {},
  environment: 'test' | 'live' = 'test',
): MerchantDefinition => defineMerchant({ id, name: id, app: { id: '249344', environment }, plugins });

export const start = (definitions: MerchantDefinition[], env: Environment = {}): Merchants =>
  new Merchants(
    definitions,
    env,
    readConfig(KakaoOrigins, env),
    new ModulesContainer(),
    new EndpointPorts(new Outbound(new AddressGate(() => false)), new ManualClock()),
    new ManualClock(),
  );

export const problems = (definitions: MerchantDefinition[], env: Environment = {}): string => {
  try {
    start(definitions, env);
    return '';
  } catch (error) {
    return (error as ConfigError).problems.join('\n');
  }
};

export const PAYMENT = { payment: { api: 'legacy' } } as const;
