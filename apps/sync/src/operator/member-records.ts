import { BadRequestException, Injectable, NotFoundException } from '@nestjs/common';
import { Clock, newId, pageOf, Vault } from '@biz/platform';
import type { Page } from '@biz/platform';
import { DataSource, LessThan } from 'typeorm';
import { Consent } from '../members/consent.entity';
import type { MemberAccount, StoredAccount } from '../members/kakao-account';
import { Member } from '../members/member.entity';
import { ACCOUNT_CONTEXT } from '../members/members';
import { Access } from './access.entity';
import { ConsentDto, MemberDto } from './member.dto';
import type { MemberDetail, MembersQuery } from './member.dto';

const MAX_REASON = 200;

/** Members as an operator sees them. */
@Injectable()
export class MemberRecords {
  constructor(
    private readonly vault: Vault,
    private readonly clock: Clock,
    private readonly dataSource: DataSource,
  ) {}

  async page({ state, limit = 20, cursor }: MembersQuery): Promise<Page<MemberDto>> {
    const rows = await this.dataSource.getRepository(Member).find({
      where: { ...(state && { state }), ...(cursor !== undefined && { id: LessThan(cursor) }) },
      order: { id: 'DESC' },
      take: limit + 1,
    });
    return pageOf(
      rows,
      limit,
      ({ id }) => id,
      (row) => MemberDto.of(row),
    );
  }

  async detail(id: string, access: { reason?: string; caller: string }): Promise<MemberDetail> {
    const member = await this.dataSource.getRepository(Member).findOneBy({ id });
    if (!member) throw new NotFoundException('No such member');
    const consents = await this.dataSource
      .getRepository(Consent)
      .find({ where: { memberId: id }, order: { id: 'ASC' } });
    const account = await this.reveal(member, access);
    return Object.assign(MemberDto.of(member), {
      consents: consents.map((consent) => ConsentDto.of(consent)),
      ...(account && { account }),
    });
  }

  /** Nothing is shown before the access is on record. */
  private async reveal(
    { id, merchant, account }: Member,
    { reason: given, caller }: { reason?: string; caller: string },
  ): Promise<MemberAccount | undefined> {
    const reason = readable(given ?? '').trim();
    if (reason === '') return undefined;
    if (reason.length > MAX_REASON)
      throw new BadRequestException(`X-Access-Reason has more than ${MAX_REASON} characters`);
    if (account === null) return undefined;
    await this.dataSource
      .getRepository(Access)
      .insert({ id: newId(), memberId: id, merchant, reason, caller, accessedAt: this.clock.now() });
    return (JSON.parse(await this.vault.open(account, ACCOUNT_CONTEXT)) as StoredAccount).account;
  }
}

/** Node reads header bytes as Latin-1; a reason in Korean is UTF-8. */
function readable(header: string): string {
  const text = Buffer.from(header, 'latin1').toString('utf8');
  return text.includes('\ufffd') ? header : text;
}
