import type { FastifyInstance } from 'fastify';
import type { AppName } from '../config/addresses.config';

/** Of every answer, also of those that no route gives: it is no page, no other page frames it, and no browser keeps it. */
export const ANSWER_HEADERS = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  // Answers hold personal data; what may be kept says so itself.
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
};

/** Swagger UI has styles and pictures within its page, and all scripts in files. It works over plain http, as people open it. */
const SWAGGER_UI_HEADERS = {
  ...ANSWER_HEADERS,
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
};

/** Pages for people who play Kakao: they load what the simulator serves. */
const SIMULATOR_HEADERS = { ...ANSWER_HEADERS, 'content-security-policy': "frame-ancestors 'none'" };

const DOCS = /^\/docs(?:[/?]|$)/;

/** Strict-Transport-Security is the gateway's to say: it has the certificate. */
export function addSecurityHeaders(fastify: FastifyInstance, name: AppName): void {
  const headers = name === 'simulator' ? SIMULATOR_HEADERS : ANSWER_HEADERS;
  fastify.addHook('onRequest', (request, reply, done) => {
    void reply.headers(DOCS.test(request.url) ? SWAGGER_UI_HEADERS : headers);
    done();
  });
}
