import { provideConfig } from '@biz/platform';
import { Inject, Module } from '@nestjs/common';
import type { DynamicModule, OnModuleInit } from '@nestjs/common';
import { Drafts } from './drafts/drafts';
import { DraftsConfig } from './drafts/drafts.config';
import type { Catalogue } from './products/products';
import { Products } from './products/products';
import { Refusals } from './refusals/refusals';
import { Stock } from './stock/stock';

const CATALOGUES = Symbol('CATALOGUES');

/** Products, stock and drafts, as providers. */
@Module({})
export class CommerceModule implements OnModuleInit {
  constructor(
    private readonly products: Products,
    @Inject(CATALOGUES) private readonly catalogues: readonly Catalogue[],
  ) {}

  /** @param catalogues the merchants; what the database lacks of their goods is added when the app starts */
  static with(catalogues: readonly Catalogue[]): DynamicModule {
    return {
      module: CommerceModule,
      providers: [
        Products,
        Stock,
        Drafts,
        Refusals,
        provideConfig(DraftsConfig),
        { provide: CATALOGUES, useValue: catalogues },
      ],
      exports: [Products, Stock, Drafts, Refusals],
    };
  }

  async onModuleInit(): Promise<void> {
    await this.products.seed(this.catalogues);
  }
}
