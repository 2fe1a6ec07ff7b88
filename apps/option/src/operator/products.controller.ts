import { Product, ProductRefused, Products } from '@biz/commerce';
import { OperatorController } from '@biz/platform';
import { BadRequestException, Body, Get, NotFoundException, Param, Put, Query } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiBody,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
} from '@nestjs/swagger';
import { noSuchProduct, OperatorMerchant } from './operator-merchant';
import { MerchantQuery, SaveProductQuery, StoredProductDto } from './operator.dto';

@OperatorController('products')
export class ProductsController {
  constructor(
    private readonly products: Products,
    private readonly merchant: OperatorMerchant,
  ) {}

  @Get(':id')
  @ApiOperation({
    summary: 'A product as it is sold now',
    description:
      'By its own id or the one Kakao knows. `stock` is what is on hand; `levels` say how much of it is reserved.',
  })
  @ApiParam({ name: 'id', description: "The product's own id, or the one Kakao knows", example: '10013529' })
  @ApiOkResponse({ type: StoredProductDto, description: 'The product, with its stock' })
  @ApiNotFoundResponse({ description: 'There is no such product, or no such merchant' })
  async get(@Param('id') id: string, @Query() { merchant }: MerchantQuery): Promise<StoredProductDto> {
    const merchantId = this.merchant.idOf(merchant);
    const found = await this.products.inspect(merchantId, id);
    if (found === undefined) throw new NotFoundException(noSuchProduct(merchantId));
    const { product, levels, createdAt, updatedAt } = found;
    return Object.assign({}, product, { merchant: merchantId, levels, createdAt, updatedAt });
  }

  @Put(':id')
  @ApiOperation({
    summary: 'Create or replace a product',
    description:
      'Checked against every rule of the guide (5.2): all problems are told at once, with the path to each, and nothing is saved. ' +
      '`stock` sets what is on hand, reserved pieces included; an option without it is not counted any more. ' +
      'While the shop sells, `?stock=keep` changes everything but the counts that exist.',
  })
  @ApiParam({ name: 'id', description: "The product's own id", example: 'mug' })
  @ApiBody({ type: Product })
  @ApiOkResponse({ type: StoredProductDto, description: 'The product as it is held now' })
  @ApiBadRequestResponse({ description: 'The product breaks a rule; nothing was saved' })
  async put(
    @Param('id') id: string,
    @Query() { merchant, stock }: SaveProductQuery,
    @Body() body: object | null | undefined,
  ): Promise<StoredProductDto> {
    const given: { id?: unknown } = withoutAdded(body ?? {});
    if (given.id !== undefined && given.id !== id) {
      throw new BadRequestException({
        message: 'The product is refused.',
        problems: [{ path: 'id', message: 'differs from the address' }],
      });
    }
    try {
      await this.products.save(this.merchant.idOf(merchant), { ...given, id }, { stock });
    } catch (error) {
      if (!(error instanceof ProductRefused)) throw error;
      throw new BadRequestException({ message: 'The product is refused.', problems: error.problems });
    }
    return this.get(id, { merchant });
  }
}

/** What `GET` adds to a product: its answer can be changed and sent back. */
const ADDED: readonly string[] = ['merchant', 'levels', 'createdAt', 'updatedAt'] satisfies (keyof StoredProductDto)[];

const withoutAdded = (body: object): object =>
  Object.fromEntries(Object.entries(body).filter(([name]) => !ADDED.includes(name)));
