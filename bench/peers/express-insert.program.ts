import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Pool } from 'pg';

/** `express`: a plain Express handler that stores a callback and answers; nothing is checked and nothing follows. */
interface Request {
  params: { key: string };
  query: { pg_token: string };
}
interface Response {
  json(body: object): void;
}
interface Express {
  get(path: string, handler: (request: Request, response: Response) => Promise<void>): void;
}

@Module({})
class Nothing {}

const pool = new Pool({ connectionString: process.env.DATABASE_URL, max: 10 });

// Nest only brings its Express; the handler stands directly on it.
void NestFactory.create(Nothing, { logger: false }).then(async (app) => {
  const express = app.getHttpAdapter().getInstance() as Express;
  express.get('/order/callback/:key', async ({ params, query }, response) => {
    const hex = Buffer.from(params.key.slice(0, 22), 'base64url').toString('hex');
    await pool.query(
      `INSERT INTO payment.callbacks (id, order_id, token_sealed, token_fingerprint, received_at) VALUES ($1, $2, $3, $4, $5)`,
      [randomUUID(), hex, query.pg_token, query.pg_token, new Date()],
    );
    response.json({ status: 200 });
  });
  express.get('/ready', (_request, response) => {
    response.json({ status: 200 });
    return Promise.resolve();
  });
  await app.listen(Number(process.env.PORT), '127.0.0.1');
});
