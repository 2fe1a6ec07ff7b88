import type { Addresses } from '@biz/platform';
import type { PluginRegistration, Scenario } from '../definition/merchant-definition';
import { SCENARIO_PARTS, titleProblem } from '../definition/registrations';
import type { ScenarioPart } from '../definition/registrations';
import type { Merchant } from '../registry/merchant';
import { keyedBase } from '../routing/kakao-addresses';

const NAMES: Record<ScenarioPart, string> = {
  sync: '카카오싱크 플러그인',
  option: '옵션선택 플러그인',
  payment: '원클릭결제 플러그인',
};

export interface ApplicationForm {
  /** Markdown in Korean, field for field as in the guide (9.2). */
  markdown: string;
  /** Why Kakao would refuse it; none: it can be sent. */
  problems: string[];
}

/** Which forms are wanted: of a scenario, or of one plugin by its key. */
export interface WantedForms {
  scenario?: Scenario;
  /** Key of a registration. */
  plugin?: string;
}

/** What a form is filled with: a registration of the merchant, or what it says of its plugins without any. */
interface Filling {
  scenario: Scenario;
  title: string;
  /** Last segment of the addresses. */
  key?: string;
  commerce: boolean;
  nonCommerce: boolean;
  single: boolean;
  subscription: boolean;
}

/**
 * The filled application forms (신청양식, guide 9.2): one for each plugin that the merchant registers, of one scenario or all.
 *
 * A merchant without registrations of the scenario has one form, with the addresses of no key.
 */
export function applicationForms(merchant: Merchant, wanted: WantedForms, addresses: Addresses): ApplicationForm[] {
  const { registrations = [] } = merchant;
  const { scenario, plugin } = wanted;
  const meant = registrations.filter(
    (each) => (scenario === undefined || each.scenario === scenario) && (plugin === undefined || each.key === plugin),
  );
  const fillings = meant.map((registration) => fillingOf(registration));
  if (fillings.length === 0 && plugin === undefined && scenario !== undefined)
    fillings.push(fillingWithout(merchant, scenario));
  return fillings.map((filling) => formOf(merchant, filling, addresses));
}

function fillingOf({ scenario, title, key, option, payment }: PluginRegistration): Filling {
  return {
    ...{ scenario, title, key },
    ...{ commerce: option === 'commerce', nonCommerce: option === 'non-commerce' },
    ...{ single: payment === 'single', subscription: payment === 'subscription' },
  };
}

function fillingWithout({ title, name, plugins, secrets }: Merchant, scenario: Scenario): Filling {
  const kind = plugins.option?.kind;
  return {
    ...{ scenario, title: title ?? `${name} 플러그인` },
    ...{ commerce: kind === 'commerce', nonCommerce: kind === 'non-commerce' },
    ...{ single: secrets.cid !== undefined, subscription: secrets.subscriptionCid !== undefined },
  };
}

function formOf(merchant: Merchant, filling: Filling, addresses: Addresses): ApplicationForm {
  const { scenario, title } = filling;
  const parts = SCENARIO_PARTS[scenario];
  const urls = parts.flatMap((part) => formAddresses(merchant, part, addresses, filling.key));
  const lines = [
    `# 9.2.${scenario} ${parts.map((part) => NAMES[part]).join(' + ')}`,
    '',
    '## 1. 플러그인 기본정보',
    '',
    `- 플러그인 제목 (20자 이내) : ${title}`,
    `- 앱 아이디 : ${merchant.app.id}`,
    ...detailsOf(merchant, filling, urls),
    ...(parts.includes('sync') ? developersSection(merchant, addresses) : []),
    '',
    '* API url은 https (포트 443)만 지원합니다.',
    '',
  ];
  return { markdown: lines.join('\n'), problems: [...problemsOf(merchant, filling, urls)] };
}

interface FormAddress {
  part: ScenarioPart;
  what: string;
  url: string;
}

/** The addresses of a part as the form asks for them: all are called by Kakao's servers. */
function formAddresses(
  merchant: Merchant,
  part: ScenarioPart,
  addresses: Addresses,
  key: string | undefined,
): FormAddress[] {
  const paths: Record<ScenarioPart, [what: string, path: string][]> = {
    sync: [],
    option: [
      ['T1. 옵션조회 API URL', '/options'],
      ['T2. 옵션선택 API URL', '/option'],
    ],
    payment: [
      ['T1. 주문생성 API URL', '/ordersheet'],
      ['T2. 결제번호저장 및 상품유효성검증 API URL', '/approve'],
      ['T4. 주문상태 확인 API URL', '/status'],
    ],
  };
  const last = key === undefined ? '' : `/${key}`;
  const base = keyedBase(addresses, part, merchant, 'server');
  return paths[part].map(([what, path]) => ({ part, what, url: base + path + last }));
}

function detailsOf({ secrets }: Merchant, filling: Filling, urls: readonly FormAddress[]): string[] {
  const box = (ticked: boolean): string => (ticked ? '[v]' : '[  ]');
  const addressesOf = (part: ScenarioPart): string[] =>
    urls.filter((each) => each.part === part).map(({ what, url }) => `- ${what} : ${url}`);
  const { commerce, nonCommerce, single, subscription } = filling;
  const details: Record<'option' | 'payment', [title: string, lines: string[]]> = {
    option: [
      '옵션선택 플러그인 세부사항',
      [
        '- 옵션타입 (선택)',
        `  - ${box(commerce)} 커머스형`,
        `  - ${box(nonCommerce)} 비커머스형`,
        ...addressesOf('option'),
      ],
    ],
    payment: [
      '원클릭결제 플러그인 세부사항',
      [
        '- 결제타입 (선택)',
        `  - ${box(single)} 일반(단건)결제`,
        `  - ${box(subscription)} 정기결제 (사용을 위한 사전 별도 협의 필요)`,
        `- 카카오페이를 통한 원클릭결제용 CID 발급 여부 (발급/미발급) : ${isIssued(filling, secrets) ? '발급' : '미발급'}`,
        ...addressesOf('payment'),
      ],
    ],
  };
  const sections = SCENARIO_PARTS[filling.scenario].flatMap((part) => (part === 'sync' ? [] : [details[part]]));
  return sections.flatMap(([title, lines], at) => ['', `## ${at + 2}. ${title}`, '', ...lines]);
}

/** Whether there is a CID for each 결제타입 that is ticked. */
const isIssued = ({ single, subscription }: Filling, { cid, subscriptionCid }: Merchant['secrets']): boolean =>
  (single || subscription) && (!single || cid !== undefined) && (!subscription || subscriptionCid !== undefined);

/** The form has no field for these: they are entered at Kakao Developers. Customers see the redirect URI, so it has a key of its own. */
function developersSection(merchant: Merchant, addresses: Addresses): string[] {
  const ofCustomers = keyedBase(addresses, 'sync', merchant, 'customer');
  const ofServers = keyedBase(addresses, 'sync', merchant, 'server');
  return [
    '',
    '## 카카오 디벨로퍼스에 등록할 주소 (신청서에는 없는 항목)',
    '',
    `- 제품설정 > 간편가입 > 플러그인 Redirect URI : ${ofCustomers}/callback`,
    `- 앱 > 웹훅 > 연결 해제 웹훅 : ${ofServers}/unlink`,
    `- 앱 > 웹훅 > 계정 상태 변경 웹훅 : ${ofServers}/events`,
  ];
}

function* problemsOf(merchant: Merchant, filling: Filling, urls: readonly FormAddress[]): Generator<string> {
  const { scenario, title, key, nonCommerce, single, subscription } = filling;
  const parts = SCENARIO_PARTS[scenario];
  const wrongTitle = titleProblem(title);
  const where = key === undefined ? 'title of the definition' : `title of registration ${key}`;
  if (wrongTitle !== undefined) yield `플러그인 제목 "${title}": ${wrongTitle} (${where})`;
  if (!/^\d+$/.test(merchant.app.id) || /^0+$/.test(merchant.app.id))
    yield `앱 아이디 "${merchant.app.id}": it must be the number that Kakao Developers shows`;
  for (const part of parts) {
    if (!merchant.plugins[part])
      yield `${NAMES[part]}: merchant ${merchant.id} has no ${part} plugin (plugins.${part})`;
  }
  if (scenario === 4 && nonCommerce) yield '옵션타입: a payment follows, so it must be commerce (커머스형)';
  if (parts.includes('payment') && merchant.plugins.payment) yield* cidProblems(merchant, single, subscription);
  for (const { what, url } of urls) {
    const problem = urlProblem(url);
    if (problem) yield `${what}: ${problem}`;
  }
}

function* cidProblems({ secrets }: Merchant, single: boolean, subscription: boolean): Generator<string> {
  if (!single && !subscription) yield '결제타입: the merchant has neither a CID nor a subscription CID';
  if (single && secrets.cid === undefined) yield '결제타입: single payments need a CID';
  if (subscription && secrets.subscriptionCid === undefined) yield '결제타입: subscriptions need a subscription CID';
}

/** Kakao takes https on port 443 only. The path key is a password, so the address itself is not told. */
function urlProblem(address: string): string | undefined {
  if (!URL.canParse(address)) return 'no URL (PUBLIC_BASE_URL_…)';
  const { protocol, port, hostname, username } = new URL(address);
  const app = `${protocol}//${hostname}${port && `:${port}`}`;
  if (protocol !== 'https:') return `${app} is not https (PUBLIC_BASE_URL_…)`;
  if (port !== '') return `${app} is not on port 443 (PUBLIC_BASE_URL_…)`;
  if (username !== '') return `${app} has user info (PUBLIC_BASE_URL_…)`;
  if (!hostname.includes('.') || hostname.startsWith('127.'))
    return `${app} cannot be reached by Kakao (PUBLIC_BASE_URL_…)`;
  return undefined;
}
