import { connect } from 'node:net';
import { Controller, Get, Module } from '@nestjs/common';
import type { AppDefinition } from '@biz/platform';
import { startTestApp } from '@biz/testing';
import type { TestApp } from '@biz/testing';

@Controller()
class CupController {
  @Get('cup')
  cup(): object {
    return { status: 200 };
  }
}

@Module({ controllers: [CupController] })
class CupModule {}

const definition: AppDefinition = {
  name: 'option',
  title: 'Cups',
  description: '',
  schemas: [],
  module: CupModule,
};

describe('what an app says to browsers', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startTestApp(definition);
  });
  afterAll(() => app.close());

  const expectNoPage = (headers: Headers): void => {
    expect(Object.fromEntries(headers)).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    });
  };

  it.each([
    ['an answer', '/cup', 200],
    ['an unknown address', '/nothing', 404],
    ['an address that cannot be decoded', '/%zz', 400],
    ['health', '/health/live', 200],
    ['metrics', '/metrics', 200],
    ['an address that only looks like the documents', '/docsx', 404],
  ])('is with %s that it is no page, and kept nowhere', async (_what, path, status) => {
    const response = await fetch(app.url + path);
    expect(response.status).toBe(status);
    expectNoPage(response.headers);
  });

  it('is the same with what is no HTTP', async () => {
    const answer = await new Promise<string>((resolve) => {
      let text = '';
      const socket = connect(Number(new URL(app.url).port), '127.0.0.1', () => socket.write('COFFEE /pot\r\n\r\n'));
      socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
      socket.on('close', () => {
        resolve(text);
      });
    });
    const [, ...lines] = (answer.split('\r\n\r\n')[0] ?? '').split('\r\n');
    expectNoPage(
      new Headers(lines.map((line): [string, string] => [line.split(': ')[0] ?? '', line.split(': ')[1] ?? ''])),
    );
  });

  it('lets no page frame Swagger UI, which loads nothing but its own files', async () => {
    const response = await fetch(`${app.url}/docs`);
    expect(response.status).toBe(200);
    expect(response.headers.get('x-frame-options')).toBe('DENY');
    const policy = response.headers.get('content-security-policy') ?? '';
    expect(policy).toMatch(/default-src 'none'; script-src 'self';.* frame-ancestors 'none'$/);
    // No script stands in the page itself, so none that somebody slips in runs.
    const page = await response.text();
    expect([...page.matchAll(/<script(?![^>]* src=)/g)]).toEqual([]);
    expect(page).toMatch(/<script src=/);
  });

  it('leaves the operator token out of the browser’s storage', async () => {
    const script = await (await fetch(`${app.url}/docs/swagger-ui-init.js`)).text();
    expect(script).toMatch(/"persistAuthorization": ?false/);
  });
});
