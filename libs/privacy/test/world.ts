import { Module } from '@nestjs/common';
import type { AppDefinition } from '@biz/platform';
import { AccessLog, AccessLogModule, LocationFacts, LocationFactsModule, privacySchema } from '@biz/privacy';
import { ManualClock, startTestApp, testDatabase } from '@biz/testing';
import type { TestApp, TestDatabase } from '@biz/testing';
import { DataSource } from 'typeorm';
import type { EntityManager } from 'typeorm';

@Module({ imports: [AccessLogModule, LocationFactsModule] })
class RecordsModule {}

export const recordsApp: AppDefinition = {
  name: 'profile',
  title: 'Records',
  description: 'An app that only keeps records.',
  schemas: [privacySchema],
  module: RecordsModule,
};

export const SUBJECT = '019ab0c0-0000-7000-8000-000000000001';

/** An app that keeps records only, years ago, so that everything can grow old. */
export class World {
  readonly clock = new ManualClock('2020-02-29T10:00:00Z');
  readonly logs: string[] = [];
  database: TestDatabase;
  app: TestApp;

  static async open(): Promise<World> {
    const world = new World();
    world.database = await testDatabase(privacySchema);
    await world.start();
    return world;
  }

  async restart(): Promise<void> {
    await this.app.close();
    await this.start();
  }

  private async start(): Promise<void> {
    this.app = await startTestApp(recordsApp, {
      database: this.database,
      clock: this.clock,
      logDestination: { write: (line: string) => void this.logs.push(line) },
    });
  }

  get accesses(): AccessLog {
    return this.app.get(AccessLog);
  }

  get facts(): LocationFacts {
    return this.app.get(LocationFacts);
  }

  transaction<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.app.get<DataSource>(DataSource).transaction(work);
  }

  look(reason: string): Promise<void> {
    return this.transaction((manager) =>
      this.accesses.record(manager, {
        merchant: 'test-shop',
        subject: SUBJECT,
        what: 'details',
        reason,
        caller: '10.0.4.17',
        operator: 'kim.cs',
      }),
    );
  }

  /** As somebody with every right in the database, but without the keys. */
  async tamper(sql: string): Promise<void> {
    for (const way of ['DISABLE', 'ENABLE']) {
      if (way === 'ENABLE') await this.database.query(sql);
      await this.database.query(`ALTER TABLE privacy.accesses ${way} TRIGGER ALL`);
    }
  }

  async operator(path: string): Promise<{ status: number; text: string; headers: Headers }> {
    const response = await fetch(`${this.app.url}/operator/${path}`, {
      headers: { authorization: 'Bearer dev-operator-token' },
    });
    return { status: response.status, text: await response.text(), headers: response.headers };
  }

  async close(): Promise<void> {
    await this.app.close();
    await this.database.drop();
  }
}
