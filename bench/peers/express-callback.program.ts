import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Pool } from 'pg';

/**
 * Plain Express handlers. `inline` stores a callback, asks Kakao at once, stores the answer, and then says 200; `insert` only
 * stores it: nothing is checked, hidden or found twice, and nothing follows.
 */
const ONLY_INSERTS = process.argv[2] === 'insert';

type Request = AsyncIterable<Buffer>;
interface Response {
  json(body: object): void;
}
interface Express {
  post(path: string, handler: (request: Request, response: Response) => Promise<void>): void;
  get(path: string, handler: (request: unknown, response: Response) => void): void;
}

@Module({})
class Nothing {}

const pool = new Pool({ connectionString: process.env.DATABASE_URL, max: 10 });

// Nest only brings its Express; the handler stands directly on it.
void NestFactory.create(Nothing, { logger: false }).then(async (app) => {
  const express = app.getHttpAdapter().getInstance() as Express;
  express.post('/callback', async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk.toString();
    const { otp } = JSON.parse(text) as { otp: string };
    const id = randomUUID();
    await pool.query(`INSERT INTO public.inline_callbacks (id, otp, received_at) VALUES ($1, $2, $3)`, [
      id,
      otp,
      new Date(),
    ]);
    if (!ONLY_INSERTS) {
      const answer = await fetch(`${otp}?rest_api_key=key`);
      await pool.query(`UPDATE public.inline_callbacks SET answer = $2 WHERE id = $1`, [id, await answer.text()]);
    }
    response.json({ status: 200 });
  });
  express.get('/ready', (_request, response) => {
    response.json({ status: 200 });
  });
  await app.listen(Number(process.env.PORT), '127.0.0.1');
});
