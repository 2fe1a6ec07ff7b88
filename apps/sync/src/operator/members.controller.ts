import { Delete, Get, Param, ParseUUIDPipe, Query } from '@nestjs/common';
import { ApiBadRequestResponse, ApiNotFoundResponse, ApiOkResponse, ApiParam } from '@nestjs/swagger';
import { KakaoAnswer, ok, OperatorController } from '@biz/platform';
import type { Page } from '@biz/platform';
import { ApiReason, Reason } from '@biz/privacy';
import type { AccessReason } from '@biz/privacy';
import { Members } from '../members/members';
import { MemberDetail, MemberDto, MemberPage, MembersQuery } from './member.dto';
import { MemberRecords } from './member-records';

@OperatorController('members')
export class MembersController {
  constructor(
    private readonly records: MemberRecords,
    private readonly members: Members,
  ) {}

  /** Customers who joined through Kakao Sync, newest first, without personal data. */
  @Get()
  @ApiOkResponse({ type: MemberPage })
  list(@Query() query: MembersQuery): Promise<Page<MemberDto>> {
    return this.records.page(query);
  }

  /** One member with the history of consents; personal data only with a reason, which is written to the access log. */
  @Get(':id')
  @ApiParam({ name: 'id', description: 'Id of the member' })
  @ApiParam({ name: 'id', description: 'Id of the member (a UUID), not the app user id' })
  @ApiReason({ required: false })
  @ApiOkResponse({ type: MemberDetail })
  @ApiBadRequestResponse({ description: 'The reason is longer than 500 characters' })
  @ApiNotFoundResponse({ description: 'No such member' })
  get(@Param('id', ParseUUIDPipe) id: string, @Reason() reason: AccessReason | undefined): Promise<MemberDetail> {
    return this.records.detail(id, reason);
  }

  /** Erases the personal data of a member; the fact and the history of consents stay. */
  @Delete(':id')
  @ApiParam({ name: 'id', description: 'Id of the member' })
  @ApiParam({ name: 'id', description: 'Id of the member (a UUID), not the app user id' })
  @ApiOkResponse({ type: KakaoAnswer })
  @ApiNotFoundResponse({ description: 'No such member' })
  async erase(@Param('id', ParseUUIDPipe) id: string): Promise<KakaoAnswer> {
    await this.members.erase(id);
    return ok();
  }
}
