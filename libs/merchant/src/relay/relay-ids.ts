import { BadRequestException, Inject, Injectable } from '@nestjs/common';
import { APP_NAME, Clock, Metrics, RuntimeConfig, Vault } from '@biz/platform';
import type { AppName } from '@biz/platform';
import { Counter } from 'prom-client';
import { PLUGIN_KINDS } from '../definition/merchant-definition';
import { registrationOf } from '../definition/registrations';
import type { PluginKind, RelayedPlugin } from '../definition/merchant-definition';
import { Merchants } from '../registry/merchants';
import type { Merchant } from '../registry/merchant';
import type { IssuedRelayId, RelayIssued } from './issued-relay.dto';
import type { Relay } from './relay';
import { packRelay, unpackRelay } from './relay-token';
import type { RelayContent } from './relay-token';

export interface RelayOrder {
  /** The plugin that is launched, or the plugins of a task chain (guide 0.6): their calls share one relay id. */
  for: PluginKind | readonly PluginKind[];
  /** Key of the profile or image plugin, the first one unless said; or of one that was applied for by the form. */
  plugin?: string;
  /** Handed back to the shop with all that comes of the launch; nobody else can read it. 100 bytes at most. */
  reference?: string;
  /** Seconds; a week unless said, a year at most. */
  validFor?: number;
}

/** An order for a relay id that cannot be met; the text is for the shop's engineer. */
export class RelayOrderError extends Error {
  override readonly name = 'RelayOrderError';
}

const WEEK_SECONDS = 7 * 86_400;
export const MAX_RELAY_SECONDS = 366 * 86_400;
/** With the longest plugin key the id is then 232 characters long: below the 255 that are accepted everywhere. */
const MAX_REFERENCE_BYTES = 100;
/** 현재 이용 가능한 플러그인 테스크체인 (guide 0.6). */
const CHAINS = ['sync+option', 'sync+payment', 'sync+option+payment'];
const CHAIN_ORDER: readonly PluginKind[] = ['sync', 'option', 'payment'];

const contextOf = (merchant: string): string => `merchant.relay-id ${merchant}`;

/**
 * Issues relay ids (용도 ID) and recognises them in Kakao's calls: sealed with the platform's keys, nothing is stored.
 *
 * A merchant's own module may inject it; an operator has `POST /operator/relay-ids`.
 */
@Injectable()
export class RelayIds {
  /** Nothing of the simulator's. */
  private readonly kind: PluginKind | undefined;
  private readonly seen: Counter<'merchant' | 'state'>;

  constructor(
    @Inject(APP_NAME) app: AppName,
    private readonly merchants: Merchants,
    private readonly vault: Vault,
    private readonly clock: Clock,
    private readonly runtime: RuntimeConfig,
    metrics: Metrics,
  ) {
    this.kind = PLUGIN_KINDS.find((kind) => kind === app);
    this.seen = new Counter({
      name: 'relay_ids_total',
      help: 'Calls of Kakao by what their relay id is: issued, expired, other-purpose, foreign or absent',
      labelNames: ['merchant', 'state'] as const,
      registers: [metrics.registry],
    });
  }

  /** @throws RelayOrderError */
  issue(merchantId: string, order: RelayOrder): IssuedRelayId {
    const { reference = '', validFor = WEEK_SECONDS } = order;
    const purpose = purposeOf(this.merchants.get(merchantId), order);
    if (Buffer.byteLength(reference) > MAX_REFERENCE_BYTES)
      throw new RelayOrderError(`reference: ${Buffer.byteLength(reference)} bytes; at most ${MAX_REFERENCE_BYTES}`);
    if (!(validFor >= 1 && validFor <= MAX_RELAY_SECONDS))
      throw new RelayOrderError(`validFor: found ${validFor}; it must be 1 to ${MAX_RELAY_SECONDS} seconds`);
    const lifetime = Math.max(1, Math.round(validFor * this.runtime.retryTimeScale)) * 1_000;
    const expiresAt = new Date(Math.floor(this.clock.now().getTime() / 1_000) * 1_000 + lifetime);
    const bytes = packRelay({ ...purpose, expiresAt, reference });
    return { relayId: this.vault.sealShort(bytes, contextOf(merchantId)), expiresAt };
  }

  /** What one of a merchant's ids says; nothing when it is not one. */
  open(merchantId: string, relayId: string): RelayContent | undefined {
    const bytes = this.vault.openShort(relayId, contextOf(merchantId));
    return bytes && unpackRelay(bytes);
  }

  /** What an id was issued for, by whichever merchant it was; nothing when it is foreign. */
  find(relayId: string): RelayIssued | undefined {
    for (const { id: merchant } of this.merchants.all) {
      const content = this.open(merchant, relayId);
      if (!content) continue;
      const { kinds, ...said } = content;
      return { merchant, for: [...kinds], ...said };
    }
    return undefined;
  }

  /**
   * What a stored relay id was for this app, judged by the time Kakao sent it.
   *
   * @param at without it age is not judged: for what comes long after the call
   */
  read(merchantId: string, relayId: string, { plugin, at }: { plugin?: string; at?: Date } = {}): Relay {
    const content = this.open(merchantId, relayId);
    if (!content) return { id: relayId, state: 'foreign' };
    const { kinds, expiresAt, reference } = content;
    const fits = this.kind !== undefined && kinds.includes(this.kind);
    const samePlugin = plugin === undefined || content.plugin === undefined || content.plugin === plugin;
    if (!fits || !samePlugin) return { id: relayId, state: 'other-purpose' };
    const state = at && at >= expiresAt ? 'expired' : 'issued';
    return { id: relayId, state, ...(reference !== undefined && { reference }) };
  }

  /**
   * What the relay id of a call is, as the call comes in.
   *
   * @param plugin last segment of its address
   */
  receive(merchant: Merchant, relayId: string | undefined, plugin?: string): Relay | undefined {
    const key = this.kind && pluginOf(merchant, this.kind, plugin)?.key;
    const relay =
      relayId === undefined ? undefined : this.read(merchant.id, relayId, { plugin: key, at: this.clock.now() });
    this.seen.inc({ merchant: merchant.id, state: relay?.state ?? 'absent' });
    return relay;
  }

  /**
   * Whether the plugin serves a call with this relay id.
   *
   * @param begun the call goes on with what an earlier one began in time, so it may be late
   */
  serves(merchant: Merchant, relay: Relay | undefined, { plugin, begun = false }: ServeOptions = {}): boolean {
    const wants = this.kind && pluginOf(merchant, this.kind, plugin)?.relayId;
    return wants !== 'required' || relay?.state === 'issued' || (begun && relay?.state === 'expired');
  }

  /** @throws BadRequestException when the plugin requires a relay id and this is none it serves */
  admit(merchant: Merchant, relayId: string | undefined, options: ServeOptions = {}): Relay | undefined {
    const relay = this.receive(merchant, relayId, options.plugin);
    if (!this.serves(merchant, relay, options)) {
      throw new BadRequestException('유효하지 않거나 기간이 지난 요청입니다. (relay_id)');
    }
    return relay;
  }
}

export interface ServeOptions {
  plugin?: string;
  begun?: boolean;
}

type KnownPlugin = RelayedPlugin & { key?: string };

/** Without a key it is the first one, as for a callback whose address names none. */
function pluginOf(merchant: Merchant, kind: PluginKind, key: string | undefined): KnownPlugin | undefined {
  if (kind === 'profile' || kind === 'image') {
    const keyed = merchant.plugins[kind];
    return key === undefined ? keyed?.[0] : keyed?.find((plugin) => plugin.key === key);
  }
  const plugin = merchant.plugins[kind];
  const applied = key === undefined ? undefined : registrationOf(merchant, kind, key);
  // What the merchant says of the kind counts for each plugin of it.
  return applied ? Object.assign({}, applied, { relayId: applied.relayId ?? plugin?.relayId }) : plugin;
}

function purposeOf(merchant: Merchant, order: RelayOrder): { kinds: PluginKind[]; plugin?: string } {
  const kinds = [...new Set<PluginKind>(typeof order.for === 'string' ? [order.for] : order.for)];
  const [only] = kinds;
  if (only === undefined) throw new RelayOrderError('for: name a plugin');
  const chain = CHAIN_ORDER.filter((kind) => kinds.includes(kind));
  if (kinds.length > 1 && (chain.length < kinds.length || !CHAINS.includes(chain.join('+'))))
    throw new RelayOrderError(`for: ${kinds.join('+')} is no task chain of Kakao's: ${CHAINS.join(', ')}`);
  for (const kind of kinds) {
    const plugin = pluginOf(merchant, kind, order.plugin);
    const named = order.plugin === undefined ? kind : `${kind} ${order.plugin}`;
    if (!plugin || (order.plugin !== undefined && plugin.key === undefined))
      throw new RelayOrderError(`for: ${merchant.id} has no plugin ${named}`);
  }
  const key = pluginOf(merchant, only, order.plugin)?.key;
  return { kinds, ...(key !== undefined && { plugin: key }) };
}
