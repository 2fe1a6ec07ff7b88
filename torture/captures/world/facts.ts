import { SHOP_IDS, type ShopId } from './shops';

/** More digits than a number of JavaScript holds. */
export const SHIPPING_ID = '9223372036854775807';
export const LOCATION = { latitude: 37.402, longitude: 127.108 };

/** Each shop has a webhook of its own, so that one that is told of another's customers is found. */
export const DELIVERED_TO = Object.fromEntries(SHOP_IDS.map((id) => [id, `/webhook/${id}`])) as Record<ShopId, string>;
/** Kakao answers nobody who comes with another shop's key. */
export const KEY_OF = Object.fromEntries(SHOP_IDS.map((id) => [id, `rest-${id}`])) as Record<ShopId, string>;
