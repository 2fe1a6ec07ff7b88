import { applyDecorators, BadRequestException, createParamDecorator } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import { scrubText } from '@biz/platform';
import type { FastifyRequest } from 'fastify';

/** Why somebody looks at personal data, from where, and who they say they are. */
export interface AccessReason {
  reason: string;
  caller: string;
  operator?: string;
}

const LONGEST_REASON = 500;
const LONGEST_NAME = 100;

/**
 * The headers `X-Access-Reason` and `X-Operator`; nothing without a reason.
 *
 * Both are written in Korean, and clients send a header's UTF-8 either as bytes or percent-encoded: both are read.
 * Phone numbers and mail addresses in them are cut: the access log outlives the data it is about.
 */
export const Reason = createParamDecorator((_: unknown, context: ExecutionContext): AccessReason | undefined => {
  const { headers, ip } = context.switchToHttp().getRequest<FastifyRequest>();
  const reason = read(headers, 'X-Access-Reason', LONGEST_REASON);
  if (reason === undefined) return undefined;
  const operator = read(headers, 'X-Operator', LONGEST_NAME);
  return { reason, caller: ip, ...(operator !== undefined && { operator }) };
});

/** How Swagger shows the two headers. */
export const ApiReason = ({ required }: { required: boolean }): MethodDecorator =>
  applyDecorators(
    ApiHeader({
      name: 'X-Access-Reason',
      required,
      description: `Why the personal data is looked at, up to ${LONGEST_REASON} characters, UTF-8 or percent-encoded; written to the access log (접속기록)`,
    }),
    ApiHeader({
      name: 'X-Operator',
      required: false,
      description: 'Who looks at it, as in your own staff list; written to the access log with the address',
    }),
  );

function read(headers: FastifyRequest['headers'], name: string, longest: number): string | undefined {
  const given = headers[name.toLowerCase()];
  if (typeof given !== 'string' || given.trim() === '') return undefined;
  const text = decode(given).trim();
  if (text.length > longest) throw new BadRequestException(`${name} is longer than ${longest} characters`);
  return scrubText(text);
}

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
