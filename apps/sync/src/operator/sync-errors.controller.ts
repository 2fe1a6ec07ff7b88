import { Get, Query } from '@nestjs/common';
import { ApiOkResponse } from '@nestjs/swagger';
import { OperatorController, pageOf, PageQuery } from '@biz/platform';
import type { Page } from '@biz/platform';
import { DataSource, In, LessThan } from 'typeorm';
import { SyncFailure } from '../login/failure.entity';
import { Login } from '../login/login.entity';
import { SyncErrorDto, SyncErrorPage } from './sync-error.dto';

@OperatorController('sync-errors')
export class SyncErrorsController {
  constructor(private readonly dataSource: DataSource) {}

  /** Steps of Kakao Sync that failed, newest first; the customers of all of them went back to the chat. */
  @Get()
  @ApiOkResponse({ type: SyncErrorPage })
  async list(@Query() { limit = 20, cursor }: PageQuery): Promise<Page<SyncErrorDto>> {
    const rows = await this.dataSource.getRepository(SyncFailure).find({
      where: cursor === undefined ? {} : { id: LessThan(cursor) },
      order: { id: 'DESC' },
      take: limit + 1,
    });
    const loginIds = rows.flatMap(({ loginId }) => (loginId === null ? [] : [loginId]));
    const logins = await this.dataSource.getRepository(Login).findBy({ id: In(loginIds) });
    const byId = new Map(logins.map((login) => [login.id, login]));
    return pageOf(
      rows,
      limit,
      ({ id }) => id,
      (row) => show(row, row.loginId === null ? undefined : byId.get(row.loginId)),
    );
  }
}

function show({ id, merchant, step, reason, loginId, failedAt }: SyncFailure, login: Login | undefined): SyncErrorDto {
  const relayId = login?.relayId ?? null;
  return {
    id,
    merchant,
    state: login?.state === 'pending' ? 'retrying' : login?.state === 'joined' ? 'recovered' : 'final',
    step,
    reason,
    ...(loginId !== null && { loginId }),
    ...(relayId !== null && { relayId }),
    failedAt,
  };
}
