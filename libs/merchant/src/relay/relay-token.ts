import { PLUGIN_KINDS } from '../definition/merchant-definition';
import type { PluginKind } from '../definition/merchant-definition';

/** What a relay id says, once it is open. */
export interface RelayContent {
  /** The plugins it was issued for: one, or those of a task chain. */
  kinds: readonly PluginKind[];
  /** Key of the profile or image plugin. */
  plugin?: string;
  expiresAt: Date;
  /** The shop's own. */
  reference?: string;
}

const HEADER_BYTES = 6;

/** Four bytes of expiry in seconds, one of plugin kinds, one for the length of the key; then key and reference. */
export function packRelay({ kinds, plugin = '', expiresAt, reference = '' }: RelayContent): Buffer {
  const key = Buffer.from(plugin);
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32BE(Math.floor(expiresAt.getTime() / 1_000), 0);
  header.writeUInt8(
    kinds.reduce((bits, kind) => bits | (1 << PLUGIN_KINDS.indexOf(kind)), 0),
    4,
  );
  header.writeUInt8(key.length, 5);
  return Buffer.concat([header, key, Buffer.from(reference)]);
}

export function unpackRelay(bytes: Buffer): RelayContent {
  const bits = bytes.readUInt8(4);
  const end = HEADER_BYTES + bytes.readUInt8(5);
  const plugin = bytes.toString('utf8', HEADER_BYTES, end);
  const reference = bytes.toString('utf8', end);
  return {
    kinds: PLUGIN_KINDS.filter((_, at) => (bits & (1 << at)) !== 0),
    expiresAt: new Date(bytes.readUInt32BE(0) * 1_000),
    ...(plugin !== '' && { plugin }),
    ...(reference !== '' && { reference }),
  };
}
