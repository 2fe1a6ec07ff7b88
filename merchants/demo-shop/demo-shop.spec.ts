import { describeMerchant } from '@biz/testing';
import { demoShop } from './demo-shop';

describeMerchant(demoShop, { orderSheets: ['sheet-coffee', 'sheet-mug', 'sheet-subscription'] });
