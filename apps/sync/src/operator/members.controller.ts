import { Delete, Get, HttpCode, Param, ParseUUIDPipe, Post, Query } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBadRequestResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiParam,
} from '@nestjs/swagger';
import { KakaoAnswer, ok, OperatorController } from '@biz/platform';
import type { Page } from '@biz/platform';
import { ApiReason, Reason } from '@biz/privacy';
import type { AccessReason } from '@biz/privacy';
import { Members } from '../members/members';
import { KakaoUnlinks } from '../unlinking/kakao-unlinks';
import { MemberDetail, MemberDto, MemberPage, MembersQuery } from './member.dto';
import { MemberRecords } from './member-records';

@OperatorController('members')
export class MembersController {
  constructor(
    private readonly records: MemberRecords,
    private readonly members: Members,
    private readonly unlinks: KakaoUnlinks,
  ) {}

  /** Customers who joined through Kakao Sync, newest first, without personal data. */
  @Get()
  @ApiOkResponse({ type: MemberPage })
  list(@Query() query: MembersQuery): Promise<Page<MemberDto>> {
    return this.records.page(query);
  }

  /** One member with the history of consents; personal data only with a reason, which is written to the access log. */
  @Get(':id')
  @ApiParam({ name: 'id', description: 'Id of the member (a UUID), not the app user id' })
  @ApiReason({ required: false })
  @ApiOkResponse({ type: MemberDetail })
  @ApiBadRequestResponse({ description: 'The reason is longer than 500 characters' })
  @ApiNotFoundResponse({ description: 'No such member' })
  get(@Param('id', ParseUUIDPipe) id: string, @Reason() reason: AccessReason | undefined): Promise<MemberDetail> {
    return this.records.detail(id, reason);
  }

  /**
   * Ends a membership on both sides (연결 끊기)
   *
   * @remarks The personal data is erased here at once and the shop hears `member.unlinked`; the connection at Kakao is ended by
   * durable work, shown as `kakaoUnlink`. Again after `failed`, it is tried again.
   */
  @Post(':id/unlink')
  @HttpCode(202)
  @ApiParam({ name: 'id', description: 'Id of the member (a UUID), not the app user id' })
  @ApiAcceptedResponse({ type: KakaoAnswer })
  @ApiNotFoundResponse({ description: 'No such member' })
  async unlink(@Param('id', ParseUUIDPipe) id: string): Promise<KakaoAnswer> {
    await this.unlinks.request(id);
    return ok();
  }

  /** Erases the personal data of a member here; the fact, the history of consents and the connection at Kakao stay. */
  @Delete(':id')
  @ApiParam({ name: 'id', description: 'Id of the member (a UUID), not the app user id' })
  @ApiOkResponse({ type: KakaoAnswer })
  @ApiNotFoundResponse({ description: 'No such member' })
  async erase(@Param('id', ParseUUIDPipe) id: string): Promise<KakaoAnswer> {
    await this.members.erase(id);
    return ok();
  }
}
