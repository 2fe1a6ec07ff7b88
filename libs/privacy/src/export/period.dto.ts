import { ApiPropertyOptional } from '@nestjs/swagger';
import { Type as ToType } from 'class-transformer';
import { IsDate, IsIn, IsOptional } from 'class-validator';

/** A stretch of time; either end may be open. */
export class PeriodQuery {
  /** From this moment on */
  @ApiPropertyOptional({ type: String, format: 'date-time', example: '2026-11-01T00:00:00+09:00' })
  @IsOptional()
  @ToType(() => Date)
  @IsDate()
  from?: Date;

  /** Before this moment */
  @ApiPropertyOptional({ type: String, format: 'date-time', example: '2026-12-01T00:00:00+09:00' })
  @IsOptional()
  @ToType(() => Date)
  @IsDate()
  to?: Date;
}

export const EXPORT_FORMATS = ['csv', 'ndjson'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

export class ExportQuery extends PeriodQuery {
  /** csv: for a spreadsheet; ndjson: one JSON object a line, for programs */
  @ApiPropertyOptional({ enum: EXPORT_FORMATS, enumName: 'ExportFormat', default: 'csv' })
  @IsOptional()
  @IsIn(EXPORT_FORMATS)
  format?: ExportFormat;
}
