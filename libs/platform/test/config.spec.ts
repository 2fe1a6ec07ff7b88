import { IsInt, Min } from 'class-validator';
import {
  Addresses,
  ConfigError,
  DatabaseConfig,
  EncryptionConfig,
  KakaoOrigins,
  OperatorConfig,
  readConfig,
  RuntimeConfig,
  Variable,
} from '@biz/platform';
import type { Environment } from '@biz/platform';
import type { Type } from '@nestjs/common';

class TeaConfig {
  @Variable('TEA_CUPS', { about: 'cups to brew' })
  @IsInt()
  @Min(1)
  cups: number = 2;

  @Variable('TEA_SECRET', { about: 'the recipe', secret: true })
  @Min(1)
  secret: number = 1;

  @Variable('TEA_SORTS', { about: 'comma-separated' })
  sorts: string[] = [];

  @Variable('TEA_HOT', { about: 'or cold' })
  hot: boolean = true;
}

const problems = (config: Type<object>, env: Environment): string => {
  try {
    readConfig(config, env);
    return '';
  } catch (error) {
    return (error as ConfigError).problems.join('\n');
  }
};

describe('configuration', () => {
  it('converts texts to the declared types and keeps defaults for what is unset or empty', () => {
    expect(readConfig(TeaConfig, { TEA_CUPS: '5', TEA_SORTS: 'green, black', TEA_HOT: 'false' })).toMatchObject({
      cups: 5,
      sorts: ['green', 'black'],
      hot: false,
    });
    expect(readConfig(TeaConfig, { TEA_CUPS: '' })).toMatchObject({ cups: 2, hot: true });
  });

  it('names the variable, what was found and what is allowed', () => {
    expect(problems(TeaConfig, { TEA_CUPS: 'many' })).toMatch(
      /^TEA_CUPS: found "many"; it must .*integer.*\(cups to brew\)$/,
    );
  });

  it('never prints a secret', () => {
    const text = problems(TeaConfig, { TEA_SECRET: 'bergamot' });
    expect(text).toContain('TEA_SECRET: found a value of 8 characters');
    expect(text).not.toContain('bergamot');
  });

  it('tells all problems of a class at once', () => {
    expect(problems(TeaConfig, { TEA_CUPS: '0', TEA_SECRET: 'x' }).split('\n')).toHaveLength(2);
  });
});

describe('development', () => {
  it('needs a database and nothing else', () => {
    expect(problems(DatabaseConfig, {})).toContain('DATABASE_URL: found nothing');
    for (const config of [RuntimeConfig, EncryptionConfig, OperatorConfig, Addresses, KakaoOrigins]) {
      expect(problems(config, {})).toBe('');
    }
  });

  it('points every Kakao origin at the simulator', () => {
    const origins = readConfig(KakaoOrigins, { SIMULATOR_PORT: '4000' });
    const simulator = 'http://127.0.0.1:4000';
    expect(origins).toMatchObject({
      talkPlugin: simulator,
      image: [simulator],
      kakaopay: simulator,
      auth: simulator,
      api: simulator,
    });
  });

  it('derives public addresses from ports', () => {
    const addresses = readConfig(Addresses, {
      PROFILE_PORT: '4001',
      PUBLIC_BASE_URL_SYNC: 'https://shop.example/sync/',
    });
    expect(addresses.baseUrl('profile')).toBe('http://127.0.0.1:4001');
    expect(addresses.baseUrl('sync')).toBe('https://shop.example/sync');
  });

  it.each(['70000', '-1', '3001.5', 'http'])('refuses the port %s', (port) => {
    expect(problems(Addresses, { PROFILE_PORT: port })).toContain(`PROFILE_PORT: found "${port}"`);
  });

  it.each(['https://kapi.kakao.com/v1', 'kapi.kakao.com', 'ftp://kapi.kakao.com', 'https://user@kapi.kakao.com'])(
    'refuses the origin %s',
    (origin) => {
      expect(problems(KakaoOrigins, { KAKAO_API_ORIGIN: origin })).toContain('KAKAO_API_ORIGIN');
    },
  );

  it.each(['short', 'id:tooShort', 'a:' + 'A'.repeat(43)])(
    'refuses the encryption key %s without printing it',
    (key) => {
      const text = problems(EncryptionConfig, { DATA_ENCRYPTION_KEYS: key });
      expect(text).toContain('DATA_ENCRYPTION_KEYS');
      expect(text).not.toContain(key);
    },
  );
});

it('refuses to seal with a key that is not there, and never prints what may be a key itself', () => {
  const keys = ['k2', 'k1'].map((id) => `${id}:${Buffer.alloc(32, 7).toString('base64')}`).join(',');
  const entry = keys.split(',')[1] ?? '';
  for (const text of ['k3', entry, entry.slice('k1:'.length)]) {
    expect(problems(EncryptionConfig, { DATA_ENCRYPTION_KEYS: keys, DATA_ENCRYPTION_SEAL_WITH: text })).toBe(
      `DATA_ENCRYPTION_SEAL_WITH: found a value of ${text.length} characters; it must be the id of one of DATA_ENCRYPTION_KEYS: k2, k1`,
    );
  }
  expect(problems(EncryptionConfig, { DATA_ENCRYPTION_KEYS: keys, DATA_ENCRYPTION_SEAL_WITH: 'k1' })).toBe('');
});

describe('production', () => {
  const production = (env: Environment): Environment => ({ NODE_ENV: 'production', ...env });

  it.each<[Type<object>, Environment, string]>([
    [DatabaseConfig, {}, 'DATABASE_URL'],
    [EncryptionConfig, {}, 'DATA_ENCRYPTION_KEYS'],
    [OperatorConfig, {}, 'OPERATOR_TOKEN'],
    [OperatorConfig, { OPERATOR_TOKEN: 'thirty-one-characters-is-short.' }, 'OPERATOR_TOKEN'],
    [RuntimeConfig, { RETRY_TIME_SCALE: '0.5' }, 'RETRY_TIME_SCALE'],
    [KakaoOrigins, { KAKAO_TALK_PLUGIN_ORIGIN: 'http://talk-plugin.kakao.com' }, 'KAKAO_TALK_PLUGIN_ORIGIN'],
    [KakaoOrigins, { KAKAOPAY_ORIGIN: 'http://127.0.0.1:3000' }, 'KAKAOPAY_ORIGIN'],
    [KakaoOrigins, { KAKAO_AUTH_ORIGIN: 'http://kauth.kakao.com' }, 'KAKAO_AUTH_ORIGIN'],
    [KakaoOrigins, { KAKAO_API_ORIGIN: 'http://kapi.kakao.com' }, 'KAKAO_API_ORIGIN'],
  ])('%p refuses %p', (config, env, variable) => {
    expect(problems(config, production(env))).toMatch(new RegExp(`^${variable}:`));
  });

  it('knows the origins of Kakao and takes the image CDN by http', () => {
    expect(readConfig(KakaoOrigins, production({}))).toMatchObject({
      talkPlugin: 'https://talk-plugin.kakao.com',
      image: ['http://k.kakaocdn.net', 'https://k.kakaocdn.net'],
      auth: 'https://kauth.kakao.com',
      api: 'https://kapi.kakao.com',
    });
  });

  it('starts with a token of 32 characters and a key of its own', () => {
    expect(problems(OperatorConfig, production({ OPERATOR_TOKEN: 'x'.repeat(32) }))).toBe('');
    const key = `2026:${Buffer.alloc(32, 7).toString('base64')}`;
    expect(problems(EncryptionConfig, production({ DATA_ENCRYPTION_KEYS: key }))).toBe('');
  });
});
