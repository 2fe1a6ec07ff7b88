import { Get, Query } from '@nestjs/common';
import type { StreamableFile } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { OperatorController, pageOf } from '@biz/platform';
import type { Page } from '@biz/platform';
import { DataSource } from 'typeorm';
import { ApiExport, exportOf, rowsOf, within } from '../export/export';
import { ExportQuery, PeriodPageQuery } from '../export/period.dto';
import { LocationFactDto, LocationFactPage } from './location-fact.dto';
import { LocationFact } from './location-fact.entity';

@OperatorController('location-facts')
export class LocationFactsController {
  constructor(private readonly dataSource: DataSource) {}

  @Get()
  @ApiOperation({
    summary: 'That locations were collected and provided, newest first (위치정보 수집·이용·제공사실 확인자료)',
    description: 'Kept for six months, apart from the captures. No coordinates and no addresses.',
  })
  @ApiOkResponse({ type: LocationFactPage })
  async list(@Query() { limit = 20, cursor, ...period }: PeriodPageQuery): Promise<Page<LocationFactDto>> {
    const query = within(this.dataSource.createQueryBuilder(LocationFact, 'fact'), period);
    if (cursor !== undefined) query.andWhere('fact.id < :cursor', { cursor });
    const rows = await query
      .orderBy('fact.id', 'DESC')
      .limit(limit + 1)
      .getMany();
    return pageOf(rows, { limit }, (row) => LocationFactDto.of(row));
  }

  @Get('export')
  @ApiOperation({ summary: 'That locations were collected and provided, as a file, oldest first' })
  @ApiExport()
  export(@Query() { format, ...period }: ExportQuery): StreamableFile {
    const columns = [
      'at',
      'kind',
      'subject',
      'source',
      'service',
      'receiver',
      'purpose',
      'merchant',
      'captureId',
    ] as const;
    const query = within(this.dataSource.createQueryBuilder(LocationFact, 'fact'), period);
    return exportOf(rowsOf(query, 'id'), (row) => LocationFactDto.of(row), columns, 'location-facts', format);
  }
}
