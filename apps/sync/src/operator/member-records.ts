import { Injectable, NotFoundException } from '@nestjs/common';
import { newest, pageOf, parseOwnJson, Vault } from '@biz/platform';
import type { Page } from '@biz/platform';
import { AccessLog } from '@biz/privacy';
import type { AccessReason } from '@biz/privacy';
import { DataSource } from 'typeorm';
import { Consent } from '../members/consent.entity';
import type { StoredAccount } from '../members/kakao-account';
import { Member } from '../members/member.entity';
import { ACCOUNT_CONTEXT } from '../members/members';
import { ConsentDto, MemberDto } from './member.dto';
import type { MemberDetail, MembersQuery } from './member.dto';

/** Members as an operator sees them. */
@Injectable()
export class MemberRecords {
  constructor(
    private readonly vault: Vault,
    private readonly dataSource: DataSource,
    private readonly accesses: AccessLog,
  ) {}

  async page({ state, ...page }: MembersQuery): Promise<Page<MemberDto>> {
    const rows = await newest(this.dataSource.getRepository(Member), { ...(state && { state }) }, page);
    return pageOf(rows, page, (row) => MemberDto.of(row));
  }

  async detail(id: string, reason: AccessReason | undefined): Promise<MemberDetail> {
    const member = await this.dataSource.getRepository(Member).findOneBy({ id });
    if (!member) throw new NotFoundException('No such member');
    const consents = await this.dataSource
      .getRepository(Consent)
      .find({ where: { memberId: id }, order: { id: 'ASC' } });
    const revealed = reason && (await this.reveal(member, reason));
    return Object.assign(MemberDto.of(member), {
      consents: consents.map((consent) => ConsentDto.of(consent)),
      ...revealed,
    });
  }

  /** Nothing is shown before the access is on record. */
  private async reveal({ id, merchant, account }: Member, reason: AccessReason): Promise<StoredAccount | undefined> {
    if (account === null) return undefined;
    const shown = await this.vault.open(account, ACCOUNT_CONTEXT);
    await this.dataSource.transaction((manager) =>
      this.accesses.record(manager, { ...reason, merchant, subject: id, what: 'member', shown: [shown] }),
    );
    return parseOwnJson(shown) as StoredAccount;
  }
}
