import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '../../..');

/** What Node is told in production: by the Dockerfile for every app, by docker-compose.yml for this one. */
export function shippedOptions(app: string): string[] {
  const everyApp = find('Dockerfile', /^ENV NODE_OPTIONS="(.*)"$/m).split(' ');
  const thisApp = find('docker-compose.yml', new RegExp(`command: \\[node, (.*)dist/apps/${app}/src/main\\.js\\]`));
  return [...everyApp, ...thisApp.split(', ').filter((option) => option !== '')];
}

function find(file: string, pattern: RegExp): string {
  const [, found] = pattern.exec(readFileSync(join(ROOT, file), 'utf8')) ?? [];
  if (found === undefined) throw new Error(`${file} has no ${String(pattern)}`);
  return found;
}
