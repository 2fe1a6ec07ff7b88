import { join } from 'node:path';
import type { Core } from './machine/cores';
import { Server, type ServerOptions } from './machine/server';
import { shippedOptions } from './machine/shipped';

/** What is compared: our app, and small programs that do the same job the usual way. */
export type ContenderName = 'ours' | 'f' | 'e' | 'c' | 'constant' | 'express';

export const ABOUT: Record<ContenderName, string> = {
  ours: 'the payment app as it is shipped: every rule, logs and metrics on',
  f: 'Nest + Express + TypeORM + ValidationPipe: what most would write',
  e: 'the same on Fastify',
  c: 'bare Fastify + pg, a named statement for each request',
  constant: 'Nest + Fastify that answers a constant',
  express: 'an Express handler that inserts one row',
};

const NO_ORDER = '/order/status?order_id=00000000-0000-7000-8000-000000000000';

export interface Surroundings {
  databaseUrl: string;
  /** Where server logs go. */
  log: string;
  /** Our app calls nothing else. */
  kakaopayOrigin: string;
  cpuProf?: string;
  /** How it is called where the same contender runs twice. */
  title?: string;
  core?: Core;
  env?: Record<string, string>;
}

export function startContender(name: ContenderName, around: Surroundings): Promise<Server> {
  const { env, ...options } = programs(name, around);
  return Server.start({
    ...options,
    name: around.title ?? name,
    core: around.core ?? 'server',
    log: around.log,
    env: { ...env, ...around.env },
  });
}

type Program = Omit<ServerOptions, 'name' | 'log' | 'core'>;

function programs(name: ContenderName, around: Surroundings): Program {
  const peer = (file: string, ...args: string[]): Program => ({
    program: [join(__dirname, 'peers', `${file}.program.js`), ...args],
    env: { DATABASE_URL: around.databaseUrl, NODE_ENV: 'production' },
    portVariable: 'PORT',
    readyPath: NO_ORDER,
  });
  switch (name) {
    case 'ours':
      return {
        program: [join(__dirname, '../apps/payment/src/main.js')],
        // Not NODE_ENV=production: that refuses a KakaoPay on this machine, and changes nothing else that is measured.
        env: {
          DATABASE_URL: around.databaseUrl,
          // As in the image: what the first start compiles, the others find.
          NODE_COMPILE_CACHE: 'dist/.compile-cache',
          KAKAOPAY_ORIGIN: around.kakaopayOrigin,
          PUBLIC_BASE_URL_SIMULATOR: around.kakaopayOrigin,
          PUBLIC_BASE_URL_PAYMENT: 'https://pay.example.com',
          // The load comes from one address.
          RATE_LIMITS: 'false',
        },
        portVariable: 'PAYMENT_PORT',
        readyPath: '/health/ready',
        nodeOptions: [
          ...shippedOptions('payment'),
          ...(around.cpuProf === undefined
            ? []
            : ['--cpu-prof', `--cpu-prof-dir=${around.cpuProf}`, '--enable-source-maps']),
        ],
      };
    case 'f':
      return peer('nest-typeorm', 'express');
    case 'e':
      return peer('nest-typeorm', 'fastify');
    case 'c':
      return peer('fastify-pg');
    case 'constant':
      return peer('constant');
    case 'express':
      return { ...peer('express-insert'), readyPath: '/ready' };
  }
}
