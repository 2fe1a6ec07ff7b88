import { namesPerson } from '@biz/privacy';
import { BadRequestException } from '@nestjs/common';
import type { ApiHeaderOptions } from '@nestjs/swagger';

const KEY = /^[\x21-\x7e]{1,200}$/;

export const IDEMPOTENCY_KEY_HEADER: ApiHeaderOptions = {
  name: 'Idempotency-Key',
  required: true,
  description:
    'Made by the caller, one for each wish; up to 200 characters; kept in the clear for years, so no phone number or mail address',
};

/** @throws BadRequestException when the header is missing or unreadable, or names a person */
export function requireKey(key: string | undefined): string {
  if (key === undefined || !KEY.test(key)) {
    throw new BadRequestException('The header Idempotency-Key is required: 1 to 200 printable characters');
  }
  if (namesPerson(key)) throw new BadRequestException('Idempotency-Key holds a phone number or mail address');
  return key;
}
