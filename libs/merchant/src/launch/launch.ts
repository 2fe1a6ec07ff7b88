import { isVisibleLine, visibleLine } from '@biz/platform';
import type { MerchantDefinition, PluginKind, RegisteredPlugin } from '../definition/merchant-definition';
import { registrationOf, registrationsWith } from '../definition/registrations';
import type { AlimtalkButton, Launch, LaunchOrder } from './launch.dto';

/** Buttons of an Alimtalk template, by plugin (guide 1.3, 4.4). */
const ALIMTALK_TYPE: Partial<Record<PluginKind, AlimtalkButton['type']>> = {
  image: 'P1',
  profile: 'P2',
  payment: 'P3',
};

const LABELS: Record<PluginKind, string> = {
  profile: '정보 보내기',
  location: '위치 보내기',
  image: '사진 보내기',
  option: '옵션 선택하기',
  payment: '결제하기',
  sync: '회원 가입하기',
};

const MAX_LABEL = 14;
const MAX_ID = 255;

type Launching = Pick<MerchantDefinition, 'id' | 'plugins' | 'registrations'>;

/** A launch that cannot be made, with every reason. */
export class LaunchRefused extends Error {
  override readonly name = 'LaunchRefused';

  constructor(readonly problems: readonly string[]) {
    super(problems.join('\n'));
  }
}

/**
 * The link and the buttons that open a merchant's plugin in KakaoTalk.
 *
 * @throws LaunchRefused with everything that is missing or wrong
 */
export function launchOf(merchant: Launching, order: LaunchOrder): Launch {
  const { relayId, orderSheetId, productId } = order;
  const label = visibleLine(order.label ?? LABELS[order.plugin]);
  const pluginId = pluginOf(merchant, order)?.pluginId;
  const problems = [...problemsOf(merchant, order, label)];
  if (problems.length > 0 || pluginId === undefined) throw new LaunchRefused(problems);
  const values = {
    plugin_id: pluginId,
    ...(relayId !== undefined && { relay_id: relayId }),
    ...(orderSheetId !== undefined && { oneclick_id: orderSheetId }),
    ...(productId !== undefined && { product_id: productId }),
  };
  // Not URLSearchParams: KakaoTalk would show its + for a blank as it is.
  const query = Object.entries(values).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  const link = `kakaotalk://bizplugin?${query.join('&')}`;
  const type = ALIMTALK_TYPE[order.plugin];
  return {
    link,
    skillButton: { action: 'webLink', label, webLinkUrl: link },
    ...(type !== undefined && { alimtalkButton: { type, name: label, ...values } }),
  };
}

function pluginOf(merchant: Launching, order: LaunchOrder): RegisteredPlugin | undefined {
  const { plugin, key } = order;
  if (plugin === 'profile' || plugin === 'image') {
    const keyed = merchant.plugins[plugin];
    return key === undefined ? keyed?.[0] : keyed?.find((each) => each.key === key);
  }
  if (key !== undefined) return registrationOf(merchant, plugin, key);
  const single = merchant.plugins[plugin];
  return single?.pluginId === undefined ? (registrationsWith(merchant, plugin)[0] ?? single) : single;
}

function* problemsOf(merchant: Launching, order: LaunchOrder, label: string): Generator<string> {
  const { plugin, key, orderSheetId, productId, relayId } = order;
  const name = key === undefined ? plugin : `${plugin} plugin ${key}`;
  const found = pluginOf(merchant, order);
  if (!found) yield `merchant ${merchant.id} has no ${name}`;
  else if (found.pluginId === undefined) {
    yield `the ${name} of merchant ${merchant.id} has no pluginId: 24 hex digits, as 플러그인 관리자센터 shows it`;
  }
  if (plugin === 'payment' && orderSheetId === undefined && productId === undefined)
    yield 'a payment needs orderSheetId (oneclick_id), or productId when an option plugin comes before it';
  if (
    key !== undefined &&
    plugin !== 'profile' &&
    plugin !== 'image' &&
    registrationsWith(merchant, plugin).length === 0
  )
    yield `there is one ${plugin} plugin; it has no key`;
  const scenario = key === undefined ? undefined : registrationOf(merchant, plugin, key)?.scenario;
  if (plugin === 'payment' && scenario === 4 && productId === undefined)
    yield `${name} begins with options: it needs productId (product_id)`;
  if (plugin === 'payment' && scenario === 3 && orderSheetId === undefined)
    yield `${name} begins with the payment: it needs orderSheetId (oneclick_id)`;
  if (plugin === 'option' && productId === undefined) yield 'an option plugin needs productId (product_id)';
  if (orderSheetId !== undefined && plugin !== 'payment')
    yield `orderSheetId (oneclick_id) is for payment, not ${plugin}`;
  if (productId !== undefined && plugin !== 'option' && plugin !== 'payment')
    yield `productId (product_id) is for option and payment, not ${plugin}`;
  for (const [field, value] of Object.entries({ relayId, orderSheetId, productId })) {
    if (value !== undefined && (value.length > MAX_ID || !isVisibleLine(value)))
      yield `${field} must be one visible line of 1 to ${MAX_ID} characters`;
  }
  if (label === '' || label.length > MAX_LABEL) yield `label must have 1 to ${MAX_LABEL} characters`;
}
