import { Drafts } from '@biz/commerce';
import { OperatorController } from '@biz/platform';
import { Get, NotFoundException, Param } from '@nestjs/common';
import { ApiNotFoundResponse, ApiOkResponse, ApiOperation, ApiParam } from '@nestjs/swagger';
import { DraftDto } from './operator.dto';

@OperatorController('drafts')
export class DraftsController {
  constructor(private readonly drafts: Drafts) {}

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
    const draft = await this.drafts.findById(id);
    if (draft === undefined) throw new NotFoundException('No such draft');
    const { merchantId, chosen, ...shown } = draft;
    const answers = chosen.map(({ text, ...answer }) => ({ ...answer, ...(text !== undefined && { filledIn: true }) }));
    return { ...shown, merchant: merchantId, chosen: answers };
  }
}
