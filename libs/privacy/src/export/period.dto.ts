import { applyDecorators } from '@nestjs/common';
import { ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsDate, IsIn, IsOptional } from 'class-validator';
import { PageQuery } from '@biz/platform';

/** A day, or a moment to the minute or finer, with its offset or without. */
const MOMENT = /^(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(Z|[+-]\d\d:\d\d)?)?$/;

/** Of one meaning wherever the server stands: what names no offset is Korean time. */
function readMoment(value: unknown): Date | undefined {
  if (value === undefined) return undefined;
  // A plus that was not encoded arrives as a space.
  const [, day, time = '00:00', offset = '+09:00'] =
    MOMENT.exec(typeof value === 'string' ? value.replace(' ', '+') : '') ?? [];
  return new Date(`${day ?? ''}T${time}${offset}`);
}

const Moment = (which: string, example: string): PropertyDecorator =>
  applyDecorators(
    ApiPropertyOptional({
      type: String,
      format: 'date-time',
      description: `${which}; Korean time unless it names an offset`,
      example,
    }),
    IsOptional(),
    Transform(({ value }) => readMoment(value)),
    IsDate(),
  );
const From = (): PropertyDecorator => Moment('From this day or moment on', '2026-11-01T00:00:00+09:00');
const To = (): PropertyDecorator => Moment('Before this day or moment', '2026-12-01T00:00:00+09:00');

/** A stretch of time; either end may be open. */
export class PeriodQuery {
  @From()
  from?: Date;

  @To()
  to?: Date;
}

/** A page of what lies in a stretch of time. */
export class PeriodPageQuery extends PageQuery implements PeriodQuery {
  @From()
  from?: Date;

  @To()
  to?: Date;
}

const EXPORT_FORMATS = ['csv', 'ndjson'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

export class ExportQuery extends PeriodQuery {
  /** csv: for a spreadsheet; ndjson: one JSON object a line, for programs */
  @ApiPropertyOptional({ enum: EXPORT_FORMATS, enumName: 'ExportFormat', default: 'csv' })
  @IsOptional()
  @IsIn(EXPORT_FORMATS)
  format?: ExportFormat;
}
