import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createDocument } from '@biz/platform';
import { appDefinitions } from './apps';
import { run } from './environment';

/** Writes `openapi/{app}.json`, without a database; `--check` compares instead. */
run(async () => {
  const checking = process.argv.includes('--check');
  const outdated: string[] = [];
  mkdirSync('openapi', { recursive: true });
  for (const definition of await appDefinitions()) {
    const file = `openapi/${definition.name}.json`;
    const text = `${JSON.stringify(await createDocument(definition), undefined, 2)}\n`;
    if (!checking) writeFileSync(file, text);
    else if (text !== read(file)) outdated.push(file);
  }
  if (outdated.length > 0) {
    console.error(`Not what the code says: ${outdated.join(', ')}. Write them anew: npm run openapi`);
    process.exitCode = 1;
  }
});

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
