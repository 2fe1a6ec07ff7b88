import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * `npm run new-merchant -- acme`: a folder in merchants/ that compiles, passes its tests and is part of every app.
 *
 * Run by Node as it is, without a build. A second run changes nothing.
 */
const ID = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
/** First words of the platform's own variables: `kakao` would read KAKAO_…. */
const TAKEN =
  'aws data database default drafts draft gateway host image index kakao kakaopay location log merchants near node operator option order otp payment postgres profile public retry secrets shop simulator subscription sync tid trusted'.split(
    ' ',
  );
const RESERVED =
  'await break case catch class const continue debugger default delete do else enum export extends false finally for function if implements import in instanceof interface let new null package private protected public return static super switch this throw true try typeof var void while with yield arguments eval merchants'.split(
    ' ',
  );
const LIST = /export const merchants: MerchantDefinition\[\] = \[([^\]]*)\];/;

const [id = '', ...more] = process.argv.slice(2);
const problem = problemWith(id);
if (problem !== undefined || more.length > 0) {
  console.error(problem ?? `Found ${String(more.length + 1)} names; give one: npm run new-merchant -- acme`);
  process.exit(1);
}
const variable = camel(id);
const folder = join('merchants', id);
const isNew = !existsSync(folder);
if (isNew) write();
const isListed = list();
console.log(
  isNew
    ? `Made ${folder}/ and listed it in merchants/index.ts.`
    : `${folder}/ was there already${isListed ? '; listed it in merchants/index.ts' : ', nothing changed'}.`,
);
console.log(nextSteps());

function problemWith(name: string): string | undefined {
  if (name === '') return 'Give the id of the merchant: npm run new-merchant -- acme';
  if (!ID.test(name) || name.length > 40)
    return `Found ${JSON.stringify(name)}; an id is lower-case words joined by dashes, 40 characters at most: acme-store`;
  const [first = ''] = name.split('-');
  if (TAKEN.includes(first))
    return `The id may not begin with ${first}: its variables ${prefixOf(name)}_… could be the platform's own. Take another: my-${name}`;
  if (name.endsWith('-test'))
    return `${name} is the name of a test app beside a live one (guide 0.7): make ${name.slice(0, -5)}, and see docs/merchants.md, "Test and live"`;
  if (RESERVED.includes(camel(name))) return `${name} is a word of TypeScript. Take another: ${name}-shop`;
  if (existsSync(join('merchants', name)) && !existsSync(join('merchants', name, `${name}.ts`)))
    return `merchants/${name} is there already and holds no ${name}.ts. Take another name, or move that folder`;
  return undefined;
}

function list(): boolean {
  const path = join('merchants', 'index.ts');
  const text = readFileSync(path, 'utf8');
  if (text.includes(`from './${id}'`)) return false;
  const names = LIST.exec(text)?.[1];
  if (names === undefined) {
    console.error(`${path} has no line "export const merchants: MerchantDefinition[] = […];": add ${variable} by hand`);
    process.exit(1);
  }
  const imports = text.lastIndexOf('import ');
  const end = text.indexOf('\n', imports) + 1;
  const listed = names.trim() === '' ? variable : `${names.trim().replace(/,$/, '')}, ${variable}`;
  const added = `${text.slice(0, end)}import { ${variable} } from './${id}';\n${text.slice(end)}`;
  writeFileSync(
    path,
    added.replace(LIST, () => `export const merchants: MerchantDefinition[] = [${listed}];`),
  );
  return true;
}

function write(): void {
  const type = variable.charAt(0).toUpperCase() + variable.slice(1);
  const files: Record<string, string> = {
    'index.ts': `export { ${variable} } from './${id}';\n`,
    [`${id}.ts`]: `import { defineMerchant } from '@biz/merchant';
import { ${type}Module } from './${id}.module';

/** Secrets come from the environment: ${prefixOf(id)}_REST_API_KEY … */
export const ${variable} = defineMerchant({
  id: '${id}',
  name: '${id}',
  // 앱 ID of Kakao Developers. A test app (guide 0.7) until you go live.
  app: { id: '0', environment: 'test' },
  plugins: {
    profile: [{ key: 'delivery', scopes: ['nickname', 'phone_number', 'shipping_address'], purpose: '상품 배송' }],
    option: { kind: 'commerce' },
    payment: { api: 'open' },
  },
  module: ${type}Module,
});
`,
    [`${id}.module.ts`]: `import { Module } from '@nestjs/common';
import { OrderSheetSource } from '@biz/merchant';
import { ${type}OrderSheets } from './order-sheets';

/** What the shop answers itself; leave out a port that it does not need. */
@Module({ providers: [{ provide: OrderSheetSource, useClass: ${type}OrderSheets }] })
export class ${type}Module {}
`,
    'order-sheets.ts': `import { Injectable } from '@nestjs/common';
import { OrderSheetSource } from '@biz/merchant';
import type { Buyer, OrderSheet } from '@biz/merchant';

/** What the ids of payment buttons mean. Drafts of the option plugin are found without code. */
@Injectable()
export class ${type}OrderSheets extends OrderSheetSource {
  load(orderSheetId: string, _buyer: Buyer): Promise<OrderSheet | undefined> {
    if (orderSheetId !== 'sheet-1') return Promise.resolve(undefined);
    return Promise.resolve({
      lines: [{ name: '첫 상품', quantity: 1 }],
      totalAmount: 10_000,
      needsShipping: false,
    });
  }
}
`,
    [`${id}.spec.ts`]: `import { describeMerchant } from '@biz/testing';
import { ${variable} } from './${id}';

describeMerchant(${variable}, { orderSheets: ['sheet-1'] });
`,
  };
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
}

function nextSteps(): string {
  const prefix = prefixOf(id);
  return `
Next:
  1. ${folder}/${id}.ts: name, app id, the plugins you use
  2. ${folder}/order-sheets.ts: what your order sheet ids mean
  3. npm test -- merchants/${id}
  4. npm start, and: npm run simulate -- payment --path-key ${id} --sheet sheet-1
  5. npm run form -- ${id} --scenario 1

In production, from Kakao and KakaoPay (docs/going-live.md):
  ${prefix}_REST_API_KEY  ${prefix}_CLIENT_SECRET  ${prefix}_ADMIN_KEY
  ${prefix}_PAY_SECRET_KEY  ${prefix}_CID  ${prefix}_CID_SECRET
  ${prefix}_SUBSCRIPTION_CID  ${prefix}_SUBSCRIPTION_CID_SECRET
and your own:
  ${prefix}_PATH_KEY        openssl rand -hex 16
  ${prefix}_WEBHOOK_URL     where your events go
  ${prefix}_WEBHOOK_SECRET  echo "whsec_$(openssl rand -base64 32)"

Ports, configuration, tables, tests: docs/merchants.md`;
}

function camel(name: string): string {
  return name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}

function prefixOf(name: string): string {
  return name.toUpperCase().replaceAll('-', '_');
}
