import { Addresses } from '@biz/platform';
import { Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyAdapter } from '@nestjs/platform-fastify';

/** Where merchants reach the simulator: the configured address, else the port it really listens on. */
@Injectable()
export class OwnAddress {
  constructor(
    private readonly addresses: Addresses,
    private readonly host: HttpAdapterHost<FastifyAdapter>,
  ) {}

  get origin(): string {
    if (this.addresses.simulatorUrl) return new URL(this.addresses.simulatorUrl).origin;
    const address = this.host.httpAdapter.getHttpServer().address();
    const port = typeof address === 'object' && address ? address.port : this.addresses.simulatorPort;
    return `http://127.0.0.1:${port}`;
  }
}
