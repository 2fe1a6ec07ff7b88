import { Module } from '@nestjs/common';
import type { AppDefinition } from '@biz/platform';
import { CaptureModule, captureSchema } from '@biz/capture';
import { privacySchema } from '@biz/privacy';
import { MerchantsModule, merchantSchemas } from '@biz/merchant';
import type { MerchantDefinition } from '@biz/merchant';
import { CallbackController } from './callback.controller';

@Module({})
class ProfileModule {}

/** 개인정보이용 플러그인: what a customer agreed to hand over, from Kakao's callback to the shop. */
export const profileApp = (merchants: readonly MerchantDefinition[]): AppDefinition => ({
  name: 'profile',
  title: 'Profile plugin (개인정보이용 플러그인)',
  description:
    'Receives the callback of the profile plugin (guide 1.3), redeems its OTP URL (guide 1.2) and delivers the profile to the shop. ' +
    'The callback is stored before it is answered; redeeming, delivery and erasure follow as durable work.',
  schemas: [privacySchema, ...merchantSchemas(merchants), captureSchema],
  module: {
    module: ProfileModule,
    imports: [MerchantsModule.for(merchants), CaptureModule.for('profile')],
    controllers: [CallbackController],
  },
});
