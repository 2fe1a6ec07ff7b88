import type { OtpKind } from '@biz/otp-client';
import type { CollectingPlugin, ImagePlugin, LocationPlugin, Merchant } from '@biz/merchant';
import type { Consent } from '../records/capture.entity';

export interface Plugin {
  key: string;
  consent: Consent;
  /** What a chat bot says when its result came. */
  skillText?: string;
}

/**
 * The plugin a callback is for.
 *
 * Without a key it is the merchant's first one: an address that names none was registered when there was one only.
 */
export function findPlugin(merchant: Merchant, kind: OtpKind, key: string | undefined): Plugin | undefined {
  const plugins = pluginsOf(merchant, kind);
  return key === undefined ? plugins[0] : plugins.find((plugin) => plugin.key === key);
}

function pluginsOf({ plugins: { profile, location, image } }: Merchant, kind: OtpKind): Plugin[] {
  switch (kind) {
    case 'profile':
      return (profile ?? []).map(({ key, scopes, ...terms }) => plugin(key, [...scopes], terms));
    case 'location':
      // One at most (guide 0.5), so its definition has no key.
      return location ? [plugin('location', ['location'], location)] : [];
    case 'image':
      return (image ?? []).map(({ key, ...terms }) => plugin(key, ['image'], terms));
  }
}

/** What the definition of a plugin says besides. */
type Terms = CollectingPlugin & Pick<LocationPlugin, 'detailAddress'> & Pick<ImagePlugin, 'items' | 'notice'>;

const plugin = (key: string, scopes: string[], terms: Terms): Plugin => ({
  key,
  consent: consent(scopes, terms),
  ...(terms.skillText !== undefined && { skillText: terms.skillText }),
});

const consent = (
  scopes: string[],
  { name, purpose, items, notice, detailAddress, retainDays = 0 }: Terms,
): Consent => ({
  scopes,
  ...(name !== undefined && { name }),
  ...(purpose !== undefined && { purpose }),
  ...(items !== undefined && { items }),
  ...(notice !== undefined && { notice }),
  ...(detailAddress !== undefined && { detailAddress }),
  retainDays,
});
