import { parseArgs } from 'node:util';
import type { Environment } from '@biz/platform';
import { FAULTS_OF, SCENARIO_KINDS, type ScenarioKind } from '../scenarios/scenario-kinds';
import { ScenarioRefused, simulatorFor } from './client';
import { paint, tell } from './story';

const USAGE = `npm run simulate -- <scenario> [options]

Calls a merchant server as Kakao would, prints what happened, and ends with 1 when the guide is violated.

scenarios: ${SCENARIO_KINDS.join(', ')}

  --target URL      base URL of the merchant server; without it our own app of this plugin
  --path-key KEY    its routes are below /m/KEY
  --path NAME=PATH  a path that differs from the guide's: callback, options, option, ordersheet,
                    approve, status, redirect, unlink, events (again for each)
  --sheet ID        payment: order sheet id            --zip CODE     payment: post code
  --method CARD     payment: CARD or MONEY             --product ID   option, chain: product id
  --plugin KEY      callbacks: last path segment       --shape NAME   profile, location, sync: what is answered
  --count N         image: pictures                    --bytes N      image: bytes of an original
  --steps LIST      sync: join,events,unlink           --user ID      X-Kakao-AppUserId
  --relay ID        X-Kakao-Plugin-Relay-Id            --key KEY      the only valid REST API key
  --fault NAME      what goes wrong (again for each; NAME:3 three times)
  --expect OUTCOME  how it must end, such as paid or refused-300
  --timeout S       seconds until it is given up       --json         print the timeline as JSON
  --faults          list the faults of the scenario`;

const TEXT = { type: 'string' } as const;

/** `npm run simulate`. @returns the exit code: 1 on a violation, 2 on a wrong command line */
export async function simulate(args: string[], env: Environment): Promise<number> {
  const read = readArguments(args);
  if (typeof read === 'number') return read;
  const { kind, options, json } = read;
  const simulator = await simulatorFor(env);
  const { client, own } = simulator;
  try {
    if (own && !json && options.target) {
      console.log(
        paint.dim(
          `simulator: ${client.url}; your server must take it for Kakao (KAKAO_TALK_PLUGIN_ORIGIN and the others).\n`,
        ),
      );
    }
    const scenario = await client.run(kind, options);
    console.log(json ? JSON.stringify(scenario, null, 2) : tell(scenario));
    return scenario.verdict?.ok ? 0 : 1;
  } catch (error) {
    if (!(error instanceof ScenarioRefused)) throw error;
    console.error(`The simulator refuses this command line: ${error.message}\nnpm run simulate -- --help`);
    return 2;
  } finally {
    await simulator.close();
  }
}

function readArguments(
  args: string[],
): number | { kind: ScenarioKind; options: Record<string, unknown>; json: boolean } {
  const parsed = parse(args);
  if (!parsed || parsed.values.help || parsed.positionals.length !== 1) {
    console.log(USAGE);
    return parsed?.values.help ? 0 : 2;
  }
  const { values } = parsed;
  const kind = SCENARIO_KINDS.find((each) => each === parsed.positionals[0]);
  if (!kind) {
    console.error(`There is no scenario ${parsed.positionals[0] ?? ''}. Choose one of ${SCENARIO_KINDS.join(', ')}.`);
    return 2;
  }
  if (values.faults) {
    console.log(FAULTS_OF[kind].join('\n'));
    return 0;
  }
  const problem = problemWith(kind, values);
  if (problem) {
    console.error(problem);
    return 2;
  }
  const all = {
    target: values.target,
    pathKey: values['path-key'],
    paths: values.path && pathsOf(values.path),
    orderSheetId: values.sheet,
    zipCode: values.zip,
    method: values.method,
    productId: values.product,
    plugin: values.plugin,
    shape: values.shape,
    count: values.count && Number(values.count),
    bytes: values.bytes && Number(values.bytes),
    steps: values.steps?.split(','),
    appUserId: values.user,
    relayId: values.relay,
    restApiKey: values.key,
    faults: values.fault,
    expect: values.expect,
    timeoutSeconds: values.timeout && Number(values.timeout),
  };
  const options = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
  return { kind, options, json: values.json ?? false };
}

/** A fault of another scenario would change nothing, and a number that is none would be left out. */
function problemWith(kind: ScenarioKind, values: NonNullable<ReturnType<typeof parse>>['values']): string | undefined {
  const known: readonly string[] = FAULTS_OF[kind];
  const fault = values.fault?.find((each) => !known.includes(each.replace(/:\d+$/, '')));
  if (fault !== undefined) return `The scenario ${kind} has no fault ${fault}. Choose one of ${known.join(', ')}.`;
  const { count, bytes, timeout } = values;
  const number = Object.entries({ count, bytes, timeout }).find(
    ([, text]) => text !== undefined && !/^\d+$/.test(text),
  );
  return number && `--${number[0]}: found ${JSON.stringify(number[1])}; it must be a whole number.`;
}

function pathsOf(pairs: string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      return [pair.slice(0, at), pair.slice(at + 1)] as const;
    }),
  );
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        target: TEXT,
        'path-key': TEXT,
        path: { type: 'string', multiple: true },
        sheet: TEXT,
        zip: TEXT,
        method: TEXT,
        product: TEXT,
        plugin: TEXT,
        shape: TEXT,
        count: TEXT,
        bytes: TEXT,
        steps: TEXT,
        user: TEXT,
        relay: TEXT,
        key: TEXT,
        fault: { type: 'string', multiple: true },
        expect: TEXT,
        timeout: TEXT,
        json: { type: 'boolean' },
        faults: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    console.error(error instanceof Error ? `${error.message}\n` : error);
    return undefined;
  }
}
