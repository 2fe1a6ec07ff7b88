import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, getSchemaPath, SwaggerModule } from '@nestjs/swagger';
import type { OpenAPIObject } from '@nestjs/swagger';
import { ErrorAnswer } from '../http/answer.dto';
import type { AppDefinition } from './app-definition';

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;

const METHODS = ['get', 'put', 'post', 'delete', 'patch'] as const;

/** Operators and machines that run the platform are never refused for calling often (RateLimits of @biz/merchant). */
const UNLIMITED = /^\/(?:operator|health)\//;

/** On an operation of the simulator: whose service it plays. Its errors are in the form of that service. */
export const PLAYED = 'x-played-service';

/**
 * The OpenAPI document of an app, with what Nest leaves out: path keys, open routes, errors of any route, names that a client
 * generator can use.
 */
export function describeApp(app: INestApplication, { name, title, description }: AppDefinition): OpenAPIObject {
  const config = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle(title)
    .setDescription(description)
    .setVersion('1')
    .setLicense('MIT', 'https://opensource.org/license/mit')
    .addServer('/')
    .addTag('Kakao', 'What Kakao calls (카카오가 호출하는 API)')
    .addTag('Operator', 'For people who run the platform')
    .addTag('Health', 'For machines that run the platform')
    .addBearerAuth(
      {
        type: 'http',
        scheme: 'bearer',
        description: 'The value of OPERATOR_TOKEN; in development dev-operator-token unless set',
      },
      'operator',
    )
    .build();
  const isLimited = name !== 'simulator';
  const document = withPlainReferences(SwaggerModule.createDocument(app, config, { extraModels: [ErrorAnswer] }));
  for (const [path, item] of Object.entries(document.paths)) {
    for (const method of METHODS) {
      const operation = item[method];
      if (!operation) continue;
      if (isLimited && !UNLIMITED.test(path)) operation.responses['429'] ??= TOO_MANY;
      finish(path, operation);
      describeErrors(operation);
    }
  }
  return withoutUnused(document);
}

/** The simulator has no operator API, and no Kakao calls it. */
function withoutUnused(document: OpenAPIObject): OpenAPIObject {
  const operations = Object.values(document.paths).flatMap((item) => METHODS.flatMap((method) => item[method] ?? []));
  const used = new Set(operations.flatMap(({ tags }) => tags ?? []));
  document.tags = document.tags?.filter(({ name }) => used.has(name)) ?? [];
  if (!operations.some(({ security }) => security?.length)) delete document.components?.securitySchemes;
  return document;
}

const TOO_MANY = {
  description: 'Too many calls in this minute (요청 횟수 초과)',
  headers: {
    'Retry-After': { description: 'Seconds until the next minute begins', schema: { type: 'integer' as const } },
  },
};

/** Gives each error that is declared without a form of its own the one form, and each that is not declared a default. */
function describeErrors(operation: Operation): void {
  const schema = PLAYED in operation ? { type: 'object' as const } : { $ref: getSchemaPath(ErrorAnswer) };
  const content = { 'application/json': { schema } };
  const { responses } = operation;
  responses.default ??= { description: 'Any other error' };
  for (const [status, response] of Object.entries(responses)) {
    const isError = status === 'default' || Number(status) >= 400;
    // `@ApiProduces` of a picture says that its errors are pictures too.
    if (isError && response && 'description' in response && !response.content?.['application/json'])
      response.content = content;
  }
}

function finish(path: string, operation: Operation): void {
  const ofMerchant = path.includes('{pathKey}');
  operation.operationId = operation.operationId
    ?.replace(/Controller_/, '_')
    .replace(/\[\d+\]$/, ofMerchant ? '_byPathKey' : '');
  operation.security ??= [];
  if (ofMerchant) {
    operation.parameters = [
      {
        name: 'pathKey',
        in: 'path',
        required: true,
        description:
          'The unguessable key of a merchant in the address: of a route that Kakao calls its path key, of one that a customer opens the customer path key derived from it',
        schema: { type: 'string' },
      },
      ...(operation.parameters ?? []),
    ];
    operation.responses['404'] ??= { description: 'No merchant has this path key for a route of this kind' };
  }
  for (const response of Object.values(operation.responses)) {
    if (response && 'description' in response && response.description === '') response.description = 'Success';
  }
}

/** OpenAPI 3.1 lets a reference have neighbours, so `allOf` around a single one is noise. */
function withPlainReferences<T>(value: T): T {
  if (Array.isArray(value)) return value.map((item: unknown) => withPlainReferences(item)) as T;
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(
    ([key, item]: [string, unknown]) => [key, withPlainReferences(item)] as const,
  );
  const { allOf, ...rest } = Object.fromEntries(entries);
  if (Array.isArray(allOf) && allOf.length === 1) return { ...rest, ...(allOf[0] as object) } as T;
  return Object.fromEntries(entries) as T;
}
