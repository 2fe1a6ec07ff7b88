import type { Addresses, AppName } from '@biz/platform';
import type { Merchant } from '../registry/merchant';
import { keyedBase } from '../routing/kakao-addresses';

/** 플러그인 신청 시나리오 (guide 9.1). */
export const SCENARIOS = [1, 2, 3, 4] as const;
export type Scenario = (typeof SCENARIOS)[number];

type Part = 'sync' | 'option' | 'payment';

const PARTS: Record<Scenario, readonly Part[]> = {
  1: ['option'],
  2: ['sync', 'option'],
  3: ['sync', 'payment'],
  4: ['sync', 'option', 'payment'],
};
const NAMES: Record<Part, string> = {
  sync: '카카오싱크 플러그인',
  option: '옵션선택 플러그인',
  payment: '원클릭결제 플러그인',
};
const MAX_TITLE = 20;

export interface ApplicationForm {
  /** Markdown in Korean, field for field as in the guide (9.2). */
  markdown: string;
  /** Why Kakao would refuse it; none: it can be sent. */
  problems: string[];
}

/** The filled application form (신청양식, guide 9.2) of one scenario. */
export function applicationForm(merchant: Merchant, scenario: Scenario, addresses: Addresses): ApplicationForm {
  const parts = PARTS[scenario];
  // Every address of the form is one that Kakao's servers call.
  const url = (app: AppName, path: string): string => keyedBase(addresses, app, merchant, 'server') + path;
  const urls = parts.flatMap((part): [what: string, url: string][] => {
    if (part === 'option') {
      return [
        ['T1. 옵션조회 API URL', url('option', '/options')],
        ['T2. 옵션선택 API URL', url('option', '/option')],
      ];
    }
    if (part === 'payment') {
      return [
        ['T1. 주문생성 API URL', url('payment', '/ordersheet')],
        ['T2. 결제번호저장 및 상품유효성검증 API URL', url('payment', '/approve')],
        ['T4. 주문상태 확인 API URL', url('payment', '/status')],
      ];
    }
    return [];
  });
  const lines = [
    `# 9.2.${scenario} ${parts.map((part) => NAMES[part]).join(' + ')}`,
    '',
    '## 1. 플러그인 기본정보',
    '',
    `- 플러그인 제목 (20자 이내) : ${titleOf(merchant)}`,
    `- 앱 아이디 : ${merchant.app.id}`,
    ...detailsOf(merchant, parts, urls),
    ...(parts.includes('sync') ? developersSection(merchant, addresses) : []),
    '',
    '* API url은 https (포트 443)만 지원합니다.',
    '',
  ];
  return { markdown: lines.join('\n'), problems: [...problemsOf(merchant, parts, urls)] };
}

function detailsOf({ plugins, secrets }: Merchant, parts: readonly Part[], urls: [string, string][]): string[] {
  const box = (ticked: boolean): string => (ticked ? '[v]' : '[  ]');
  const addressesOf = (part: 'option' | 'payment'): string[] =>
    urls.filter(([what]) => what.includes('옵션') === (part === 'option')).map(([what, url]) => `- ${what} : ${url}`);
  const sections = parts.flatMap((part): [string, string[]][] => {
    if (part === 'option') {
      const kinds = [
        `  - ${box(plugins.option?.kind === 'commerce')} 커머스형`,
        `  - ${box(plugins.option?.kind === 'non-commerce')} 비커머스형`,
      ];
      return [['옵션선택 플러그인 세부사항', ['- 옵션타입 (선택)', ...kinds, ...addressesOf('option')]]];
    }
    if (part === 'payment') {
      const kinds = [
        `  - ${box(Boolean(secrets.cid))} 일반(단건)결제`,
        `  - ${box(Boolean(secrets.subscriptionCid))} 정기결제 (사용을 위한 사전 별도 협의 필요)`,
      ];
      const cid = `- 카카오페이를 통한 원클릭결제용 CID 발급 여부 (발급/미발급) : ${secrets.cid ? '발급' : '미발급'}`;
      return [['원클릭결제 플러그인 세부사항', ['- 결제타입 (선택)', ...kinds, cid, ...addressesOf('payment')]]];
    }
    return [];
  });
  return sections.flatMap(([title, lines], at) => ['', `## ${at + 2}. ${title}`, '', ...lines]);
}

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

const titleOf = ({ title, name }: Merchant): string => title ?? `${name} 플러그인`;

function* problemsOf(merchant: Merchant, parts: readonly Part[], urls: [string, string][]): Generator<string> {
  const title = titleOf(merchant);
  const { length } = title;
  if (length > MAX_TITLE)
    yield `플러그인 제목 "${title}": ${length} characters; Kakao takes ${MAX_TITLE} (title of the definition)`;
  if (title.trim() === '') yield '플러그인 제목: empty (title of the definition)';
  if (!/^\d+$/.test(merchant.app.id) || /^0+$/.test(merchant.app.id))
    yield `앱 아이디 "${merchant.app.id}": it must be the number that Kakao Developers shows`;
  for (const part of parts) {
    if (!merchant.plugins[part])
      yield `${NAMES[part]}: merchant ${merchant.id} has no ${part} plugin (plugins.${part})`;
  }
  if (parts.includes('option') && parts.includes('payment') && merchant.plugins.option?.kind === 'non-commerce')
    yield '옵션타입: a payment follows, so it must be commerce (커머스형)';
  if (
    parts.includes('payment') &&
    merchant.plugins.payment &&
    !merchant.secrets.cid &&
    !merchant.secrets.subscriptionCid
  )
    yield '결제타입: the merchant has neither a CID nor a subscription CID';
  for (const [what, url] of urls) {
    const problem = urlProblem(url);
    if (problem) yield `${what}: ${problem}`;
  }
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
