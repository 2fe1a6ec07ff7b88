import { Drafts } from '@biz/commerce';
import type { Draft } from '@biz/commerce';
import { OperatorController } from '@biz/platform';
import { ConflictException, Delete, Get, NotFoundException, Param } from '@nestjs/common';
import { ApiConflictResponse, ApiNotFoundResponse, ApiOkResponse, ApiOperation, ApiParam } from '@nestjs/swagger';
import { DraftErasure } from '../selections/draft-erasure';
import { DraftDto } from './operator.dto';

const OPEN = 'An open draft may still be paid; wait until it expires';
const OWED = 'The shop is still to be told of it; wait until the delivery has ended';

@OperatorController('drafts')
export class DraftsController {
  constructor(
    private readonly drafts: Drafts,
    private readonly erasure: DraftErasure,
  ) {}

  @Get(':id')
  @ApiOperation({
    summary: 'A temporary order (임시 주문)',
    description:
      'What was selected and priced, and whether it was paid. What the customer typed into forms is not shown.',
  })
  @ApiParam({ name: 'id', description: 'What T2 answered in `data`', example: '019a2f6e-0b5c-7c2e-9d0a-2f6f1f1f9a10' })
  @ApiOkResponse({ type: DraftDto, description: 'The draft' })
  @ApiNotFoundResponse({ description: 'There is no such draft' })
  async get(@Param('id') id: string): Promise<DraftDto> {
    return shown(await this.find(id, { answers: true }));
  }

  @Delete(':id')
  @ApiOperation({
    summary: 'Erases the answers (파기)',
    description:
      'What was ordered, for how much and when stays; a failed delivery about it can no longer be sent again. Repeating it changes nothing.',
  })
  @ApiParam({ name: 'id', description: 'What T2 answered in `data`', example: '019a2f6e-0b5c-7c2e-9d0a-2f6f1f1f9a10' })
  @ApiOkResponse({ type: DraftDto, description: 'What is left' })
  @ApiNotFoundResponse({ description: 'There is no such draft' })
  @ApiConflictResponse({
    description: 'It is open, so it may be paid, or a delivery about it is pending: the shop must know what for',
  })
  async erase(@Param('id') id: string): Promise<DraftDto> {
    await this.erasure.erase(await this.find(id, { answers: false }));
    const left = await this.find(id, { answers: false });
    if (left.erasedAt === undefined) throw new ConflictException(left.state === 'open' ? OPEN : OWED);
    return shown(left);
  }

  private async find(id: string, what: { answers: boolean }): Promise<Draft> {
    const draft = await this.drafts.findById(id, what);
    if (draft === undefined) throw new NotFoundException('No such draft');
    return draft;
  }
}

/** Of forms only that they were filled in. */
function shown({ merchantId, chosen, ...draft }: Draft): DraftDto {
  const answers = chosen?.map(({ text, ...answer }) => ({ ...answer, ...(text !== undefined && { filledIn: true }) }));
  return { ...draft, merchant: merchantId, ...(answers && { chosen: answers }) };
}
