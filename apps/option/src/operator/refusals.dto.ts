import { pageDto, PageQuery } from '@biz/platform';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional, IsString } from 'class-validator';

export class RefusalsQuery extends PageQuery {
  /** Id of the merchant; the default merchant when absent. */
  @ApiPropertyOptional({ example: 'demo-shop' })
  @IsOptional()
  @IsString()
  merchant?: string;

  /** Id of a product, for its refusals only. */
  @ApiPropertyOptional({ example: 'mug' })
  @IsOptional()
  @IsString()
  product?: string;
}

/** One thing that was wrong with a selection. */
export class SelectionProblem {
  /** Where in the request, or `answers:{group}` for what is missing. */
  @ApiProperty({ example: 'answers[1].addPrice' })
  path: string;

  /** What the customer would be told. */
  @ApiProperty({ example: "'색상' 항목의 가격이 변경되었습니다. 옵션을 다시 선택해 주세요." })
  message: string;
}

/** A selection that could not be ordered. */
export class RefusalDto {
  /** Of this refusal. */
  @ApiProperty({ example: '019a2f6e-0b5c-7c2e-9d0a-2f6f1f1f9a10' })
  id: string;

  /** Id of the merchant. */
  @ApiProperty({ example: 'demo-shop' })
  merchant: string;

  /** Nothing follows. */
  @ApiProperty({ enum: ['refused'] })
  state: 'refused';

  /** Id of the product (상품 ID). */
  @ApiProperty({ example: 'mug' })
  productId: string;

  /** The relay id (용도 ID), when there was one. */
  @ApiPropertyOptional({ example: 'order-20201208-0001' })
  relayId?: string;

  /** All of them, up to 100; the customer was told the first. */
  @ApiProperty({ type: [SelectionProblem] })
  problems: SelectionProblem[];

  /** When it was refused. */
  @ApiProperty()
  createdAt: Date;
}

export class RefusalPage extends pageDto(RefusalDto) {}
