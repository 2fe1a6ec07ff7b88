import { defineMerchant } from '@biz/merchant';
import { DemoShopModule } from './demo-shop.module';
import { products } from './products';

/** The cups and beans of Demo Shop, sold in KakaoTalk. Secrets come from the environment: DEMO_SHOP_REST_API_KEY … */
export const demoShop = defineMerchant({
  id: 'demo-shop',
  name: '데모샵',
  app: { id: '249344', environment: 'test' },
  plugins: {
    profile: [
      {
        key: 'delivery',
        scopes: ['nickname', 'profile_image_url', 'phone_number', 'email', 'shipping_address'],
        purpose: '상품 배송',
        retainDays: 30,
      },
      { key: 'survey', scopes: ['age_range', 'birthyear', 'birthday', 'gender'], purpose: '고객 설문', retainDays: 7 },
    ],
    location: { name: '데모샵 매장 찾기', purpose: '가까운 매장 안내', detailAddress: true, retainDays: 1 },
    image: [
      { key: 'receipt', name: '데모샵 영수증', purpose: '영수증 확인', items: '영수증 사진', retainDays: 7 },
      { key: 'return', purpose: '교환·반품 사진 확인', retainDays: 30 },
    ],
    option: { kind: 'commerce' },
    payment: { api: 'legacy', cid: 'TC0ONETIME', subscriptionCid: 'TCSUBSCRIP' },
    sync: {},
  },
  registrations: [
    { key: 'shop', scenario: 4, title: '데모샵 옵션+결제', option: 'commerce', payment: 'single' },
    { key: 'order', scenario: 3, title: '데모샵 바로결제', payment: 'single' },
    { key: 'club', scenario: 3, title: '데모샵 정기 이용권', payment: 'subscription' },
    { key: 'survey', scenario: 1, title: '데모샵 설문', option: 'non-commerce' },
  ],
  catalogue: products,
  module: DemoShopModule,
});
