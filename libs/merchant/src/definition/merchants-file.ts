import { readFileSync } from 'node:fs';
import { nullsIn, parseJson, parseOwnJson, textOf, UnreadableText } from '@biz/platform';
import type { Environment } from '@biz/platform';
import { plainToInstance, Type } from 'class-transformer';
import {
  IsArray,
  IsBoolean,
  IsDefined,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  Length,
  ValidateNested,
  validateSync,
} from 'class-validator';
import type { ValidationError } from 'class-validator';
import { OPTION_TYPES, PAYMENT_TYPES, PROFILE_SCOPES, SCENARIOS } from './merchant-definition';
import type { MerchantDefinition, OptionType, PaymentType, ProfileScope, Scenario } from './merchant-definition';

class FilePlugin {
  @IsOptional() @IsString() pluginId?: string;
  @IsOptional() @IsIn(['required', 'optional']) relayId?: 'required' | 'optional';
}
class FileCollecting extends FilePlugin {
  @IsOptional() @IsString() name?: string;
  @IsOptional() @IsString() purpose?: string;
  @IsOptional() @IsInt() retainDays?: number;
  @IsOptional() @IsString() skillText?: string;
}
class FileLocation extends FileCollecting {
  @IsOptional() @IsBoolean() detailAddress?: boolean;
}
class FileImage extends FileCollecting {
  @IsString() key: string;
  @IsOptional() @IsString() items?: string;
  @IsOptional() @IsString() notice?: string;
}
class FileProfile extends FileCollecting {
  @IsString() key: string;
  @IsArray() @IsIn(PROFILE_SCOPES, { each: true }) scopes: ProfileScope[];
}
class FileOption extends FilePlugin {
  @IsIn(OPTION_TYPES) kind: OptionType;
  @IsOptional() @IsInt() retainDays?: number;
}
class FileAgreement {
  @IsString() agreedOn: string;
  @IsString() opensOn: string;
}
class FilePayment extends FilePlugin {
  @IsIn(['legacy', 'open']) api: 'legacy' | 'open';
  @IsOptional() @IsIn(['direct', 'wrapped', 'wrapped-twice']) approvalUrl?: 'direct' | 'wrapped' | 'wrapped-twice';
  @IsOptional() @IsString() cid?: string;
  @IsOptional() @IsString() subscriptionCid?: string;
  @IsOptional() @ValidateNested() @Type(() => FileAgreement) subscriptionAgreement?: FileAgreement;
}
class FileSync extends FilePlugin {
  @IsOptional() @IsBoolean() keepTokens?: boolean;
  @IsOptional() @IsArray() @IsString({ each: true }) scopes?: string[];
  @IsOptional() @IsArray() @IsString({ each: true }) serviceTerms?: string[];
  @IsOptional() @IsString() userMatchOrigin?: string;
}
class FileRegistration extends FilePlugin {
  @IsString() key: string;
  @IsIn(SCENARIOS) scenario: Scenario;
  @IsString() title: string;
  @IsOptional() @IsIn(OPTION_TYPES) option?: OptionType;
  @IsOptional() @IsIn(PAYMENT_TYPES) payment?: PaymentType;
}
class FilePlugins {
  @IsOptional() @IsArray() @ValidateNested({ each: true }) @Type(() => FileProfile) profile?: FileProfile[];
  @IsOptional() @ValidateNested() @Type(() => FileLocation) location?: FileLocation;
  @IsOptional() @IsArray() @ValidateNested({ each: true }) @Type(() => FileImage) image?: FileImage[];
  @IsOptional() @ValidateNested() @Type(() => FileOption) option?: FileOption;
  @IsOptional() @ValidateNested() @Type(() => FilePayment) payment?: FilePayment;
  @IsOptional() @ValidateNested() @Type(() => FileSync) sync?: FileSync;
}
class FileApp {
  @IsString() id: string;
  @IsIn(['test', 'live']) environment: 'test' | 'live';
  @IsOptional() @IsString() testOf?: string;
}
class FileEndpoints {
  @IsOptional() @IsString() orderSheets?: string;
  @IsOptional() @IsString() orderPolicy?: string;
  @IsOptional() @IsString() fulfilment?: string;
  @IsOptional() @IsString() members?: string;
}
class FileMerchant {
  /** Lets an editor find a JSON schema. */
  @IsOptional() @IsString() $schema?: string;
  @IsString() id: string;
  @IsString() @Length(1, 100) name: string;
  @IsOptional() @IsString() title?: string;
  @IsDefined() @ValidateNested() @Type(() => FileApp) app: FileApp;
  @IsDefined() @ValidateNested() @Type(() => FilePlugins) plugins: FilePlugins;
  @IsOptional()
  @IsArray()
  @ValidateNested({ each: true })
  @Type(() => FileRegistration)
  registrations?: FileRegistration[];
  @IsOptional() @IsInt() imageQuotaBytes?: number;
  @IsOptional() @ValidateNested() @Type(() => FileEndpoints) endpoints?: FileEndpoints;
}
class MerchantsFile {
  @IsArray() @ValidateNested({ each: true }) @Type(() => FileMerchant) merchants: FileMerchant[];
}

/**
 * The merchants of MERCHANTS_FILE: a JSON list of definitions, for shops that bring no code.
 *
 * @returns them, and one line for each thing that is wrong; a field that is not known is wrong, it may be a typing error, and so is null
 */
export function readMerchantsFile(env: Environment): { definitions: MerchantDefinition[]; problems: string[] } {
  const path = env.MERCHANTS_FILE;
  if (!path) return { definitions: [], problems: [] };
  let content: unknown;
  try {
    content = parseJson(textOf(readFileSync(path)));
  } catch (error) {
    const isRead = error instanceof SyntaxError || error instanceof UnreadableText;
    const found = isRead ? 'a file that is no JSON in UTF-8' : JSON.stringify(path);
    return { definitions: [], problems: [`MERCHANTS_FILE: found ${found}; it must be a readable JSON file`] };
  }
  if (!Array.isArray(content)) {
    return { definitions: [], problems: ['MERCHANTS_FILE: found no list; it must be a JSON list of merchants'] };
  }
  // Told for themselves: to class-validator an optional field that is null is left out.
  const nulls = nullsIn({ merchants: content as unknown[] });
  if (nulls.length > 0) return { definitions: [], problems: nulls.flatMap((problem) => linesOf(problem)) };
  const file = plainToInstance(MerchantsFile, { merchants: content });
  const problems = validateSync(file, { whitelist: true, forbidNonWhitelisted: true, forbidUnknownValues: false });
  if (problems.length > 0) return { definitions: [], problems: problems.flatMap((problem) => linesOf(problem)) };
  return { definitions: parseOwnJson(JSON.stringify(file.merchants)) as MerchantDefinition[], problems: [] };
}

function linesOf({ property, constraints = {}, children = [] }: ValidationError, parent = ''): string[] {
  const path = parent === '' ? property : /^\d+$/.test(property) ? `${parent}[${property}]` : `${parent}.${property}`;
  return [
    ...Object.values(constraints).map(
      (text) => `MERCHANTS_FILE: ${path}: ${text.replace(`property ${property}`, 'it')}`,
    ),
    ...children.flatMap((child) => linesOf(child, path)),
  ];
}
