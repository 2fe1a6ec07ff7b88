import { Injectable } from '@nestjs/common';
import { Clock, Outbound } from '@biz/platform';
import type { ShopEndpoints } from '../definition/merchant-definition';
import { Fulfilment } from '../ports/fulfilment';
import { MemberDirectory } from '../ports/member-directory';
import { OrderPolicy } from '../ports/order-policy';
import { OrderSheetSource } from '../ports/order-sheet-source';
import type { Merchant, Port } from '../registry/merchant';
import { AnswerCache } from './answer-cache';
import { HttpFulfilment, HttpMemberDirectory, HttpOrderPolicy, HttpOrderSheets } from './http-ports';
import { ShopClient } from './shop-client';

type Make = (client: ShopClient, cache: AnswerCache) => object;

const PORTS = new Map<Port<unknown>, [endpoint: keyof ShopEndpoints, make: Make]>([
  [OrderSheetSource, ['orderSheets', (client, cache) => new HttpOrderSheets(client, cache)]],
  [OrderPolicy, ['orderPolicy', (client, cache) => new HttpOrderPolicy(client, cache)]],
  [Fulfilment, ['fulfilment', (client) => new HttpFulfilment(client)]],
  [MemberDirectory, ['members', (client) => new HttpMemberDirectory(client)]],
]);

/** The ports of merchants that answer by HTTP (`endpoints`), in whatever language. */
@Injectable()
export class EndpointPorts {
  private readonly made = new Map<string, object>();
  private readonly cache: AnswerCache;

  constructor(
    private readonly outbound: Outbound,
    private readonly clock: Clock,
  ) {
    this.cache = new AnswerCache(clock);
  }

  port<T>(merchant: Merchant, port: Port<T>): { port: T & object; endpoint: string } | undefined {
    const [endpoint, make] = PORTS.get(port) ?? [];
    const url = endpoint && merchant.endpoints?.[endpoint];
    if (!url || !make) return undefined;
    const key = `${merchant.id} ${endpoint}`;
    let made = this.made.get(key);
    if (!made) {
      made = make(new ShopClient(merchant, url, this.outbound, this.clock), this.cache);
      this.made.set(key, made);
    }
    return { port: made as T & object, endpoint };
  }
}
