import { ValidationPipe } from '@nestjs/common';
import type { ArgumentMetadata } from '@nestjs/common';
import { PageQuery } from './paging.dto';

/** Checks what comes in; an empty filter of a list (`?state=&plugin=`) is none. */
export class ListAwarePipe extends ValidationPipe {
  override transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    const isList = metadata.type === 'query' && isPageQuery(metadata.metatype);
    return super.transform(isList ? withoutEmpty(value as object) : value, metadata) as Promise<unknown>;
  }
}

const isPageQuery = (type: ArgumentMetadata['metatype']): boolean =>
  type === PageQuery || type?.prototype instanceof PageQuery;

const withoutEmpty = (query: object): object =>
  Object.fromEntries(Object.entries(query).filter(([, value]) => value !== ''));
