import { Module } from '@nestjs/common';
import type { AppDefinition } from '@biz/platform';
import { CaptureModule, captureSchema } from '@biz/capture';
import { privacySchema } from '@biz/privacy';
import { MerchantsModule, merchantSchemas } from '@biz/merchant';
import type { MerchantDefinition } from '@biz/merchant';
import { CallbackController } from './callback.controller';

@Module({})
class ImageModule {}

/** 이미지보안전송 플러그인: pictures a customer sent in confidence, from Kakao’s callback to the store and the shop. */
export const imageApp = (merchants: readonly MerchantDefinition[]): AppDefinition => ({
  name: 'image',
  title: 'Image plugin (이미지보안전송 플러그인)',
  description:
    'Receives the callback of the image plugin (guide 4.4), redeems its OTP URL (guide 4.3), fetches every image into the encrypted store before it expires and tells the shop. ' +
    'The callback is stored before it is answered; redeeming, delivery and erasure follow as durable work.',
  schemas: [privacySchema, ...merchantSchemas(merchants), captureSchema],
  module: {
    module: ImageModule,
    imports: [MerchantsModule.for(merchants), CaptureModule.for('image')],
    controllers: [CallbackController],
  },
});
