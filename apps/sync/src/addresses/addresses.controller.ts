import {
  BadGatewayException,
  BadRequestException,
  ConflictException,
  Get,
  NotFoundException,
  Param,
  ParseUUIDPipe,
  Query,
  ServiceUnavailableException,
} from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiConflictResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiParam,
  ApiResponse,
} from '@nestjs/swagger';
import { OperatorController } from '@biz/platform';
import { Merchants } from '@biz/merchant';
import { AccessLog, ApiReason, Reason } from '@biz/privacy';
import type { AccessReason } from '@biz/privacy';
import { DataSource } from 'typeorm';
import { KakaoAdmin } from '../kakao/kakao-admin';
import { Member } from '../members/member.entity';
import { AddressesQuery, MemberAddresses } from './addresses.dto';

const TIMEOUT_MS = 5_000;
/** Kakao's page, when no other size is asked for. */
const PAGE = 10;

@OperatorController('members')
export class AddressesController {
  constructor(
    private readonly kakao: KakaoAdmin,
    private readonly merchants: Merchants,
    private readonly accesses: AccessLog,
    private readonly dataSource: DataSource,
  ) {}

  /**
   * A member's shipping addresses (배송지), asked of Kakao now
   *
   * @remarks Nothing of it is stored here. The member must have agreed to the consent item 배송지정보 (shipping_address).
   */
  @Get(':id/shipping-addresses')
  @ApiParam({ name: 'id', description: 'Id of the member (a UUID), not the app user id' })
  @ApiReason({ required: true })
  @ApiOkResponse({ type: MemberAddresses })
  @ApiBadRequestResponse({ description: 'No reason' })
  @ApiNotFoundResponse({ description: 'No such member' })
  @ApiConflictResponse({ description: 'Not a member any more' })
  @ApiResponse({ status: 502, description: 'Kakao refused; the reason is a code' })
  @ApiResponse({ status: 503, description: 'Kakao cannot be had' })
  async list(
    @Param('id', ParseUUIDPipe) id: string,
    @Reason() reason: AccessReason | undefined,
    @Query() { before }: AddressesQuery,
  ): Promise<MemberAddresses> {
    if (!reason) throw new BadRequestException('Personal data needs the header X-Access-Reason');
    const member = await this.dataSource.manager.findOneBy(Member, { id });
    if (!member) throw new NotFoundException('No such member');
    const { merchant, appUserId, state } = member;
    if (state !== 'joined' && state !== 'suspended') throw new ConflictException('Not a member any more');
    const answer = await this.kakao.shippingAddresses(this.merchants.get(merchant), appUserId, {
      before,
      timeoutMs: TIMEOUT_MS,
    });
    if (answer.kind !== 'done') {
      const text = `Kakao: ${answer.reason}`;
      throw answer.kind === 'later' ? new ServiceUnavailableException(text) : new BadGatewayException(text);
    }
    const { addresses, needsAgreement } = answer.value;
    // Nothing is shown before the look is on record, with a reason that holds nothing of it.
    const shown = JSON.stringify(addresses);
    await this.dataSource.transaction((manager) =>
      this.accesses.record(manager, { ...reason, merchant, subject: id, what: 'addresses', shown: [shown] }),
    );
    const oldest = addresses.at(-1)?.updatedAt;
    const more = addresses.length >= PAGE && oldest !== undefined;
    return { items: addresses, needsAgreement, nextBefore: more ? Math.floor(oldest.getTime() / 1_000) : null };
  }
}
