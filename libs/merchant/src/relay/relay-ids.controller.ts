import { Body, Get, NotFoundException, Param, Post, UnprocessableEntityException } from '@nestjs/common';
import { ApiCreatedResponse, ApiNotFoundResponse, ApiOkResponse, ApiParam, ApiResponse } from '@nestjs/swagger';
import { Clock, OperatorController } from '@biz/platform';
import { Merchants } from '../registry/merchants';
import { IssuedRelayId } from './issued-relay.dto';
import { RelayContentDto, RelayIdOrder } from './relay-ids.dto';
import { RelayIds, RelayOrderError } from './relay-ids';

@OperatorController('relay-ids')
export class RelayIdsController {
  constructor(
    private readonly relayIds: RelayIds,
    private readonly merchants: Merchants,
    private readonly clock: Clock,
  ) {}

  /** Issues a relay id (용도 ID) for a launch link or button. Nothing is stored; any app issues for every plugin. */
  @Post()
  @ApiCreatedResponse({ type: IssuedRelayId })
  @ApiNotFoundResponse({ description: 'No such merchant' })
  @ApiResponse({ status: 422, description: 'The merchant has no such plugin, or Kakao no such task chain' })
  issue(@Body() { merchant, ...order }: RelayIdOrder): IssuedRelayId {
    if (!this.merchants.all.some(({ id }) => id === merchant)) throw new NotFoundException('No such merchant');
    try {
      return this.relayIds.issue(merchant, order);
    } catch (error) {
      if (error instanceof RelayOrderError) throw new UnprocessableEntityException(error.message);
      throw error;
    }
  }

  /** What a relay id says that the platform issued. */
  @Get(':relayId')
  @ApiParam({ name: 'relayId', description: 'As Kakao sent it' })
  @ApiOkResponse({ type: RelayContentDto })
  @ApiNotFoundResponse({ description: 'Foreign: not issued here, or under a key that is no longer kept' })
  read(@Param('relayId') relayId: string): RelayContentDto {
    const issued = this.relayIds.find(relayId);
    if (!issued) throw new NotFoundException('Not a relay id of this platform');
    return Object.assign(issued, { expired: this.clock.now() >= issued.expiresAt });
  }
}
