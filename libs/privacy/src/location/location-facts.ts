import { Injectable, Logger } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { Clock, Jobs, newId } from '@biz/platform';
import { DataSource } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { LocationFact } from './location-fact.entity';

/** 위치정보법 제16조제2항, 시행령: six months at least; counted by the database, which refuses to delete what is younger. */
const ERASE_OVER = 'SELECT privacy.erase_location_facts($1)::int AS lines';
const DAY_SECONDS = 86_400;

type NewFact = Omit<LocationFact, 'id' | 'at' | 'source'>;

/** How a location reaches us. */
const SOURCE = '카카오톡 위치전송 플러그인 (OTP)';

/** Writes down that locations were collected and provided (위치정보 수집·이용·제공사실 확인자료), and forgets it after six months. */
@Injectable()
export class LocationFacts implements OnModuleInit {
  private readonly logger = new Logger(LocationFacts.name);

  constructor(
    private readonly clock: Clock,
    private readonly jobs: Jobs,
    private readonly dataSource: DataSource,
  ) {}

  onModuleInit(): void {
    this.jobs.every('privacy.erase-location-facts', DAY_SECONDS, () => this.eraseOld());
  }

  /** Adds a line in the transaction that keeps or hands over the location; the same fact again adds none. */
  async record(manager: EntityManager, fact: NewFact): Promise<void> {
    await manager
      .createQueryBuilder()
      .insert()
      .into(LocationFact)
      .values({ ...fact, id: newId(), source: SOURCE, at: this.clock.now() })
      .orIgnore()
      .execute();
  }

  async eraseOld(): Promise<void> {
    const [{ lines } = { lines: 0 }] = await this.dataSource.query<{ lines: number }[]>(ERASE_OVER, [this.clock.now()]);
    if (lines > 0) this.logger.log({ lines }, 'location facts erased after six months');
  }
}
