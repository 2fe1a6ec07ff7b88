import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** Name and value of every line of .env.example, behind a # or not. */
const example = new Map(
  [...read('.env.example').matchAll(/^(?:# )?([A-Z][A-Z0-9_]+)=(.*)$/gm)].map(([, name = '', value = '']) => [
    name,
    value,
  ]),
);
const sources = ['apps', 'libs', 'merchants', 'scripts']
  .flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)),
  )
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.spec.ts') && !/^libs\/testing\/|\/test\//.test(file))
  .map(read)
  .join('\n');
const containers = ['docker-compose.yml', 'deploy/Caddyfile']
  .filter((file) => existsSync(join(ROOT, file)))
  .map(read)
  .join('\n');

/** Set by a script or by npm itself, never by a person. */
const INTERNAL = new Set(['LAUNCHED_BY', 'PATH', 'CI', 'NO_COLOR', 'FORCE_COLOR']);
/** Set by the gateway's own test, which runs the Caddyfile beside no containers. */
const OF_GATEWAY_TEST = /^(\w+_UPSTREAM|CADDY_ADMIN|GATEWAY_(PLAIN|TLS)_PORT|GATEWAY_REQUEST_TIMEOUT)$/;

function namesIn(text: string, ...patterns: RegExp[]): string[] {
  const names = patterns.flatMap((pattern) => [...text.matchAll(pattern)].map(([, name = '']) => name));
  return [...new Set(names)].filter((name) => !INTERNAL.has(name)).sort();
}

describe('.env.example', () => {
  it('names every variable that a configuration class binds', () => {
    const bound = namesIn(sources, /@(?:Variable|Limit)\(\s*'(\w+)'/g);
    expect(bound.length).toBeGreaterThan(40);
    expect(bound.filter((name) => !example.has(name))).toEqual([]);
  });

  it('names every variable that is read without one', () => {
    const found = namesIn(sources, /\benv\.([A-Z][A-Z0-9_]+)/g, /process\.env\.([A-Z][A-Z0-9_]+)/g);
    expect(found.filter((name) => !example.has(name) && name !== 'AWS_ENDPOINT_URL')).toEqual([]);
  });

  it('names every secret of a merchant', () => {
    const secrets = namesIn(read('libs/merchant/src/registry/merchant-secrets.ts'), /read\('(\w+)'\)/g);
    expect(secrets.length).toBeGreaterThan(9);
    expect(secrets.filter((name) => !example.has(`DEMO_SHOP_${name}`))).toEqual([]);
  });

  it('names every variable of the containers', () => {
    const found = namesIn(containers, /\$\{([A-Z][A-Z0-9_]+)/g, /\{\$([A-Z][A-Z0-9_]+)/g);
    expect(found.filter((name) => !example.has(name) && !OF_GATEWAY_TEST.test(name))).toEqual([]);
  });

  it('names nothing that no program reads', () => {
    const everything = `${sources}\n${containers}`;
    if (containers === '') return;
    const unread = [...example.keys()].filter(
      (name) => !name.startsWith('AWS_') && !name.startsWith('DEMO_SHOP_') && !everything.includes(name),
    );
    expect(unread).toEqual([]);
  });

  it('shows the defaults that the code has', () => {
    const numbers = [
      ...sources.matchAll(
        /@(?:Variable|Limit)\(\s*'(\w+)'(?:(?!@Variable|@Limit|class )[\s\S])*?: number = ([\d_]+);/g,
      ),
    ];
    expect(numbers.length).toBeGreaterThan(15);
    const wrong = numbers
      .map(([, name = '', value = '']) => [name, value.replaceAll('_', '')] as const)
      .filter(([name, value]) => example.get(name) !== value);
    expect(wrong).toEqual([]);
  });
});
