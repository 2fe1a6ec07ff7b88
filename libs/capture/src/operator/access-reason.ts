import { BadRequestException, createParamDecorator } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

/** Why somebody looks at personal data, and from where. */
export interface AccessReason {
  reason: string;
  caller: string;
}

const LONGEST_REASON = 500;

/**
 * The header `X-Access-Reason`, or nothing.
 *
 * Reasons are written in Korean, and clients send a header's UTF-8 either as bytes or percent-encoded: both are read.
 */
export const Reason = createParamDecorator((_: unknown, context: ExecutionContext): AccessReason | undefined => {
  const { headers, ip } = context.switchToHttp().getRequest<FastifyRequest>();
  const given = headers['x-access-reason'];
  if (typeof given !== 'string' || given.trim() === '') return undefined;
  const reason = decode(given).trim();
  if (reason.length > LONGEST_REASON) {
    throw new BadRequestException(`X-Access-Reason is longer than ${LONGEST_REASON} characters`);
  }
  return { reason, caller: ip };
});

function decode(header: string): string {
  // Node hands over header bytes as Latin-1.
  const text = Buffer.from(header, 'latin1').toString('utf8');
  const readable = text.includes('\uFFFD') ? header : text;
  try {
    return decodeURIComponent(readable);
  } catch {
    return readable;
  }
}
