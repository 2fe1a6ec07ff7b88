import type { Type } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { Type as ToType } from 'class-transformer';
import { IsInt, IsOptional, IsUUID, Max, Min } from 'class-validator';

/** Paging of every list, newest first. */
export class PageQuery {
  /** Items to a page, 1 to 100 */
  @ToType(() => Number)
  @IsInt()
  @Min(1)
  @Max(100)
  limit?: number = 20;

  /** `nextCursor` of the page before */
  @ApiProperty({ format: 'uuid', required: false })
  @IsOptional()
  @IsUUID()
  cursor?: string;
}

export interface Page<Item> {
  items: Item[];
  /** `null` on the last page. */
  nextCursor: string | null;
}

/** @param rows one more than `limit`, when there is a next page */
export function pageOf<Row, Item>(
  rows: Row[],
  limit: number,
  cursor: (row: Row) => string,
  show: (row: Row) => Item,
): Page<Item> {
  const last = rows.length > limit ? rows[limit - 1] : undefined;
  return { items: rows.slice(0, limit).map(show), nextCursor: last === undefined ? null : cursor(last) };
}

/** The page of a list as Swagger shows it. */
export function pageDto<Item>(item: Type<Item>): Type<Page<Item>> {
  class PageDto {
    @ApiProperty({ type: [item], description: 'Newest first' })
    items: Item[];

    @ApiProperty({
      type: String,
      nullable: true,
      description: 'Give it as `cursor` for the next page; `null` on the last',
    })
    nextCursor: string | null;
  }
  Object.defineProperty(PageDto, 'name', { value: `${item.name.replace(/Dto$/, '')}Page` });
  return PageDto;
}
