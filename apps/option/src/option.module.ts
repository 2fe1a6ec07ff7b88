import { CommerceModule, commerceSchema } from '@biz/commerce';
import { Goods, merchantSchemas, MerchantsModule } from '@biz/merchant';
import type { MerchantDefinition } from '@biz/merchant';
import type { AppDefinition } from '@biz/platform';
import { Module } from '@nestjs/common';
import { LargeBodies } from './operator/large-bodies';
import { OperatorMerchant } from './operator/operator-merchant';
import { SkuImport } from './skus/sku-import';
import { SkusController } from './skus/skus.controller';
import { DraftsController } from './operator/drafts.controller';
import { RefusalsController } from './operator/refusals.controller';
import { ProductsController } from './operator/products.controller';
import { OptionsController } from './options/options.controller';
import { DraftErasure } from './selections/draft-erasure';
import { Selections } from './selections/selections';

@Module({
  controllers: [OptionsController, ProductsController, SkusController, DraftsController, RefusalsController],
  providers: [Goods, Selections, DraftErasure, OperatorMerchant, SkuImport, LargeBodies],
})
class OptionModule {}

/** The option plugin (옵션선택 플러그인): shows what can be chosen and keeps what was. */
export const optionApp = (merchants: MerchantDefinition[]): AppDefinition => ({
  name: 'option',
  title: 'Option plugin (옵션선택 플러그인)',
  description:
    'T1 shows what can be chosen of a product, T2 checks and prices what a customer chose (guide 5.2). ' +
    'T2 answers the id of a temporary order (임시 주문), which the payment plugin can charge.',
  schemas: [...merchantSchemas(merchants), commerceSchema],
  module: { module: OptionModule, imports: [MerchantsModule.for(merchants), CommerceModule.with(merchants)] },
});
