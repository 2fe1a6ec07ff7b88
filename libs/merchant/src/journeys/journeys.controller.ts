import { Get, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiParam } from '@nestjs/swagger';
import { OperatorController } from '@biz/platform';
import { Journey, JourneyQuery } from './journey.dto';
import { Journeys } from './journeys';

@OperatorController('journeys')
export class JourneysController {
  constructor(private readonly journeys: Journeys) {}

  /**
   * What happened because of one relay id, in time order, in all apps (task chain, guide 0.6)
   *
   * @remarks The same answer in every app: login, option and payment of a task chain share one relay id. An order whose T1 came without it
   * is found by its draft. A relay id nobody used is a journey without steps.
   */
  @Get(':relayId')
  @ApiParam({ name: 'relayId', description: 'As Kakao sent it' })
  @ApiOkResponse({ type: Journey })
  of(@Param('relayId') relayId: string, @Query() { appUserId }: JourneyQuery): Promise<Journey> {
    return this.journeys.of(relayId, appUserId);
  }
}
