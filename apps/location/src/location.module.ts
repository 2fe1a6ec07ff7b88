import { Module } from '@nestjs/common';
import type { AppDefinition } from '@biz/platform';
import { CaptureModule, captureSchema } from '@biz/capture';
import { privacySchema } from '@biz/privacy';
import { MerchantsModule, merchantSchemas } from '@biz/merchant';
import type { MerchantDefinition } from '@biz/merchant';
import { CallbackController } from './callback.controller';

@Module({})
class LocationModule {}

/** 위치전송 플러그인: where a customer says to be, from Kakao’s callback to the shop. */
export const locationApp = (merchants: readonly MerchantDefinition[]): AppDefinition => ({
  name: 'location',
  title: 'Location plugin (위치전송 플러그인)',
  description:
    'Receives the callback of the location plugin (guide 3.4), redeems its OTP URL in version v2 (guide 3.3) and delivers the location to the shop. ' +
    'The callback is stored before it is answered; redeeming, delivery and erasure follow as durable work.',
  schemas: [privacySchema, ...merchantSchemas(merchants), captureSchema],
  module: {
    module: LocationModule,
    imports: [MerchantsModule.for(merchants), CaptureModule.for('location')],
    controllers: [CallbackController],
  },
});
