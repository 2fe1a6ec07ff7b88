import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { testDatabase } from '@biz/testing';
import { imageApp } from '../apps/image/src/image.module';
import { paymentApp } from '../apps/payment/src/payment.module';

const ROOT = join(__dirname, '..');
const PAGE = readFileSync(join(ROOT, 'docs/operations.md'), 'utf8');

describe('docs/operations.md', () => {
  it('asks for what waits in tables and columns that exist', async () => {
    const sql = /```sql\n(-- What waits[\s\S]*?)```/.exec(PAGE)?.[1] ?? '';
    const database = await testDatabase(...new Set([...imageApp([]).schemas, ...paymentApp([]).schemas]));
    try {
      for (const table of [
        'pgboss.job',
        'capture.captures',
        'capture.files',
        'merchant.deliveries',
        'payment.attempts',
      ])
        expect(sql).toContain(`FROM ${table} WHERE`);
      for (const statement of sql.split(';\n').filter(Boolean)) await database.query(statement);
    } finally {
      await database.drop();
    }
  });

  it('names every metric', () => {
    const sources = globSync('{apps,libs}/*/src/**/*.ts', { cwd: ROOT }).map((file) =>
      readFileSync(join(ROOT, file), 'utf8'),
    );
    const metrics = sources.flatMap((text) =>
      [...text.matchAll(/new (?:Counter|Gauge|Histogram)\(\{\s*name: '(\w+)'/g)].map(([, name = '']) => name),
    );
    expect(metrics).toContain('http_request_duration_seconds');
    expect(metrics.filter((name) => !PAGE.includes(`| \`${name}\``))).toEqual([]);
  });
});

it('lets the init process of the container of PostgreSQL pass a signal on to another user: without it every stop is a crash', () => {
  const compose = readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8');
  const postgres = /\n {2}postgres:\n[\s\S]*?\n {2}migrate:\n/.exec(compose)?.[0];
  expect(postgres).toMatch(/cap_add: \[.*\bKILL\b.*\]/);
});
