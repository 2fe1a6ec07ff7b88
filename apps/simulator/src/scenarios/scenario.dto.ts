import { ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsObject,
  IsOptional,
  IsString,
  IsUrl,
  Matches,
  Max,
  Min,
  ValidateNested,
} from 'class-validator';
import { ACCOUNT_SHAPES, type AccountShape } from '../login/accounts';
import { LOCATION_SHAPES, type LocationShape, PROFILE_SHAPES, type ProfileShape } from '../otp/people';
import { ALL_FAULTS } from './scenario-kinds';

/** Paths below the target, or whole URLs, where they differ from the guide's. */
export class MerchantPaths {
  /** profile, location, image: the callback URL. */
  @IsOptional()
  @IsString()
  callback?: string;

  /** option T1. */
  @IsOptional()
  @IsString()
  options?: string;

  /** option T2. */
  @IsOptional()
  @IsString()
  option?: string;

  /** payment T1. */
  @IsOptional()
  @IsString()
  ordersheet?: string;

  /** payment T2. */
  @IsOptional()
  @IsString()
  approve?: string;

  /** payment T4. */
  @IsOptional()
  @IsString()
  status?: string;

  /** sync: the plugin redirect URI. */
  @IsOptional()
  @IsString()
  redirect?: string;

  /** sync: the unlink webhook. */
  @IsOptional()
  @IsString()
  unlink?: string;

  /** sync: the account event webhook. */
  @IsOptional()
  @IsString()
  events?: string;
}

/** What every scenario may be told. */
export class ScenarioOptions {
  /**
   * Base URL of the merchant server. Without it: our own app of this plugin.
   * @example http://127.0.0.1:3005
   */
  @IsOptional()
  @IsUrl({ require_tld: false, require_protocol: true, protocols: ['http', 'https'] })
  target?: string;

  /**
   * Path key of a merchant: its routes are below `/m/{pathKey}`, those that a customer opens below the key derived from it.
   * @example demo-shop
   */
  @IsOptional()
  @Matches(/^[A-Za-z0-9][\w.~-]*$/)
  pathKey?: string;

  /** Paths that differ from the guide's. */
  @IsOptional()
  @ValidateNested()
  @Type(() => MerchantPaths)
  paths?: MerchantPaths;

  /** X-Kakao-AppUserId: the user of the app, in digits. Without it another user each time; none when empty. */
  @ApiPropertyOptional({ example: '9007199254740993' })
  @IsOptional()
  @IsString()
  appUserId?: string;

  /** X-Kakao-Plugin-Relay-Id; made up when absent, none when empty. */
  @ApiPropertyOptional({ example: 'relay-1' })
  @IsOptional()
  @IsString()
  relayId?: string;

  /** What goes wrong on the way (장애), by the names that the scenario lists. A number after a colon repeats it: `approve-5xx:3`. */
  @ApiPropertyOptional({ type: [String], example: ['otp-5xx:2'] })
  @IsOptional()
  @IsArray()
  @Matches(new RegExp(`^(${ALL_FAULTS.join('|')})(:\\d{1,3})?$`), { each: true })
  faults?: string[];

  /** How it must end, such as `paid` or `refused-300`; without it: as well as the faults allow. */
  @ApiPropertyOptional({ example: 'paid' })
  @IsOptional()
  @IsString()
  expect?: string;

  /** Seconds until it is given up. */
  @ApiPropertyOptional({ example: 20, maximum: 300 })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(300)
  timeoutSeconds?: number;

  /** `false`: answers at once, 202; look at GET /scenarios/{id}. */
  @ApiPropertyOptional({ example: true })
  @IsOptional()
  @IsBoolean()
  wait?: boolean;
}

class CallbackOptions extends ScenarioOptions {
  /** Last segment of the callback URL, when the app has several plugins. */
  @ApiPropertyOptional()
  @IsOptional()
  @IsString()
  plugin?: string;

  /** The only REST API key that may redeem the OTP; any of the configured ones when absent. */
  @ApiPropertyOptional()
  @IsOptional()
  @IsString()
  restApiKey?: string;
}

/** 개인정보이용 플러그인. */
export class ProfileScenario extends CallbackOptions {
  /** Shape of the personal data. */
  @ApiPropertyOptional({ enum: PROFILE_SHAPES, example: 'full' })
  @IsOptional()
  @IsIn(PROFILE_SHAPES)
  shape?: ProfileShape;
}

/** 위치전송 플러그인. */
export class LocationScenario extends CallbackOptions {
  /** Shape of the location. */
  @ApiPropertyOptional({ enum: LOCATION_SHAPES, example: 'full' })
  @IsOptional()
  @IsIn(LOCATION_SHAPES)
  shape?: LocationShape;

  /** Spell `company` as the guide's table does: `conpany`. */
  @ApiPropertyOptional({ example: false })
  @IsOptional()
  @IsBoolean()
  conpany?: boolean;
}

/** 이미지보안전송 플러그인. */
export class ImageScenario extends CallbackOptions {
  /** How many pictures. */
  @ApiPropertyOptional({ example: 2, minimum: 1, maximum: 10 })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(10)
  count?: number;

  /** Bytes of an original. */
  @ApiPropertyOptional({ example: 400_000 })
  @IsOptional()
  @IsInt()
  @Min(2_000)
  @Max(33_554_432)
  bytes?: number;

  /** File format. */
  @ApiPropertyOptional({ enum: ['jpeg', 'png'] })
  @IsOptional()
  @IsIn(['jpeg', 'png'])
  format?: 'jpeg' | 'png';
}

/** 옵션선택 플러그인. */
export class OptionScenario extends ScenarioOptions {
  /** T1 `id`. */
  @ApiPropertyOptional({ example: '10013529' })
  @IsOptional()
  @IsString()
  productId?: string;

  /** Number of products; the product's default when absent. */
  @ApiPropertyOptional({ example: 1 })
  @IsOptional()
  @IsInt()
  quantity?: number;

  /** Body of T2; a valid one is chosen when absent. */
  @ApiPropertyOptional({ type: 'object', additionalProperties: true })
  @IsOptional()
  @IsObject()
  selection?: Record<string, unknown>;
}

/** 원클릭결제 플러그인. */
export class PaymentScenario extends ScenarioOptions {
  /** T1 `ordersheet_id`. */
  @ApiPropertyOptional({ example: 'sheet-coffee' })
  @IsOptional()
  @IsString()
  orderSheetId?: string;

  /** Post code of the user's address; T1 is asked again with it when shipping is needed. */
  @ApiPropertyOptional({ example: '63000' })
  @IsOptional()
  @Matches(/^\d{5,6}$/)
  zipCode?: string;

  /** How the user pays. */
  @ApiPropertyOptional({ enum: ['CARD', 'MONEY'] })
  @IsOptional()
  @IsIn(['CARD', 'MONEY'])
  method?: 'CARD' | 'MONEY';
}

/** 카카오싱크 플러그인. */
export class SyncScenario extends ScenarioOptions {
  /** What the user consents to. */
  @ApiPropertyOptional({ enum: ACCOUNT_SHAPES })
  @IsOptional()
  @IsIn(ACCOUNT_SHAPES)
  shape?: AccountShape;

  /** Where the merchant must send the user back to; none when empty (a normal login). */
  @ApiPropertyOptional({ example: 'kakaotalk://bizplugin/continue?id=1' })
  @IsOptional()
  @IsString()
  continueTo?: string;

  /** `state` of the redirect. */
  @ApiPropertyOptional()
  @IsOptional()
  @IsString()
  state?: string;

  /** What happens: join, then events (a signed SET) and unlink. */
  @ApiPropertyOptional({ enum: ['join', 'events', 'unlink'], isArray: true, example: ['join'] })
  @IsOptional()
  @IsIn(['join', 'events', 'unlink'], { each: true })
  steps?: ('join' | 'events' | 'unlink')[];
}

/** 태스크체인: 카카오싱크 + 옵션선택 + 원클릭결제. */
export class ChainScenario extends PaymentScenario {
  /** Base URL of the sync plugin's server, when it is not `target`. */
  @ApiPropertyOptional()
  @IsOptional()
  @IsUrl({ require_tld: false, require_protocol: true })
  syncTarget?: string;

  /** Base URL of the option plugin's server, when it is not `target`. */
  @ApiPropertyOptional()
  @IsOptional()
  @IsUrl({ require_tld: false, require_protocol: true })
  optionTarget?: string;

  /** Begin with Kakao Sync. */
  @ApiPropertyOptional({ example: true })
  @IsOptional()
  @IsBoolean()
  sync?: boolean;

  /** Product of the option plugin. */
  @ApiPropertyOptional({ example: 'mug' })
  @IsOptional()
  @IsString()
  productId?: string;
}
