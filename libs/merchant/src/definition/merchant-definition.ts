import type { Product } from '@biz/commerce';
import type { DynamicModule, Type } from '@nestjs/common';
import type { SchemaOwner } from '@biz/platform';

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

/** A plugin as it is registered in the 플러그인 관리자센터. */
export interface RegisteredPlugin {
  /** 플러그인 ID, 24 hex digits: what launch links and buttons name. Test and live app have one each. */
  pluginId?: string;
}

/** What every plugin may say about the relay id (용도 ID) of the calls it gets. */
export interface RelayedPlugin extends RegisteredPlugin {
  /**
   * `required`: only calls whose relay id the platform issued for this plugin, in time, are served.
   * `optional`, and when it is left out: others are served too, and marked.
   */
  relayId?: 'required' | 'optional';
}

/** What every plugin that collects personal data tells the customer. */
export interface CollectingPlugin extends RelayedPlugin {
  /** 플러그인 이름, as the customer sees it in the consent. */
  name?: string;
  /** 이용목적, as shown to the customer. */
  purpose?: string;
  /** 보유기간 in days. 0, and when it is left out: consent is for one time, so all is erased as soon as the shop has it (images: once their links have ended). */
  retainDays?: number;
  /** What a chat bot says when the plugin's result came to the skill server (`POST /skill/{plugin}`), in Korean. */
  skillText?: string;
}

export interface ProfilePlugin extends CollectingPlugin {
  /** Last segment of its callback address: `/callback/{key}`. */
  key: string;
  scopes: readonly ProfileScope[];
}

export interface LocationPlugin extends CollectingPlugin {
  /** 상세주소 사용 여부 (guide 3.3): OFF, and customers have no field for it, so `detail` is always absent. */
  detailAddress?: boolean;
}

export interface ImagePlugin extends CollectingPlugin {
  key: string;
  /** 이용항목, as shown to the customer: 신분증 사진. */
  items?: string;
  /** 추가입력 항목, as shown to the customer: a review number (심사필), for example. */
  notice?: string;
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
  /** Subscriptions are agreed on with Kakao before the work begins, and their opening four weeks ahead (guide 6.1). */
  subscriptionAgreement?: SubscriptionAgreement;
}

/** Days in Korea, YYYY-MM-DD. */
export interface SubscriptionAgreement {
  /** When the opening was agreed on. */
  agreedOn: string;
  /** 오픈일, four weeks later at the earliest. */
  opensOn: string;
}

export interface OptionPlugin extends RelayedPlugin {
  kind: OptionType;
  /** 보유기간 of what customers answer, in days after their draft was paid or expired: 1 at least, 30 when left out. */
  retainDays?: number;
}

export interface SyncPlugin extends RelayedPlugin {
  /** Keep the member's Kakao tokens, sealed, for calls of the shop's own; they are thrown away unless asked for. */
  keepTokens?: boolean;
  /** Consent items (동의항목) that a login started by `GET /start` asks for besides those set at Kakao. */
  scopes?: readonly string[];
  /** Tags of the service terms (서비스 약관) it asks for; all of the app's, unless said. */
  serviceTerms?: readonly string[];
  /** Where `MemberDirectory` may send a customer to say who they are (user_match_url): `https://shop.example`. Nowhere, unless said. */
  userMatchOrigin?: string;
}

/** The plugins of one merchant; leave out what it does not use. The limits are the guide's (0.5). */
export interface MerchantPlugins {
  profile?: readonly ProfilePlugin[];
  location?: LocationPlugin;
  image?: readonly ImagePlugin[];
  option?: OptionPlugin;
  payment?: PaymentPlugin;
  sync?: SyncPlugin;
}

/** 플러그인 신청 시나리오 (guide 9.1): 1 option, 2 sync + option, 3 sync + payment, 4 sync + option + payment. */
export const SCENARIOS = [1, 2, 3, 4] as const;
export type Scenario = (typeof SCENARIOS)[number];

/** 옵션타입 and 결제타입 of the application form. */
export const OPTION_TYPES = ['commerce', 'non-commerce'] as const;
export type OptionType = (typeof OPTION_TYPES)[number];
export const PAYMENT_TYPES = ['single', 'subscription'] as const;
export type PaymentType = (typeof PAYMENT_TYPES)[number];

/**
 * A plugin that is applied for by the form (신청양식, guide 9): option and payment, alone or in a task chain.
 *
 * A merchant may have several. Each has an id, a title and addresses of its own; what the merchant says in `plugins`
 * about option, payment and sync counts for all of them.
 */
export interface PluginRegistration extends RelayedPlugin {
  /** Last segment of its addresses: `/options/{key}`, `/ordersheet/{key}` … */
  key: string;
  scenario: Scenario;
  /** 플러그인 제목, 20 characters at most. */
  title: string;
  /** 옵션타입, in scenarios 1, 2 and 4; its addresses serve products of this kind only. */
  option?: OptionType;
  /** 결제타입, in scenarios 3 and 4; its addresses serve order sheets of this kind only. */
  payment?: PaymentType;
}

/**
 * Addresses of the shop's own servers that answer in place of ports, asked by signed POST (Standard Webhooks).
 *
 * A port of the merchant's module wins over its address.
 */
export interface ShopEndpoints {
  /** In place of `OrderSheetSource`. */
  orderSheets?: string;
  /** In place of `OrderPolicy`. */
  orderPolicy?: string;
  /** In place of `Fulfilment`. */
  fulfilment?: string;
  /** In place of `MemberDirectory`. */
  members?: string;
}

export interface KakaoApp {
  /** 앱 ID, digits. */
  id: string;
  /** A test app (guide 0.7) takes test CIDs only, a live app none. */
  environment: 'test' | 'live';
  /** Of a test app: the merchant that is its live app. The test merchant is then called `{live}-test`. */
  testOf?: string;
}

/** What a merchant may keep in the store of images unless its definition says otherwise: 10 GiB. */
export const IMAGE_QUOTA_BYTES = 10 * 1024 ** 3;

export interface MerchantDefinition {
  /** Lower case with dashes; also the prefix of its environment variables: `demo-shop` → `DEMO_SHOP_…`. */
  id: string;
  /** The shop's name as customers know it. */
  name: string;
  /** The Kakao Developers app. */
  app: KakaoApp;
  /** 플러그인 제목 of the application form (guide 9.2), 20 characters at most; made of the name unless said. */
  title?: string;
  plugins: MerchantPlugins;
  /** Plugins that are applied for by the form, when there is more than one of a kind or they have addresses of their own. */
  registrations?: readonly PluginRegistration[];
  /** Bytes of images that may be kept for it at once, 10 GiB unless said; more are refused (`quota-exceeded`). */
  imageQuotaBytes?: number;
  /** Its goods, added to the commerce tables when they are not there yet; from then on the operator API changes them. */
  catalogue?: readonly Product[];
  /** Its ports, as providers of an ordinary Nest module. Without it webhooks and the commerce tables do the work. */
  module?: Type | DynamicModule;
  /** What its own servers answer, for a shop in any other language. */
  endpoints?: ShopEndpoints;
  /** Tables of its own, in the PostgreSQL schema `shop_{id}`; only its module knows them. */
  tables?: SchemaOwner;
}

/** Declares a merchant. It is checked when an app starts, all problems at once. */
export const defineMerchant = (definition: MerchantDefinition): MerchantDefinition => definition;
