import { Get, Query } from '@nestjs/common';
import type { StreamableFile } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { OperatorController, pageOf } from '@biz/platform';
import type { Page } from '@biz/platform';
import { DataSource } from 'typeorm';
import { ApiExport, exportOf, rowsOf, within } from '../export/export';
import { ExportQuery } from '../export/period.dto';
import { AccessDto, AccessesQuery, AccessPage } from './access.dto';
import { Access } from './access.entity';

@OperatorController('accesses')
export class AccessesController {
  constructor(private readonly dataSource: DataSource) {}

  @Get()
  @ApiOperation({
    summary: 'Who looked at personal data, newest first (접속기록)',
    description: 'One log for all apps. No personal data of customers.',
  })
  @ApiOkResponse({ type: AccessPage })
  async list(@Query() { subject, limit = 20, cursor, ...period }: AccessesQuery): Promise<Page<AccessDto>> {
    const query = within(this.dataSource.createQueryBuilder(Access, 'line'), period);
    if (subject !== undefined) query.andWhere('line.subject = :subject', { subject });
    if (cursor !== undefined) query.andWhere('line.seq < :cursor', { cursor });
    const rows = await query
      .orderBy('line.seq', 'DESC')
      .limit(limit + 1)
      .getMany();
    return pageOf(
      rows,
      { limit },
      (row) => AccessDto.of(row),
      ({ seq }) => String(seq),
    );
  }

  @Get('export')
  @ApiOperation({
    summary: 'The access log as a file, oldest first',
    description: 'With the codes that prove it whole.',
  })
  @ApiExport()
  export(@Query() { format, ...period }: ExportQuery): StreamableFile {
    const columns = [
      'seq',
      'at',
      'operator',
      'caller',
      'app',
      'merchant',
      'subject',
      'what',
      'part',
      'reason',
      'code',
    ] as const;
    const query = within(this.dataSource.createQueryBuilder(Access, 'line'), period);
    return exportOf(rowsOf(query, 'seq'), (row) => AccessDto.of(row), columns, 'accesses', format);
  }
}
