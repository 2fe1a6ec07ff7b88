import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { EventSender } from '../calls/event-sender';
import { ShopCalls } from '../calls/shop-calls';
import { EndpointPorts } from '../endpoints/endpoint-ports';
import { Deliveries } from '../deliveries/deliveries';
import { DeliveriesController } from '../deliveries/deliveries.controller';
import { DeliveryWorker } from '../deliveries/delivery.worker';
import type { MerchantDefinition } from '../definition/merchant-definition';
import { ShopConfig } from '../ports/shop.config';
import { KakaoCallers, KakaoCheck, KeylessPaths } from '../routing/kakao-check';
import { KakaoAddresses } from '../routing/kakao-addresses';
import { RateLimitConfig } from '../routing/rate-limit.config';
import { RateLimits } from '../routing/rate-limits';
import { Journeys } from '../journeys/journeys';
import { JourneysController } from '../journeys/journeys.controller';
import { RelayIds } from '../relay/relay-ids';
import { RelayIdsController } from '../relay/relay-ids.controller';
import { MERCHANT_DEFINITIONS, Merchants } from './merchants';
import { MerchantsController } from './merchants.controller';
import { provideConfig } from '@biz/platform';

/** The merchants with their modules, and the delivery of what they are owed. Imported once by every app. */
@Module({})
export class MerchantsModule {
  static for(definitions: readonly MerchantDefinition[]): DynamicModule {
    const providers = [
      { provide: MERCHANT_DEFINITIONS, useValue: definitions },
      provideConfig(KakaoCallers),
      provideConfig(KeylessPaths),
      provideConfig(ShopConfig),
      EndpointPorts,
      Merchants,
      KakaoAddresses,
      ShopCalls,
      RelayIds,
      Deliveries,
      KakaoCheck,
    ];
    return {
      module: MerchantsModule,
      global: true,
      imports: definitions.flatMap(({ module }) => (module ? [module] : [])),
      controllers: [MerchantsController, DeliveriesController, RelayIdsController, JourneysController],
      providers: [...providers, provideConfig(RateLimitConfig), RateLimits, EventSender, DeliveryWorker, Journeys],
      exports: providers,
    };
  }
}
