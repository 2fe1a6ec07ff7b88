import { ValidationPipe } from '@nestjs/common';
import type { ArgumentMetadata, ValidationPipeOptions } from '@nestjs/common';
import { MalformedRequest } from '../http/error.filter';
import { nullsIn, OperatorBody } from './operator-body';
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
    if (type === 'body' && isA(metatype, OperatorBody)) {
      const nulls = nullsIn(value);
      if (nulls.length > 0) throw MalformedRequest.from(nulls);
      return this.strict.transform(value, metadata) as Promise<unknown>;
    }
    const isList = type === 'query' && isA(metatype, PageQuery);
    return super.transform(isList ? withoutEmpty(value as object) : value, metadata) as Promise<unknown>;
  }
}

const isA = (type: ArgumentMetadata['metatype'], base: abstract new () => object): boolean =>
  (type as unknown) === base || type?.prototype instanceof base;

const withoutEmpty = (query: object): object =>
  Object.fromEntries(Object.entries(query).filter(([, value]) => value !== ''));
