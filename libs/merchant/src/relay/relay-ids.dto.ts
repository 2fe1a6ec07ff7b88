import { OperatorBody } from '@biz/platform';
import { ApiProperty } from '@nestjs/swagger';
import { ArrayMaxSize, ArrayNotEmpty, IsIn, IsInt, IsOptional, IsString, Max, MaxLength, Min } from 'class-validator';
import { PLUGIN_KINDS } from '../definition/merchant-definition';
import type { PluginKind } from '../definition/merchant-definition';
import { RelayIssued } from './issued-relay.dto';
import { MAX_RELAY_SECONDS } from './relay-ids';

@OperatorBody()
export class RelayIdOrder {
  /** Id of the merchant */
  @ApiProperty({ example: 'demo-shop' })
  @IsString()
  @MaxLength(100)
  merchant: string;

  /** The plugin that is launched, or the plugins of a task chain (guide 0.6) */
  @ApiProperty({ enum: PLUGIN_KINDS, enumName: 'PluginKind', isArray: true, example: ['sync', 'option', 'payment'] })
  @ArrayNotEmpty()
  @ArrayMaxSize(3)
  @IsIn(PLUGIN_KINDS, { each: true })
  for: PluginKind[];

  /** Key of the profile or image plugin, the first one unless given; or of one that was applied for by the form */
  @ApiProperty({ required: false, example: 'receipt' })
  @IsOptional()
  @IsString()
  @MaxLength(40)
  plugin?: string;

  /** The shop's own, handed back with all that comes of the launch; 100 bytes at most, no personal data */
  @ApiProperty({ required: false, example: 'cart-4711' })
  @IsOptional()
  @IsString()
  @MaxLength(100)
  reference?: string;

  /** Seconds until it is too old; a week unless given */
  @ApiProperty({ type: 'integer', required: false, example: 86_400 })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(MAX_RELAY_SECONDS)
  validFor?: number;
}

/** What an id that the platform issued says. */
export class RelayContentDto extends RelayIssued {
  /** It is too old now */
  expired: boolean;
}
