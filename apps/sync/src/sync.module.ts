import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { merchantSchemas, MerchantsModule } from '@biz/merchant';
import type { MerchantDefinition } from '@biz/merchant';
import { provideConfig } from '@biz/platform';
import type { AppDefinition } from '@biz/platform';
import { AccessLogModule, privacySchema } from '@biz/privacy';
import { AddressesController } from './addresses/addresses.controller';
import { KakaoAdmin } from './kakao/kakao-admin';
import { Failures } from './login/failures';
import { KakaoLogin } from './kakao/kakao-login';
import { LoginController } from './login/login.controller';
import { Logins } from './login/logins';
import { Matching } from './matching/matching';
import { Members } from './members/members';
import { EventsController } from './notices/events.controller';
import { KakaoKeys } from './notices/kakao-keys';
import { Notices } from './notices/notices';
import { SecurityEvents } from './notices/security-events';
import { UnlinkController } from './notices/unlink.controller';
import { MemberRecords } from './operator/member-records';
import { MembersController } from './operator/members.controller';
import { SyncErrorsController } from './operator/sync-errors.controller';
import { StartController } from './start/start.controller';
import { StartedLogins } from './start/started-logins';
import { SyncConfig } from './sync.config';
import { syncSchema } from './sync.schema';
import { KakaoUnlinks } from './unlinking/kakao-unlinks';

@Module({})
class SyncModule {
  static for(merchants: readonly MerchantDefinition[]): DynamicModule {
    return {
      module: SyncModule,
      imports: [MerchantsModule.for(merchants), AccessLogModule],
      controllers: [
        StartController,
        LoginController,
        UnlinkController,
        EventsController,
        MembersController,
        AddressesController,
        SyncErrorsController,
      ],
      providers: [
        provideConfig(SyncConfig),

        KakaoLogin,
        KakaoAdmin,
        StartedLogins,
        Matching,
        Logins,
        KakaoUnlinks,
        Failures,
        Members,
        Notices,
        KakaoKeys,
        SecurityEvents,
        MemberRecords,
      ],
    };
  }
}

export const syncApp = (merchants: MerchantDefinition[]): AppDefinition => ({
  name: 'sync',
  title: 'Kakao Sync plugin (카카오싱크 플러그인)',
  description:
    'Customers join the shop inside KakaoTalk: consent, member, service terms, and the end of it (guide chapter 2). ' +
    'Register `GET /callback` as plugin redirect URI, `/unlink` as unlink webhook (연결 해제 웹훅) and `POST /events` as account-state webhook (계정 상태 변경 웹훅).',
  schemas: [privacySchema, ...merchantSchemas(merchants), syncSchema],
  module: SyncModule.for(merchants),
});
