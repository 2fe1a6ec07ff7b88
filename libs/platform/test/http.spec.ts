import { connect } from 'node:net';
import { Writable } from 'node:stream';
import { Body, Controller, Get, HttpCode, Logger, Module, Param, Post, Query, Req } from '@nestjs/common';
import { IsInt, IsString, ValidateNested } from 'class-validator';
import { encode } from 'iconv-lite';
import { Type } from 'class-transformer';
import { OperatorController, Outbound, PolledRoute, ReadsBodies, Refusal } from '@biz/platform';
import type { AppDefinition } from '@biz/platform';
import { eventually, HttpStub, startTestApp } from '@biz/testing';
import type { TestApp } from '@biz/testing';
import type { FastifyRequest } from 'fastify';

class Cup {
  @IsInt()
  size: number;
}

class Order {
  @IsString()
  otp: string;

  @ValidateNested()
  @Type(() => Cup)
  cup: Cup;
}

const SECRETS = {
  otp: 'https://talk-plugin.kakao.com/otp/5fcf3cfe00a6950dc026b/onetimeprofile',
  phone: '010-1234-5678',
  email: 'lukas@example.com',
  key: 'restkey9f8e7d',
  pathKey: 'acme-9f2c77aa01',
};

@Controller(['', 'm/:pathKey'])
class TeaController {
  private readonly logger = new Logger('Tea');
  begun?: () => void;

  constructor(private readonly outbound: Outbound) {}

  @Post('order')
  @HttpCode(200)
  order(@Body() _order: Order): object {
    return { status: 200 };
  }

  @Post('repeated')
  @HttpCode(200)
  @ReadsBodies('application/json', 'application/x-www-form-urlencoded', 'text/plain')
  repeated(@Req() { body }: FastifyRequest): object {
    return { body };
  }

  @Get('closed')
  closed(): void {
    throw new Refusal(301);
  }

  @Get('broken')
  broken(): void {
    throw new Error(`no row for ${SECRETS.phone} at ${SECRETS.otp}?rest_api_key=${SECRETS.key}`);
  }

  @Get('polled')
  @PolledRoute()
  polled(@Query('well') well: string): object {
    if (well === 'no') throw new Error('not well');
    return { status: 200 };
  }

  @Get('refused/:code')
  refused(@Param('code') code: string): void {
    throw Object.assign(new Error('refused by PostgreSQL'), { code });
  }

  @Get('leaky')
  leaky(@Param('pathKey') pathKey: string, @Query('phone') phone: string): object {
    this.logger.log(
      { otp: SECRETS.otp, nested: { phone_number: phone, headers: { authorization: `KakaoAK ${SECRETS.key}` } } },
      'leak',
    );
    this.logger.warn(`GET ${SECRETS.otp}?rest_api_key=${SECRETS.key} for ${SECRETS.email} at /m/${pathKey}/leaky`);
    this.logger.error(new Error(`KakaoAK ${SECRETS.key} was refused; call ${SECRETS.phone}`));
    return { status: 200 };
  }

  @Get('slow')
  async slow(): Promise<object> {
    await new Promise<void>((resolve) => {
      this.begun?.();
      setTimeout(resolve, 200);
    });
    return { status: 200 };
  }

  @Get('onward')
  async onward(@Query('to') to: string): Promise<unknown> {
    return this.outbound.send({ method: 'GET', url: to });
  }
}

@OperatorController('cups')
class CupsController {
  @Get()
  list(): object {
    return { items: [], nextCursor: null };
  }
}

@Module({ controllers: [TeaController, CupsController] })
class TeaModule {}

const teaApp: AppDefinition = { name: 'profile', title: 'Tea', description: 'Tea', schemas: [], module: TeaModule };

describe('HTTP', () => {
  let app: TestApp;
  let log = '';

  beforeAll(async () => {
    const logDestination = new Writable({
      write(chunk: Buffer, _encoding, done) {
        log += chunk.toString();
        done();
      },
    });
    app = await startTestApp(teaApp, { logDestination, env: { LOG_LEVEL: 'trace' } });
  });
  afterAll(() => app.close());

  const call = async (path: string, init: RequestInit = {}): Promise<[number, unknown]> => {
    const response = await fetch(app.url + path, init);
    return [response.status, await response.json()];
  };
  const post = (body: string, type = 'application/json'): Promise<[number, unknown]> =>
    call('/order', { method: 'POST', headers: { 'content-type': type }, body });

  it('answers a good request, unknown fields included', async () => {
    expect(await post('{"otp":"x","cup":{"size":1,"new":true},"new":{}}')).toEqual([200, { status: 200 }]);
  });

  it('answers a business refusal with HTTP 200 and the code of the guide', async () => {
    expect(await call('/closed')).toEqual([200, { status: 301, message: '매장 운영시간이 아닙니다.' }]);
  });

  it.each([
    ['broken JSON', '{"otp":'],
    ['a prototype attack', '{"__proto__":{"admin":true}}'],
    ['an array', '[]'],
    ['nothing', ''],
    ['null', 'null'],
    ['a wrong type', '{"otp":{},"cup":{"size":1}}'],
    ['a wrong nested type', '{"otp":"a","cup":{"size":"big"}}'],
    ['a text for an object', '{"otp":"a","cup":"big"}'],
  ])('answers %s with 400 in Korean', async (_what, body) => {
    const [status, answer] = await post(body);
    expect([status, answer]).toEqual([
      400,
      { status: 400, message: expect.stringMatching(/^요청 형식이 올바르지 않습니다\./) as string },
    ]);
  });

  it('names the malformed field, never its value', async () => {
    const [, answer] = await post('{"otp":"a","cup":{"size":"010-1234-5678"}}');
    expect(answer).toEqual({ status: 400, message: '요청 형식이 올바르지 않습니다. (cup.size)' });
  });

  it('reads a body by its byte order mark and its charset, and answers 400 to bytes that are no text', async () => {
    const json = JSON.stringify({ name: '똠방각하', id: '1' });
    const send = (body: Buffer, type: string): Promise<[number, unknown]> =>
      call('/repeated', { method: 'POST', headers: { 'content-type': type }, body: new Uint8Array(body) });
    const read = [200, { body: { name: '똠방각하', id: '1' } }];
    for (const [body, type] of [
      [Buffer.from(`\uFEFF${json}`), 'application/json'],
      [Buffer.from(json), 'application/json; charset=ISO-8859-1'],
      [encode(json, 'cp949'), 'application/json; charset=EUC-KR'],
      [encode(json, 'cp949'), 'application/json;charset="ms949"'],
      [encode(json, 'utf-16be', { addBOM: false }), 'application/json; charset=utf-16be'],
    ] as const) {
      expect([type, await send(body, type)]).toEqual([type, read]);
    }
    expect(await send(Buffer.from('\uFEFFname=tea&name=cup'), 'application/x-www-form-urlencoded')).toEqual([
      200,
      { body: { name: ['tea', 'cup'] } },
    ]);
    expect(await send(encode('똠방각하', 'cp949'), 'text/plain; charset=cp949')).toEqual([200, { body: '똠방각하' }]);
    for (const type of ['application/json', 'application/x-www-form-urlencoded', 'text/plain']) {
      const [status] = await send(encode(json, 'cp949'), type);
      expect([type, status]).toEqual([type, 400]);
    }
  });

  it('answers a body over 256 KiB with 413 and another content type with 415', async () => {
    expect((await post(`{"otp":"${'x'.repeat(256 * 1024)}"}`))[0]).toBe(413);
    expect(await post('<otp/>', 'application/xml')).toEqual([
      415,
      { status: 415, message: expect.stringContaining('application/json') as string },
    ]);
  });

  it('answers an unknown route with 404 and our own fault with 500, telling nothing', async () => {
    expect(await call('/nowhere')).toEqual([404, { status: 404, message: '요청한 주소를 찾을 수 없습니다.' }]);
    expect(await call('/broken')).toEqual([
      500,
      { status: 500, message: '일시적인 오류가 발생했습니다. 잠시 후 다시 시도해 주세요.' },
    ]);
  });

  it.each([
    ['no readable escape', '/%', 400],
    ['bytes that are no UTF-8', '/m/%ff/closed', 400],
    ['a path key longer than any', `/m/${'x'.repeat(300)}/closed`, 404],
  ])('answers an address with %s in the same shape', async (_what, path, status) => {
    expect(await call(path)).toEqual([status, { status, message: expect.stringMatching(/^요청/) as string }]);
  });

  it.each([
    ['22021', 'a text'],
    ['22P05', 'a JSON value'],
  ])('answers 400 when the database refuses a NUL (%s, in %s)', async (code) => {
    expect((await call(`/refused/${code}`))[0]).toBe(400);
  });

  it('lets operators in by bearer token only', async () => {
    expect((await call('/operator/cups'))[0]).toBe(401);
    expect((await call('/operator/cups', { headers: { authorization: 'Bearer wrong' } }))[0]).toBe(401);
    const [status] = await call('/operator/cups', { headers: { authorization: 'Bearer dev-operator-token' } });
    expect(status).toBe(200);
  });

  it('lets no cache keep what operators are shown, nor that they were refused', async () => {
    for (const [token, status] of [
      ['dev-operator-token', 200],
      ['wrong', 401],
    ] as const) {
      const answer = await fetch(`${app.url}/operator/cups`, { headers: { authorization: `Bearer ${token}` } });
      expect([answer.status, answer.headers.get('cache-control')]).toEqual([status, 'no-store']);
    }
  });

  it('passes a request id on to whom it calls and back to the caller', async () => {
    const stub = await HttpStub.start();
    stub.on('GET /', { json: {} });
    const response = await fetch(`${app.url}/onward?to=${stub.url}/`, { headers: { 'x-request-id': 'tea-42' } });
    expect(response.headers.get('x-request-id')).toBe('tea-42');
    expect(stub.requests[0]?.headers['x-request-id']).toBe('tea-42');
    await stub.close();
  });

  it('reads the answers of others by their charset, and keeps every byte of what is no text', async () => {
    const stub = await HttpStub.start();
    const said = async (body: Buffer, type: string): Promise<unknown> => {
      stub.on('GET /', { body, headers: { 'content-type': type } });
      const [, outcome] = await call(`/onward?to=${stub.url}/`);
      return (outcome as { body: unknown }).body;
    };
    expect(await said(encode('{"name":"똠방각하"}', 'cp949'), 'application/json;charset=euc-kr')).toBe(
      '{"name":"똠방각하"}',
    );
    expect(await said(Buffer.from('\uFEFF{"name":"똠"}'), 'application/json')).toBe('{"name":"똠"}');
    const bytes = encode('{"name":"똠방각하"}', 'cp949');
    const kept = await said(bytes, 'application/json');
    expect(kept).toBe(`data:application/json;base64,${bytes.toString('base64')}`);
    expect(Buffer.from(String(kept).split(',')[1] ?? '', 'base64')).toEqual(bytes);
    await stub.close();
  });

  it('gives a request without a sensible id one of its own', async () => {
    const response = await fetch(`${app.url}/closed`, { headers: { 'x-request-id': 'a b\tc<script>' } });
    expect(response.headers.get('x-request-id')).toMatch(/^[0-9a-f]{12}-[0-9a-z]+$/);
  });

  it('logs neither keys nor OTP URLs nor personal data, whatever is thrown or logged', async () => {
    await call(`/m/${SECRETS.pathKey}/leaky?phone=${SECRETS.phone}&email=${SECRETS.email}`);
    await call('/broken');
    expect(log).toContain('"route":"/m/:pathKey/leaky"');
    expect(log).toContain('was refused; call [phone]');
    for (const secret of ['5fcf3cfe00a6950dc026b', SECRETS.phone, SECRETS.email, SECRETS.key, SECRETS.pathKey]) {
      expect(log).not.toContain(secret);
    }
  });

  it('shows requests by route in /metrics, with no address or id in a label', async () => {
    await call(`/m/${SECRETS.pathKey}/closed`);
    const metrics = await (await fetch(`${app.url}/metrics`)).text();
    expect(metrics).toMatch(
      /http_request_duration_seconds_count\{method="GET",route="\/m\/:pathKey\/closed",status="200".*\} 1/,
    );
    expect(metrics).not.toContain(SECRETS.pathKey);
  });

  it('logs a polled route only when something is out of the ordinary, and counts it always', async () => {
    await call('/polled?well=yes');
    expect(log).not.toContain('"route":"/polled"');
    await call('/polled?well=no');
    expect(log).toContain('"route":"/polled","status":500');
    const metrics = await (await fetch(`${app.url}/metrics`)).text();
    expect(metrics).toMatch(/http_request_duration_seconds_count\{method="GET",route="\/polled",status="200".*\} 1/);
  });

  it('is live, ready, and describes itself', async () => {
    expect((await call('/health/live'))[0]).toBe(200);
    expect((await call('/health/ready'))[0]).toBe(200);
    expect((await call('/docs-json'))[1]).toMatchObject({ openapi: '3.1.0', info: { title: 'Tea' } });
    expect(await (await fetch(`${app.url}/docs`)).text()).toContain('swagger-ui');
  });

  const send = (text: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connect(Number(new URL(app.url).port), '127.0.0.1', () => {
        socket.write(text);
      });
      let answer = '';
      socket.on('data', (chunk) => (answer += chunk.toString()));
      socket.on('close', () => {
        resolve(answer);
      });
      socket.on('error', reject);
    });

  it.each([
    ['no HTTP at all', 'GARBAGE\r\n\r\n', 400],
    ['headers beyond reason', `GET /closed HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
    [
      'a request that is never finished',
      'POST /order HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"otp"',
      408,
    ],
  ])(
    'answers %s in the same shape, and hangs up',
    async (_what, text, status) => {
      const answer = await send(text);
      expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
      expect(JSON.parse(answer.slice(answer.indexOf('{')))).toEqual({
        status,
        message: expect.stringMatching(/^요청/) as string,
      });
    },
    60_000,
  );

  it('answers what it has begun before it stops', async () => {
    const draining = await startTestApp(teaApp);
    const begun = new Promise<void>((resolve) => {
      draining.get(TeaController).begun = resolve;
    });
    const answer = fetch(`${draining.url}/slow`);
    await begun;
    const closing = draining.close();
    expect((await answer).status).toBe(200);
    await closing;
    await expect(fetch(`${draining.url}/closed`)).rejects.toThrow();
  });

  it('answers a request that was still arriving when it began to stop', async () => {
    const draining = await startTestApp(teaApp);
    const socket = connect(Number(new URL(draining.url).port), '127.0.0.1');
    let answer = '';
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
    socket.write('GET /closed HTTP/1.1\r\nHost: tea\r\n');
    await fetch(`${draining.url}/closed`);
    const closing = draining.close();
    await eventually(() => expect(fetch(`${draining.url}/closed`)).rejects.toThrow());
    socket.write('\r\n');
    await closing;
    await eventually(() => {
      expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    });
    expect(answer).toContain('매장 운영시간이 아닙니다.');
    socket.destroy();
  });
});
