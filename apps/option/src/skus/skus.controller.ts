import { ProductChanged } from '@biz/commerce';
import { csvOf, OperatorController, ReadsBodies } from '@biz/platform';
import {
  BadRequestException,
  ConflictException,
  Get,
  Param,
  Put,
  Query,
  Req,
  StreamableFile,
  UnsupportedMediaTypeException,
} from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiBody,
  ApiConflictResponse,
  ApiConsumes,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiProduces,
  ApiUnprocessableEntityResponse,
} from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { MerchantQuery } from '../operator/operator.dto';
import { OperatorMerchant } from '../operator/operator-merchant';
import { SkuImport } from './sku-import';
import { headerOf, rowsOf } from './sku-table';
import { ImportSkusQuery, SkuImportDto } from './skus.dto';

@OperatorController('products/:id/skus')
export class SkusController {
  constructor(
    private readonly skus: SkuImport,
    private readonly merchant: OperatorMerchant,
  ) {}

  @Get()
  @ApiOperation({
    summary: 'The SKUs of a product as CSV, for Excel',
    description:
      'One line for each SKU: the value of each group (of a simple product the group and the option), then 추가 금액, 재고 ' +
      '(on hand, reserved pieces included), 최소 수량, 최대 수량, 전달값 (extra) and 재고 이름 (sku). UTF-8 with BOM, CRLF; ' +
      "a text that a spreadsheet would run as a formula begins with '. Sent back as it is, it changes nothing.",
  })
  @ApiParam({ name: 'id', description: "The product's own id, or the one Kakao knows", example: '10013529' })
  @ApiProduces('text/csv')
  @ApiOkResponse({ description: 'The file', content: { 'text/csv': { schema: { type: 'string' } } } })
  @ApiNotFoundResponse({ description: 'There is no such product, or no such merchant' })
  @ApiUnprocessableEntityResponse({ description: 'The SKUs of this product do not fit a table' })
  async export(@Param('id') id: string, @Query() { merchant }: MerchantQuery): Promise<StreamableFile> {
    const { product } = await this.skus.tableOf(this.merchant.idOf(merchant), id);
    const rows = function* (): Generator<string[]> {
      yield headerOf(product);
      yield* rowsOf(product);
    };
    const name = encodeURIComponent(`${product.id}.csv`);
    return new StreamableFile(csvOf(rows()), {
      type: 'text/csv; charset=utf-8',
      disposition: `attachment; filename*=UTF-8''${name}`,
    });
  }

  @Put()
  @ApiOperation({
    summary: 'Replace the SKUs of a product by those of a CSV file',
    description:
      'The file has the titles and columns of the export. UTF-8, UTF-16 and CP949 are read, with commas, semicolons or tabs. All of it or nothing: SKUs that are not in ' +
      'the file are no longer sold, new values make new options. 재고 is what is on hand and never below what is reserved; ' +
      '`?stock=keep` leaves existing counts alone while the shop sells. `?dryRun=true` tells what would happen, each problem by its line.',
  })
  @ApiParam({ name: 'id', description: "The product's own id, or the one Kakao knows", example: '10013529' })
  @ReadsBodies('text/csv')
  @ApiConsumes('text/csv')
  @ApiBody({ schema: { type: 'string' } })
  @ApiOkResponse({
    type: SkuImportDto,
    description: 'What the file did; of a dry run what it would do, problems included',
  })
  @ApiBadRequestResponse({ description: 'The file is wrong, each problem by its line; nothing was saved' })
  @ApiNotFoundResponse({ description: 'There is no such product, or no such merchant' })
  @ApiConflictResponse({ description: 'The product was saved by somebody else meanwhile; nothing was saved' })
  @ApiUnprocessableEntityResponse({ description: 'The SKUs of this product do not fit a table' })
  async import(
    @Param('id') id: string,
    @Query() { merchant, stock = 'set', dryRun }: ImportSkusQuery,
    @Req() { body }: FastifyRequest,
  ): Promise<SkuImportDto> {
    if (!isStream(body)) throw new UnsupportedMediaTypeException('A file of SKUs is sent as text/csv');
    try {
      const told = await this.skus.read(this.merchant.idOf(merchant), id, body, { dryRun: dryRun === 'true', stock });
      if (told.problemCount === 0 || told.dryRun) return told;
      const message = `The file is refused: ${told.problemCount} problems.`;
      throw new BadRequestException({ message, problems: told.problems });
    } catch (error) {
      if (error instanceof ProductChanged) throw new ConflictException('The product was changed meanwhile');
      throw error;
    }
  }
}

const isStream = (body: unknown): body is AsyncIterable<Buffer> =>
  typeof body === 'object' && body !== null && Symbol.asyncIterator in body;
