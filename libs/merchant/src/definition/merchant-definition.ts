import type { Product } from '@biz/commerce';
import type { DynamicModule, Type } from '@nestjs/common';

/** What a profile plugin may ask for (guide 1.1). Several profile plugins of one app must not share a scope. */
export const PROFILE_SCOPES = [
  'nickname',
  'profile_image_url',
  'phone_number',
  'email',
  'shipping_address',
  'age_range',
  'birthyear',
  'birthday',
  'gender',
] as const;
export type ProfileScope = (typeof PROFILE_SCOPES)[number];

export const PLUGIN_KINDS = ['profile', 'location', 'image', 'option', 'payment', 'sync'] as const;
export type PluginKind = (typeof PLUGIN_KINDS)[number];

/** What every plugin may say about the relay id (용도 ID) of the calls it gets. */
export interface RelayedPlugin {
  /**
   * `required`: only calls whose relay id the platform issued for this plugin, in time, are served.
   * `optional`, and when it is left out: others are served too, and marked.
   */
  relayId?: 'required' | 'optional';
}

/** What every plugin that collects personal data tells the customer. */
export interface CollectingPlugin extends RelayedPlugin {
  /** 이용목적, as shown to the customer. */
  purpose?: string;
  /** 보유기간 in days. 0, and when it is left out: consent is for one time, so all is erased as soon as the shop has it. */
  retainDays?: number;
}

export interface ProfilePlugin extends CollectingPlugin {
  /** Last segment of its callback address: `/callback/{key}`. */
  key: string;
  scopes: readonly ProfileScope[];
}

export interface ImagePlugin extends CollectingPlugin {
  key: string;
}

export interface PaymentPlugin extends RelayedPlugin {
  /** Which generation of KakaoPay's API approves the payments of this plugin. */
  api: 'legacy' | 'open';
  /** How `approval_url` is handed to Kakao (guide 6.2.1, approval_url 참고사항); `wrapped` needs no KakaoPay ACL. */
  approvalUrl?: 'direct' | 'wrapped' | 'wrapped-twice';
  /** CID of single payments; `{MERCHANT}_CID` in the environment wins. */
  cid?: string;
  /** CID of subscriptions (정기결제); `{MERCHANT}_SUBSCRIPTION_CID` in the environment wins. */
  subscriptionCid?: string;
}

export interface OptionPlugin extends RelayedPlugin {
  kind: 'commerce' | 'non-commerce';
}

export interface SyncPlugin extends RelayedPlugin {
  /** Keep the member's Kakao tokens, sealed, for calls of the shop's own; they are thrown away unless asked for. */
  keepTokens?: boolean;
}

/** The plugins of one merchant; leave out what it does not use. The limits are the guide's (0.5). */
export interface MerchantPlugins {
  profile?: readonly ProfilePlugin[];
  location?: CollectingPlugin;
  image?: readonly ImagePlugin[];
  option?: OptionPlugin;
  payment?: PaymentPlugin;
  sync?: SyncPlugin;
}

export interface MerchantDefinition {
  /** Lower case with dashes; also the prefix of its environment variables: `demo-shop` → `DEMO_SHOP_…`. */
  id: string;
  /** The shop's name as customers know it. */
  name: string;
  /** The Kakao Developers app; a test app (guide 0.7) takes test CIDs only, a live app none. */
  app: { id: string; environment: 'test' | 'live' };
  plugins: MerchantPlugins;
  /** Its goods, added to the commerce tables when they are not there yet; from then on the operator API changes them. */
  catalogue?: readonly Product[];
  /** Its ports, as providers of an ordinary Nest module. Without it webhooks and the commerce tables do the work. */
  module?: Type | DynamicModule;
}

/** Declares a merchant. It is checked when an app starts, all problems at once. */
export const defineMerchant = (definition: MerchantDefinition): MerchantDefinition => definition;
