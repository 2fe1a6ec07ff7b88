import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional } from 'class-validator';
import { Problem } from '@biz/platform';
import { SaveProductQuery } from '../operator/operator.dto';

export class ImportSkusQuery extends SaveProductQuery {
  /** `true`: tell what would happen, and change nothing. */
  @ApiPropertyOptional({ enum: ['true', 'false'], default: 'false' })
  @IsOptional()
  @IsIn(['true', 'false'])
  dryRun?: 'true' | 'false';
}

/** One thing that is wrong with a line. */
export class SkuProblem extends Problem {
  /** Of the file, the titles being line 1. */
  @ApiProperty({ type: 'integer', example: 7 })
  line: number;

  /** Title of the column. */
  @ApiPropertyOptional({ example: '재고' })
  column?: string;
}

/** What a file did, or would do. */
export class SkuImportDto {
  /** Id of the merchant. */
  @ApiProperty({ example: 'demo-shop' })
  merchant: string;

  /** Id of the product. */
  @ApiProperty({ example: '10013529' })
  productId: string;

  /** Nothing was changed in any case. */
  @ApiProperty({ example: false })
  dryRun: boolean;

  /** The product has the SKUs of the file now. */
  @ApiProperty({ example: true })
  saved: boolean;

  /** SKUs in the file. */
  @ApiProperty({ type: 'integer', example: 9 })
  rows: number;

  /** SKUs that are new. */
  @ApiProperty({ type: 'integer', example: 0 })
  added: number;

  /** SKUs that say something else than before. */
  @ApiProperty({ type: 'integer', example: 2 })
  changed: number;

  /** SKUs that are no longer there. */
  @ApiProperty({ type: 'integer', example: 0 })
  removed: number;

  /** All problems; the first 1,000 are listed. */
  @ApiProperty({ type: 'integer', example: 0 })
  problemCount: number;

  /** By line. */
  @ApiProperty({ type: [SkuProblem] })
  problems: SkuProblem[];

  /** What was read otherwise than it is written, such as a value with a blank at its end; the first 1,000. */
  @ApiProperty({ type: [SkuProblem] })
  warnings: SkuProblem[];
}
