import type { Type } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { Type as ToType } from 'class-transformer';
import { IsInt, IsOptional, IsUUID, Max, Min } from 'class-validator';
import { LessThan } from 'typeorm';
import type { FindOptionsOrder, FindOptionsWhere, Repository } from 'typeorm';

const PAGE_SIZE = 20;

/** Paging of every list, newest first. */
export class PageQuery {
  /** Items to a page, 1 to 100 */
  @ToType(() => Number)
  @IsInt()
  @Min(1)
  @Max(100)
  limit?: number = PAGE_SIZE;

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

/** The rows of a page, newest first, and one more when there is a next page. Their ids are made in the order of time. */
export function newest<Row extends { id: string }>(
  rows: Repository<Row>,
  where: FindOptionsWhere<Row>,
  { limit = PAGE_SIZE, cursor }: PageQuery,
): Promise<Row[]> {
  const before = { ...where, ...(cursor !== undefined && { id: LessThan(cursor) }) };
  return rows.find({ where: before, order: { id: 'DESC' } as FindOptionsOrder<Row>, take: limit + 1 });
}

/** @param rows one more than `limit`, when there is a next page */
export function pageOf<Row extends { id: string }, Item>(
  rows: Row[],
  page: Pick<PageQuery, 'limit'>,
  show: (row: Row) => Item,
): Page<Item>;
/** @param cursorOf where a row stands in a list that is not in the order of ids */
export function pageOf<Row, Item>(
  rows: Row[],
  page: Pick<PageQuery, 'limit'>,
  show: (row: Row) => Item,
  cursorOf: (row: Row) => string,
): Page<Item>;
export function pageOf<Row extends { id: string }, Item>(
  rows: Row[],
  { limit = PAGE_SIZE }: Pick<PageQuery, 'limit'>,
  show: (row: Row) => Item,
  cursorOf: (row: Row) => string = ({ id }) => id,
): Page<Item> {
  const last = rows.length > limit ? rows[limit - 1] : undefined;
  return { items: rows.slice(0, limit).map(show), nextCursor: last === undefined ? null : cursorOf(last) };
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
