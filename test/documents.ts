import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { APP_NAMES } from '@biz/platform';
import type { AppName } from '@biz/platform';
import { Ajv2020 } from 'ajv/dist/2020';

interface Document {
  paths: Record<
    string,
    Record<string, { responses: Record<string, { content?: Record<string, { schema?: object }> }> }>
  >;
}

/** What an answer says that its document does not, or nothing. */
export type Check = (app: AppName, method: string, path: string, status: number, body: unknown) => string | undefined;

/** Compares real answers with the committed OpenAPI documents. */
export function documentChecker(): Check {
  const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false });
  const documents = new Map<AppName, Document>();
  for (const app of APP_NAMES) {
    const file = join(__dirname, '..', 'openapi', `${app}.json`);
    if (!existsSync(file)) throw new Error(`openapi/${app}.json is missing: npm run openapi`);
    const document = JSON.parse(readFileSync(file, 'utf8')) as Document;
    ajv.addSchema(document, app);
    documents.set(app, document);
  }
  return (app, method, path, status, body) => {
    const route = findRoute(documents.get(app)?.paths ?? {}, path);
    const responses = route ? documents.get(app)?.paths[route]?.[method.toLowerCase()]?.responses : undefined;
    const key = responses?.[String(status)] ? String(status) : 'default';
    const response = responses?.[key];
    // `default` is for errors: a success that is not declared is a mistake.
    if (!route || !response || (key === 'default' && status < 400))
      return `openapi/${app}.json does not know ${method} ${path} → ${status}`;
    const media = Object.entries(response.content ?? {}).find(([type]) => type.includes('json'));
    if (!media?.[1].schema)
      return body === undefined || body === '' ? undefined : `${method} ${route} → ${status} has no schema`;
    const pointer = ['paths', route, method.toLowerCase(), 'responses', key, 'content', media[0], 'schema'];
    const validate = ajv.getSchema(
      `${app}#/${pointer.map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))).join('/')}`,
    );
    if (!validate) return `${method} ${route} → ${status} has a schema that cannot be read`;
    return validate(body) ? undefined : `${method} ${route} → ${status}: ${ajv.errorsText(validate.errors)}`;
  };
}

function findRoute(paths: Document['paths'], path: string): string | undefined {
  const routes = Object.keys(paths).filter((route) =>
    new RegExp(`^${route.replace(/[.]/g, '\\.').replace(/\{[^{}]+\}/g, '[^/]+')}$`).test(path),
  );
  return routes.sort((a, b) => a.split('{').length - b.split('{').length)[0];
}
