import { type AppDefinition, provideConfig } from '@biz/platform';
import { Module } from '@nestjs/common';
import { Faults } from './faults/faults';
import { FaultsController } from './faults/faults.controller';
import { ImagesController } from './images/images.controller';
import { SignedImages } from './images/signed-images';
import { LedgerController } from './ledger/ledger.controller';
import { Accounts } from './login/accounts';
import { AuthController, LoginWorkbenchController, UserController } from './login/login.controller';
import { SigningKeys } from './login/signing-key';
import { OtpAnswers } from './otp/otp-answers';
import { OtpController, OtpsController } from './otp/otp.controller';
import { Otps } from './otp/otps';
import { OwnAddress } from './own-address';
import { LegacyPayController, OpenPayController } from './pay/pay.controller';
import { Cids } from './payments/cids';
import { Ledger } from './payments/ledger';
import { Payments } from './payments/payments';
import { Subscriptions } from './payments/subscriptions';
import { ScreenController } from './screen/screen.controller';
import { ForeignPages } from './page/foreign-pages';
import { PageController } from './page/page.controller';
import { SimulatorConfig } from './simulator.config';
import { CallbackPlay } from './plays/callback.play';
import { OptionPlay } from './plays/option.play';
import { PaymentPlay } from './plays/payment.play';
import { PaymentWatch } from './plays/payment-watch';
import { SyncPlay } from './plays/sync.play';
import { Scenarios } from './scenarios/scenarios';
import { ScenariosController } from './scenarios/scenarios.controller';
import { Inbox } from './shop/inbox';
import { ShopController } from './shop/shop.controller';
import { Pace } from './time/pace';
import { SimulatedTime } from './time/simulated-time';
import { PlayedInterceptor } from './wire/played';
import { Traffic } from './wire/traffic';
import { WorkbenchController } from './workbench/workbench.controller';

@Module({
  controllers: [
    PageController,
    ScenariosController,
    ShopController,
    OtpController,
    ImagesController,
    LegacyPayController,
    OpenPayController,
    AuthController,
    UserController,
    ScreenController,
    OtpsController,
    LoginWorkbenchController,
    LedgerController,
    FaultsController,
    WorkbenchController,
  ],
  providers: [
    ForeignPages,
    provideConfig(SimulatorConfig),
    OwnAddress,
    SimulatedTime,
    Pace,
    Faults,
    Traffic,
    PlayedInterceptor,
    Otps,
    OtpAnswers,
    SignedImages,
    Cids,
    Ledger,
    Payments,
    Subscriptions,
    Accounts,
    SigningKeys,
    Inbox,
    CallbackPlay,
    OptionPlay,
    PaymentWatch,
    PaymentPlay,
    SyncPlay,
    Scenarios,
  ],
})
class SimulatorModule {}

/** Plays what no developer reaches without Kakao's approval: KakaoTalk's plugins, KakaoPay, Kakao login. */
export const simulatorApp = (): AppDefinition => ({
  name: 'simulator',
  title: 'Kakao simulator (카카오 시뮬레이터)',
  description:
    'Plays KakaoTalk’s plugins, KakaoPay and Kakao login for development, against any merchant server. ' +
    'Everything is kept in memory and forgotten on a restart. It refuses to run in production.',
  schemas: [],
  module: SimulatorModule,
});
