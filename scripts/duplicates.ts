import { readFileSync } from 'node:fs';

/** Production packages that may be there in more than one version, and why. */
const ACCEPTED: Record<string, string> = {
  'fast-uri': 'ajv 8 below fastify still takes major 3',
  'string-width': 'cliui and yargs of the TypeORM command line; no app loads it',
};

interface Lock {
  packages: Record<string, { version?: string; dev?: boolean; devOptional?: boolean; optional?: boolean }>;
}

/** Two versions of one package are two copies in memory, and two of everything it keeps in module scope. */
const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as Lock;
const versions = new Map<string, Set<string>>();
for (const [path, { version, dev, devOptional }] of Object.entries(packages)) {
  const name = path.split('node_modules/').at(-1);
  if (!name || !version || dev || devOptional) continue;
  versions.set(name, (versions.get(name) ?? new Set()).add(version));
}

const problems = [...versions].flatMap(([name, found]) => {
  if (found.size > 1 && !(name in ACCEPTED)) return [`${name} is there as ${[...found].join(' and ')}`];
  return found.size === 1 && name in ACCEPTED ? [`${name} is accepted twice, but there is one version only`] : [];
});
for (const name of Object.keys(ACCEPTED)) {
  if (!versions.has(name)) problems.push(`${name} is accepted twice, but is not there at all`);
}
if (problems.length > 0) {
  console.error(problems.join('\n'));
  process.exitCode = 1;
}
