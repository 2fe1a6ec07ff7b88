import { Injectable, Logger, NotFoundException } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { defineJob, Jobs, ofOneMerchant } from '@biz/platform';
import { Merchants } from '@biz/merchant';
import { DataSource } from 'typeorm';
import { KakaoAdmin } from '../kakao/kakao-admin';
import { Failures } from '../login/failures';
import { Member } from '../members/member.entity';
import type { KakaoUnlink } from '../members/member.entity';
import { Notices } from '../notices/notices';

/** Ends a connection at Kakao; seconds before each retry, over a day. */
const UNLINK = defineJob<{ memberId: string; merchant: string }>({
  name: 'sync.unlink-at-kakao',
  schedule: [1, 5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 28_800, 28_800],
  concurrency: 8,
  share: ofOneMerchant(3),
});
const TIMEOUT_MS = 8_000;

/** Our own unlink (연결 끊기): the data is erased here at once, and the connection ended at Kakao by durable work. */
@Injectable()
export class KakaoUnlinks implements OnModuleInit {
  private readonly logger = new Logger(KakaoUnlinks.name);

  constructor(
    private readonly kakao: KakaoAdmin,
    private readonly notices: Notices,
    private readonly failures: Failures,
    private readonly merchants: Merchants,
    private readonly jobs: Jobs,
    private readonly dataSource: DataSource,
  ) {}

  onModuleInit(): void {
    this.jobs.work(
      UNLINK,
      ({ memberId }) => this.unlinkAtKakao(memberId),
      ({ memberId }) => this.settle(memberId, 'failed'),
    );
  }

  /** Ends a membership on both sides; again, it goes on with what failed and else changes nothing. */
  async request(memberId: string): Promise<void> {
    const member = await this.dataSource.manager.findOneBy(Member, { id: memberId });
    if (!member) throw new NotFoundException('No such member');
    const { merchant, appUserId } = member;
    await this.notices.unlink(merchant, appUserId, 'OPERATOR', {
      actor: 'shop',
      also: async (manager) => {
        const { affected } = await manager
          .createQueryBuilder()
          .update(Member)
          .set({ kakaoUnlink: 'pending' })
          .where(`id = :memberId AND (kakao_unlink IS NULL OR kakao_unlink = 'failed')`, { memberId })
          .execute();
        if (affected === 1) await this.jobs.add(UNLINK, { memberId, merchant }, manager);
      },
    });
  }

  private async unlinkAtKakao(memberId: string): Promise<void> {
    const member = await this.dataSource.manager.findOneBy(Member, { id: memberId });
    // Who joined again in between has a new connection, which nobody asked to end.
    if (member?.kakaoUnlink !== 'pending') return;
    const step = await this.kakao.unlink(this.merchants.get(member.merchant), member.appUserId, TIMEOUT_MS);
    if (step.kind === 'done') return this.settle(memberId, 'done');
    await this.failures.count(this.dataSource, {
      merchant: member.merchant,
      step: 'unlink',
      reason: step.reason,
    });
    // A refusal is most often a wrong admin key, which can be put right while it is tried again.
    throw new Error(`not unlinked at Kakao: ${step.reason}`);
  }

  private async settle(memberId: string, to: Exclude<KakaoUnlink, 'pending'>): Promise<void> {
    await this.dataSource.manager.update(Member, { id: memberId, kakaoUnlink: 'pending' }, { kakaoUnlink: to });
    this.logger.log({ memberId, to }, 'unlink at Kakao');
  }
}
