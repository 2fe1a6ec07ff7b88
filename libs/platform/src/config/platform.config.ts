import { unescape } from 'node:querystring';
import { IsIn, IsOptional, IsPositive, Matches, Min, MinLength } from 'class-validator';
import { LOOPBACK_HOSTS } from './addresses.config';
import { POSTGRES_URL } from './app-databases';
import { isProduction, Variable } from './variable';
import type { CheckedConfig, Environment } from './variable';

/** Kakao is to be answered within three seconds at worst, of which the way takes some. */
const LATEST_ANSWER_MS = 2_900;

/** How this process runs, whatever it serves. */
export class RuntimeConfig implements CheckedConfig {
  @Variable('NODE_ENV', { about: 'production refuses every development default' })
  @IsIn(['development', 'test', 'production'], { message: 'must be development, test or production' })
  nodeEnv: string = 'development';

  @Variable('RETRY_TIME_SCALE', { about: 'multiplies every retry and expiry delay; 1 in production' })
  @IsPositive()
  retryTimeScale: number = 1;

  @Variable('DATA_DIR', { about: 'folder of the embedded database and the local image store' })
  dataDir: string = '.data';

  @Variable('LOG_LEVEL', { about: 'how much is logged' })
  @IsIn(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
    message: 'must be fatal, error, warn, info, debug, trace or silent',
  })
  logLevel: string = 'info';

  @Variable('HOST', { about: 'address the app listens on; 0.0.0.0 for all' })
  host: string = '127.0.0.1';

  @Variable('TRUSTED_PROXIES', { about: 'addresses or CIDRs of gateways whose X-Forwarded-For is believed' })
  trustedProxies: string[] = [];

  @Variable('ANSWER_WITHIN_MS', { about: 'a call of Kakao that is not answered by then is answered 500' })
  @Min(100)
  answerWithinMs: number = 2_500;

  /** For work whose failure the route itself has an answer to, so that this answer is still in time. */
  get workWithinMs(): number {
    return this.answerWithinMs * 0.8;
  }

  get production(): boolean {
    return this.nodeEnv === 'production';
  }

  problems(): string[] {
    const problems: string[] = [];
    if (this.production && this.retryTimeScale !== 1) {
      problems.push(`RETRY_TIME_SCALE: found ${this.retryTimeScale}; it must be 1 in production`);
    }
    if (this.nodeEnv !== 'test' && this.answerWithinMs > LATEST_ANSWER_MS) {
      problems.push(`ANSWER_WITHIN_MS: found ${this.answerWithinMs}; it must be ${LATEST_ANSWER_MS} or less`);
    }
    return problems;
  }
}

export class DatabaseConfig implements CheckedConfig {
  @Variable('DATABASE_URL', { about: 'PostgreSQL connection, postgres://user:password@host:5432/name', secret: true })
  @IsOptional()
  @Matches(POSTGRES_URL, { message: 'must start with postgres://' })
  url?: string;

  @Variable('DATABASE_POOL_SIZE', { about: 'connections each app keeps to PostgreSQL at most' })
  @Min(2)
  poolSize: number = 10;

  @Variable('DATABASE_SILENT_MS', { about: 'a statement that is not answered within it ends its connection' })
  @Min(1_000)
  silentMs: number = 15_000;

  problems(env: Environment): string[] {
    if (!this.url)
      return ['DATABASE_URL: found nothing; it must name a PostgreSQL server (`npm start` brings one of its own)'];
    if (!URL.canParse(this.url)) return ['DATABASE_URL: found a value that is no URL; it must be postgres://…'];
    return isProduction(env) && isGuessable(new URL(this.url))
      ? ['DATABASE_URL: found a password that anybody can guess; production needs its own (openssl rand -hex 24)']
      : [];
  }
}

/**
 * What the apps would refuse of these connections, in one line each, for a program that uses all of them. It names the
 * variables; each app knows its own connection as DATABASE_URL.
 *
 * @param urls by the names of their variables
 */
export function databaseProblems(urls: Readonly<Record<string, string>>, env: Environment): string[] {
  return Object.entries(urls).flatMap(([variable, url]) =>
    Object.assign(new DatabaseConfig(), { url })
      .problems(env)
      .map((problem) => problem.replace('DATABASE_URL:', `${variable}:`)),
  );
}

/** Passwords of this repository and of everybody else's examples. */
const GUESSABLE: ReadonlySet<string> = new Set([
  ...[
    'development',
    'postgres',
    'postgresql',
    'password',
    'passw0rd',
    'secret',
    'changeme',
    'change-me',
    'example',
    'test',
  ],
  ...['biz', 'admin', 'root', 'user', 'letmein', 'qwerty', '123456', '12345678', '123456789', '1234567890'],
]);

/** A server of this machine may have no password: it can ask who the process is instead. */
function isGuessable(url: URL): boolean {
  const given = url.searchParams.get('password') ?? unescape(url.password);
  const host = url.searchParams.get('host') ?? url.hostname;
  if (given === '') return !(LOOPBACK_HOSTS.has(host) || host === '' || host.startsWith('/'));
  const password = given.toLowerCase();
  return GUESSABLE.has(password) || password === unescape(url.username).toLowerCase();
}

const DEVELOPMENT_KEY = `dev:${Buffer.from('biz-plugin-platform-development!').toString('base64')}`;

/** One key of DATA_ENCRYPTION_KEYS. */
export interface EncryptionKey {
  id: string;
  /** 32 bytes. */
  secret: Buffer;
}

export class EncryptionConfig implements CheckedConfig {
  @Variable('DATA_ENCRYPTION_KEYS', {
    about: 'id:base64(32 bytes), comma-separated, newest first',
    secret: true,
  })
  @Matches(/^[\w.-]{1,32}:[A-Za-z0-9+/]{43}=$/, { each: true, message: 'must be id:base64(32 bytes), comma-separated' })
  encoded: string[] = [DEVELOPMENT_KEY];

  @Variable('DATA_ENCRYPTION_SEAL_WITH', {
    about: 'id of the key that seals, while some instances do not have the newest one yet',
    // Whoever takes it for an entry puts a key here.
    secret: true,
  })
  @IsOptional()
  sealWith?: string;

  /** Newest first. */
  get keys(): EncryptionKey[] {
    return this.encoded.map((text) => {
      const at = text.indexOf(':');
      return { id: text.slice(0, at), secret: Buffer.from(text.slice(at + 1), 'base64') };
    });
  }

  /** The newest key, unless another is named. */
  get sealing(): EncryptionKey | undefined {
    return this.sealWith === undefined ? this.keys[0] : this.keys.find(({ id }) => id === this.sealWith);
  }

  problems(env: Environment): string[] {
    const ids = this.keys.map(({ id }) => id);
    if (new Set(ids).size < ids.length) return ['DATA_ENCRYPTION_KEYS: two keys have the same id; ids must differ'];
    if (ids.length === 0) return ['DATA_ENCRYPTION_KEYS: found no key; it must hold at least one'];
    if (!this.sealing)
      return [
        `DATA_ENCRYPTION_SEAL_WITH: found a value of ${this.sealWith?.length ?? 0} characters; it must be the id of one of DATA_ENCRYPTION_KEYS: ${ids.join(', ')}`,
      ];
    return isProduction(env) && this.encoded.includes(DEVELOPMENT_KEY)
      ? ['DATA_ENCRYPTION_KEYS: found the development key; production needs its own (openssl rand -base64 32)']
      : [];
  }
}

const DEVELOPMENT_TOKEN = 'dev-operator-token';

export class OperatorConfig implements CheckedConfig {
  @Variable('OPERATOR_TOKEN', { about: 'bearer token of the operator API', secret: true })
  @MinLength(8)
  token: string = DEVELOPMENT_TOKEN;

  problems(env: Environment): string[] {
    if (!isProduction(env)) return [];
    if (this.token === DEVELOPMENT_TOKEN)
      return ['OPERATOR_TOKEN: found the development token; production needs its own'];
    return this.token.length < 32
      ? [`OPERATOR_TOKEN: found a value of ${this.token.length} characters; production needs 32 or more`]
      : [];
  }
}
