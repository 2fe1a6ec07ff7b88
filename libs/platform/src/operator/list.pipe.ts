import { ValidationPipe } from '@nestjs/common';
import type { ArgumentMetadata, ValidationPipeOptions } from '@nestjs/common';
import { MalformedRequest } from '../http/error.filter';
import { isOperatorBody, withoutValue } from './operator-body';
import { PageQuery } from './paging.dto';

/** Checks what comes in: an empty filter of a list (`?state=&plugin=`) is none, and a body of operators has no other fields. */
export class ListAwarePipe extends ValidationPipe {
  private readonly strict: ValidationPipe;

  constructor(options: ValidationPipeOptions) {
    super(options);
    this.strict = new ValidationPipe({ ...options, whitelist: true, forbidNonWhitelisted: true });
  }

  override transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    const { type, metatype } = metadata;
    if (type === 'body' && isOperatorBody(metatype)) {
      const empty = withoutValue(value);
      if (empty.length > 0) throw MalformedRequest.from(empty);
      return this.strict.transform(value, metadata) as Promise<unknown>;
    }
    const isList = type === 'query' && isPageQuery(metatype);
    return super.transform(isList ? withoutEmpty(value as object) : value, metadata) as Promise<unknown>;
  }
}

const isPageQuery = (type: ArgumentMetadata['metatype']): boolean =>
  type === PageQuery || type?.prototype instanceof PageQuery;

const withoutEmpty = (query: object): object =>
  Object.fromEntries(Object.entries(query).filter(([, value]) => value !== ''));
