import { newest, OperatorController, pageOf } from '@biz/platform';
import { Body, Get, HttpCode, Param, ParseUUIDPipe, Post, Query } from '@nestjs/common';
import { ApiConflictResponse, ApiNotFoundResponse, ApiOkResponse, ApiParam } from '@nestjs/swagger';
import { DataSource } from 'typeorm';
import { DifferenceDto, DifferencePage, DifferencesQuery, GiveUpRequest } from './difference.dto';
import { Difference } from './difference.entity';
import { Differences } from './differences';

@OperatorController('differences')
export class DifferencesController {
  constructor(
    private readonly dataSource: DataSource,
    private readonly differences: Differences,
  ) {}

  /** What differs between our records and KakaoPay's word, newest first; `open` ones wait for a person */
  @Get()
  @ApiOkResponse({ type: DifferencePage })
  async list(@Query() { state, merchant, ...page }: DifferencesQuery): Promise<DifferencePage> {
    const where = { ...(state && { state }), ...(merchant !== undefined && { merchant }) };
    const rows = await newest(this.dataSource.getRepository(Difference), where, page);
    return pageOf(rows, page, (each) => DifferenceDto.of(each));
  }

  /**
   * Leaves a difference as it is, by a decision that names the amount at stake
   *
   * @remarks It stays in the list, with who decided, when, why and how much.
   */
  @Post(':id/give-up')
  @ApiParam({ name: 'id', description: 'Id of the difference' })
  @HttpCode(200)
  @ApiOkResponse({ type: DifferenceDto })
  @ApiNotFoundResponse({ description: 'No such difference' })
  @ApiConflictResponse({ description: 'Another amount is at stake, it is not open, or the order is in review' })
  async giveUp(@Param('id', ParseUUIDPipe) id: string, @Body() body: GiveUpRequest): Promise<DifferenceDto> {
    return DifferenceDto.of(await this.differences.giveUp(id, body));
  }
}
