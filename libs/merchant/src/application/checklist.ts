import type { Addresses, Outbound } from '@biz/platform';
import { pluginsOfApp } from '../definition/app-limits';
import { PLUGIN_KINDS } from '../definition/merchant-definition';
import type { PluginKind } from '../definition/merchant-definition';
import { registrationsWith } from '../definition/registrations';
import type { Merchant } from '../registry/merchant';
import { keyedBase } from '../routing/kakao-addresses';
import type { PathKeyKind } from '../registry/path-keys';
import { byHand } from './by-hand';
import type { Check } from './checklist.dto';

interface Attempt {
  method: 'GET' | 'POST';
  key: PathKeyKind;
  path: string;
}

interface Probe extends Attempt {
  app: PluginKind;
  /** What it is called in the list. */
  what: string;
}

/** Where each app of a merchant is tried: a call that Kakao could make and that changes nothing. */
const PROBES: Record<PluginKind, Attempt> = {
  profile: { method: 'POST', key: 'server', path: '/callback' },
  location: { method: 'POST', key: 'server', path: '/callback' },
  image: { method: 'POST', key: 'server', path: '/callback' },
  option: { method: 'GET', key: 'server', path: '/options?id=checklist' },
  payment: { method: 'GET', key: 'server', path: '/ordersheet?ordersheet_id=checklist' },
  sync: { method: 'GET', key: 'customer', path: '/callback' },
};

/**
 * What must be ready before Kakao can be asked for plugins (guide 0.2 to 0.5, 0.7), and what of it is.
 *
 * The public addresses are called as Kakao would, over https, certificate checked.
 */
export async function checklist(
  merchant: Merchant,
  all: readonly Merchant[],
  addresses: Addresses,
  outbound: Outbound,
): Promise<Check[]> {
  const reached = await Promise.all(probesOf(merchant).map((probe) => reach(merchant, probe, addresses, outbound)));
  return [...byHand(merchant), ...applications(merchant), ...limits(merchant, all), ...reached];
}

/** Each app at its address without a key, and each registered plugin at its own. */
function probesOf(merchant: Merchant): Probe[] {
  const ofKinds = PLUGIN_KINDS.filter((app) => merchant.plugins[app] !== undefined).map((app) => ({
    app,
    what: app,
    ...PROBES[app],
  }));
  const ofRegistrations = (['option', 'payment'] as const).flatMap((app) =>
    registrationsWith(merchant, app).map(({ key }): Probe => {
      const [path = '', query = ''] = PROBES[app].path.split('?');
      return { app, what: `${app} ${key}`, ...PROBES[app], path: `${path}/${key}?${query}` };
    }),
  );
  return [...ofKinds, ...ofRegistrations];
}

/** A plugin that is applied for by the form has its id once Kakao has registered it. */
function* applications(merchant: Merchant): Generator<Check> {
  for (const { key, title, scenario, pluginId } of merchant.registrations ?? []) {
    yield {
      guide: `9.2.${scenario}`,
      what: `신청양식 제출: ${title} (npm run form -- ${merchant.id} --plugin ${key})`,
      state: pluginId === undefined ? 'missing' : 'done',
      found: pluginId === undefined ? `registration ${key} has no pluginId` : `pluginId ${pluginId}`,
    };
  }
}

/** An app with a definition that breaks them does not start, so here they are kept. */
function* limits(merchant: Merchant, all: readonly Merchant[]): Generator<Check> {
  const { plugins, app } = merchant;
  const { profile = [], image = [] } = plugins;
  const ofApp = pluginsOfApp(app.id, all);
  const found = `app ${app.id}: profile ${ofApp.profile}, image ${ofApp.image}, location ${ofApp.location}, sync ${ofApp.sync}`;
  yield { guide: '0.5', what: '플러그인 생성 갯수 제한, 개인정보이용항목 중복 없음', state: 'done', found };
  const missing = [
    ...profile.filter(({ pluginId }) => pluginId === undefined).map(({ key }) => `profile ${key}`),
    ...image.filter(({ pluginId }) => pluginId === undefined).map(({ key }) => `image ${key}`),
    ...(['location', 'option', 'payment', 'sync'] as const).filter(
      (kind) =>
        plugins[kind] !== undefined &&
        plugins[kind].pluginId === undefined &&
        (kind === 'location' || kind === 'sync' || registrationsWith(merchant, kind).length === 0),
    ),
  ];
  yield {
    guide: '0.2',
    what: '플러그인 등록: 플러그인 ID를 정의에 입력 (pluginId)',
    state: missing.length === 0 ? 'done' : 'missing',
    ...(missing.length > 0 && { found: `without pluginId: ${missing.join(', ')}` }),
  };
  const apart = app.environment === 'test' ? '테스트 CID(TC…)만 사용' : '실제 CID만 사용, 테스트 앱과 키를 나눔';
  yield { guide: '0.7', what: apart, state: 'done', found: app.environment };
}

async function reach(
  merchant: Merchant,
  { app, what, method, key, path }: Probe,
  addresses: Addresses,
  outbound: Outbound,
): Promise<Check> {
  const base = addresses.baseUrl(app);
  const check = { guide: '9.2', what: `${what}: 공개 주소에 https로 연결, 인증서 유효, 경로 응답` };
  if (!base.startsWith('https://')) {
    return {
      ...check,
      state: 'missing',
      found: `${new URL(base).origin} is not https (PUBLIC_BASE_URL_${app.toUpperCase()})`,
    };
  }
  const outcome = await outbound.send({
    method,
    url: keyedBase(addresses, app, merchant, key) + path,
    headers: { 'content-type': 'application/json' },
    ...(method === 'POST' && { body: '{}' }),
    timeoutMs: 5_000,
    maxBytes: 64 * 1024,
  });
  const origin = new URL(base).origin;
  if (outcome.kind !== 'answered') return { ...check, state: 'missing', found: `${origin}: ${outcome.reason}` };
  // Every answer of ours has a status in its body; a gateway's own page has not.
  const ours = /"status"\s*:\s*\d+/.test(outcome.body) && outcome.status !== 404;
  return { ...check, state: ours ? 'done' : 'missing', found: `${origin}: HTTP ${outcome.status}` };
}
