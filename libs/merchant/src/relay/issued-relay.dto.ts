import { ApiProperty } from '@nestjs/swagger';
import { PLUGIN_KINDS } from '../definition/merchant-definition';
import type { PluginKind } from '../definition/merchant-definition';

export class IssuedRelayId {
  /** `relay_id` of a launch link; at most 232 characters of A–Z a–z 0–9 - _ */
  relayId: string;

  expiresAt: Date;
}

/** What the platform issued a relay id for. */
export class RelayIssued {
  merchant: string;

  /** The plugins it was issued for */
  @ApiProperty({ enum: PLUGIN_KINDS, enumName: 'PluginKind', isArray: true })
  for: PluginKind[];

  /** Key of the profile or image plugin */
  plugin?: string;

  /** The shop's own, handed back with all that comes of the launch */
  reference?: string;

  expiresAt: Date;
}
