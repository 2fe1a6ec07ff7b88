import { randomUUID } from 'node:crypto';
import { Products } from '@biz/commerce';
import type { Product } from '@biz/commerce';
import { startTestApp } from '@biz/testing';
import type { TestApp } from '@biz/testing';
import { optionApp } from '../apps/option/src/option.module';
import { first, second } from '../apps/payment/test/shops';
import { World } from '../apps/payment/test/world';
import type { Answer } from '../apps/payment/test/world';

/** What T2 of the option app answers: an order id of its own. */
export type Selected = Omit<Answer, 'data'> & { data?: string };

export const newUser = (): string => `user-${randomUUID()}`;

/** The option app and the payment app on one database. */
export class TaskChain {
  private constructor(
    readonly world: World,
    readonly option: TestApp,
  ) {}

  static async start(): Promise<TaskChain> {
    const world = await World.start();
    const option = await startTestApp(optionApp([first, second]), {
      database: world.database,
      env: {
        DEFAULT_MERCHANT: 'first',
        SHOP_TIMEOUT_MS: '3000',
        RETRY_TIME_SCALE: '1',
        FIRST_WEBHOOK_URL: `${world.shopServer.url}/webhook`,
        SECOND_WEBHOOK_URL: `${world.shopServer.url}/webhook`,
      },
    });
    return new TaskChain(world, option);
  }

  async stop(): Promise<void> {
    await this.option.close();
    await this.world.stop();
  }

  save(product: Product): Promise<Product> {
    return this.option.get(Products).save('first', product);
  }

  async t1(id: string, prefix = ''): Promise<Answer> {
    const response = await fetch(`${this.option.url}${prefix}/options?id=${id}`);
    return { http: response.status, ...((await response.json()) as Omit<Answer, 'http'>) };
  }

  async t2(body: object, user: string, prefix = ''): Promise<Selected> {
    const response = await fetch(`${this.option.url}${prefix}/option`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'X-Kakao-AppUserId': user },
      body: JSON.stringify(body),
    });
    return { http: response.status, ...((await response.json()) as Omit<Selected, 'http'>) };
  }
}
