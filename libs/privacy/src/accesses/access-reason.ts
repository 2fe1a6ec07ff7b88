import { applyDecorators, BadRequestException, createParamDecorator } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import { headerText, parseJson } from '@biz/platform';
import type { FastifyRequest } from 'fastify';
import { plain, withoutNumbers } from '../texts/free-text';

/** Why somebody looks at personal data, from where, and who they say they are. */
export interface AccessReason {
  reason: string;
  caller: string;
  operator?: string;
}

const LONGEST_REASON = 500;
const LONGEST_NAME = 100;

/** Names of two syllables are common; single letters and short words of an address stand in every sentence. */
const SHORTEST_VALUE = 2;
const SHORTEST_WORD = 3;

/**
 * The headers `X-Access-Reason` and `X-Operator`; nothing without a reason.
 *
 * Both are written in Korean, and clients send a header's UTF-8 either as bytes or percent-encoded: both are read.
 * What looks like a phone, card or resident number or a mail address is cut: the access log outlives the data it is about.
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

/**
 * A reason, or another text, without what stands in the data that it is about: names and addresses have no form of their own.
 *
 * @param shown the data, each part as JSON
 */
export function withoutShown(reason: string, ...shown: readonly string[]): string {
  const pieces = [...new Set(shown.flatMap(textsIn))]
    .map((text) => plain(text).trim())
    .flatMap((text) => [
      ...(text.length >= SHORTEST_VALUE ? [text] : []),
      ...text.split(/[\s,()]+/).filter((word) => word.length >= SHORTEST_WORD),
    ])
    .sort((a, b) => b.length - a.length)
    .map((piece) => piece.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&').replace(/\s+/g, '\\s*'));
  // All at once, so that no piece is found in what another was replaced by.
  return pieces.length === 0 ? reason : reason.replace(new RegExp(pieces.join('|'), 'giu'), '[cut]');
}

/** The texts and numbers of a JSON text, whatever they are called; of another text the text itself. */
function textsIn(json: string): string[] {
  const texts: string[] = [];
  const collect = (value: unknown): void => {
    if (typeof value === 'string' || typeof value === 'number') texts.push(String(value));
    else if (typeof value === 'object' && value !== null) Object.values(value).forEach(collect);
  };
  try {
    collect(parseJson(json));
  } catch {
    texts.push(json);
  }
  return texts;
}

function read(headers: FastifyRequest['headers'], name: string, longest: number): string | undefined {
  const given = headers[name.toLowerCase()];
  if (typeof given !== 'string') return undefined;
  const text = plain(decode(given)).trim();
  // Spaces, however they are spelt, are no reason.
  if (!/[\p{L}\p{N}]/u.test(text)) return undefined;
  if (text.length > longest) throw new BadRequestException(`${name} is longer than ${longest} characters`);
  return withoutNumbers(text);
}

function decode(header: string): string {
  const readable = headerText(header);
  try {
    return decodeURIComponent(readable);
  } catch {
    return readable;
  }
}
