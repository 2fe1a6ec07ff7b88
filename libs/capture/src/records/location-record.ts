import { Injectable, Optional } from '@nestjs/common';
import { Merchants } from '@biz/merchant';
import { LocationFacts } from '@biz/privacy';
import type { EntityManager } from 'typeorm';
import type { Capture } from './capture.entity';

/** Writes locations into the record that the law asks for, as they are collected and provided; the other kinds leave none. */
@Injectable()
export class LocationRecord {
  constructor(
    private readonly merchants: Merchants,
    @Optional() private readonly facts?: LocationFacts,
  ) {}

  /** 수집: Kakao's answer holds a location, also when nobody can read it. */
  async collected(manager: EntityManager, capture: Capture): Promise<void> {
    await this.facts?.record(manager, { ...factOf(capture), kind: 'collected', receiver: null });
  }

  /** 제공: the shop has it. */
  async provided(manager: EntityManager, capture: Capture): Promise<void> {
    const receiver = this.merchants.all.find(({ id }) => id === capture.merchant)?.name ?? capture.merchant;
    await this.facts?.record(manager, { ...factOf(capture), kind: 'provided', receiver });
  }
}

const factOf = ({ id, merchant, relayId, serviceName, serviceCompany, consent }: Capture) => ({
  captureId: id,
  merchant,
  subject: relayId ?? id,
  service: [serviceName, serviceCompany].filter((part) => part !== null).join(', ') || null,
  purpose: consent.purpose ?? null,
});
