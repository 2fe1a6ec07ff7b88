import { Get, Query } from '@nestjs/common';
import { ApiOkResponse } from '@nestjs/swagger';
import { newest, OperatorController, pageOf, PageQuery } from '@biz/platform';
import type { Page } from '@biz/platform';
import { DataSource, In } from 'typeorm';
import { SyncFailure } from '../login/failure.entity';
import { Login } from '../login/login.entity';
import { SyncErrorDto, SyncErrorPage } from './sync-error.dto';

@OperatorController('sync-errors')
export class SyncErrorsController {
  constructor(private readonly dataSource: DataSource) {}

  /** Steps of Kakao Sync that failed, newest first; the customers of all of them went back to the chat. */
  @Get()
  @ApiOkResponse({ type: SyncErrorPage })
  async list(@Query() page: PageQuery): Promise<Page<SyncErrorDto>> {
    const rows = await newest(this.dataSource.getRepository(SyncFailure), {}, page);
    const loginIds = rows.flatMap(({ loginId }) => (loginId === null ? [] : [loginId]));
    const logins = await this.dataSource.getRepository(Login).findBy({ id: In(loginIds) });
    const byId = new Map(logins.map((login) => [login.id, login]));
    return pageOf(rows, page, (row) => show(row, row.loginId === null ? undefined : byId.get(row.loginId)));
  }
}

function show(failure: SyncFailure, login: Login | undefined): SyncErrorDto {
  const { id, merchant, step, reason, loginId, count, failedAt, lastFailedAt } = failure;
  const relayId = login?.relayId ?? failure.relayId;
  return {
    id,
    merchant,
    state: login?.state === 'pending' ? 'retrying' : login?.state === 'joined' ? 'recovered' : 'final',
    step,
    reason,
    ...(loginId !== null && { loginId }),
    ...(relayId !== null && { relayId }),
    count,
    failedAt,
    lastFailedAt: lastFailedAt ?? failedAt,
  };
}
