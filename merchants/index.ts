import type { MerchantDefinition } from '@biz/merchant';
import { demoShop } from './demo-shop';

/** Every merchant of this deployment. A new one is a folder beside this file and a line here. */
export const merchants: MerchantDefinition[] = [demoShop];
