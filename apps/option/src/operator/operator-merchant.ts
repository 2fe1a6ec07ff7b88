import { Merchants } from '@biz/merchant';
import { Injectable, NotFoundException } from '@nestjs/common';

/** The merchant an operator means: the default one, unless said. */
@Injectable()
export class OperatorMerchant {
  constructor(private readonly merchants: Merchants) {}

  idOf(merchant: string | undefined): string {
    if (merchant === undefined) return this.merchants.default.id;
    if (!this.merchants.all.some(({ id }) => id === merchant)) throw new NotFoundException('No such merchant');
    return merchant;
  }
}

/** The default merchant is meant unless another is named, which is easily forgotten. */
export const noSuchProduct = (merchant: string): string =>
  `No such product of merchant ${merchant}; ?merchant= names another one`;
