import { registrationsWith } from '../definition/registrations';
import type { Merchant } from '../registry/merchant';
import type { Check } from './checklist.dto';

/** 오픈일 4주전에 미리 확정해야 합니다 (guide 6.1). */
const WEEKS_AHEAD = 4;
const WEEK_MS = 7 * 86_400_000;

/** What only a person sees at Kakao. */
export function* byHand(merchant: Merchant): Generator<Check> {
  const { plugins, app } = merchant;
  const check = (guide: string, what: string, found?: string): Check => ({
    ...{ guide, what, state: 'by-hand' },
    ...(found !== undefined && { found }),
  });
  yield check('0.2', '카카오톡 채널을 비즈니스 채널로 전환하고, 디벨로퍼스 앱을 비즈앱으로 전환 (사업자 정보 등록)');
  yield check('0.2', '같은 사업자 번호의 비즈니스 채널과 비즈앱을 연결');
  if (plugins.profile || plugins.sync) yield check('0.3', '디벨로퍼스 > 제품설정 > 카카오 로그인: 활성화 ON');
  if (plugins.sync) {
    yield check('0.3', '디벨로퍼스 > 제품설정 > 간편가입: 카카오 간편가입 사용 ON, 플러그인 Redirect URI 등록');
    yield check('0.4', '카카오싱크 신청: 약관과 개인정보제공 항목 검수 (https://business.kakao.com/sync)');
  }
  yield* location(merchant, check);
  for (const { key, name, purpose, items, notice, retainDays = 0 } of plugins.image ?? []) {
    const said = { 플러그인이름: name, 이용목적: purpose, 이용항목: items, 추가입력: notice };
    const found = Object.entries(said).flatMap(([field, text]) => (text === undefined ? [] : [`${field}: ${text}`]));
    yield check(
      '4.2',
      `이미지보안전송 ${key}: 관리자센터의 플러그인이름·이용목적·이용항목·보유기간·추가입력 항목을 정의와 같게 입력`,
      [...found, `보유기간: ${retainDays}일`].join(', '),
    );
  }
  if (plugins.image)
    yield check('4.1', '전용선을 쓰면: otp url 방식으로 전환, KAKAO_LINE_PROXY 설정 (docs/operations.md)');
  if (plugins.payment) {
    yield check('9.2', '카카오페이 원클릭결제용 CID 발급');
    if (plugins.payment.approvalUrl === 'direct') yield check('6.2.1', '카카오페이 ACL에 approval_url의 호스트 등록');
    yield* subscriptions(merchant);
  }
  if (app.environment === 'test') {
    yield check('0.7', '디벨로퍼스에서 테스트 앱 생성, 개발자용 프로필로 테스트 채널 생성, 둘을 연결');
    yield check('0.7', '원본앱 심사 완료 후 테스트 앱과 권한 동기화, 테스트 앱에도 디벨로퍼스 설정 입력');
  }
}

function* location(
  { plugins, app }: Merchant,
  check: (guide: string, what: string, found?: string) => Check,
): Generator<Check> {
  if (!plugins.location) return;
  yield check(
    '0.4',
    '위치기반 사업자 권한 요청 (https://cs.kakao.com/requests?category=495&locale=ko&node=60043&service=127)',
  );
  yield check(
    '0.4',
    `권한 요청에 적을 항목: 카카오계정(이메일), 사업자등록증상의 업체명, 사업자등록번호, 비즈앱 ID, 신청 정보와 수집 조건`,
    `비즈앱 ID ${app.id}`,
  );
  yield check(
    '0.4',
    '권한 요청 첨부: 위치기반서비스 사업자 증빙(자사 이용약관 URL 또는 자격서류), 비즈앱·약관과 일치하는 사업자등록증, 재직증명서',
  );
  yield check(
    '0.4',
    '에이전시 대리 신청 시 추가: 개인위치정보 업무 위탁 내용이 있는 계약서, 파트너사의 위치기반서비스 사업자 증빙',
  );
  yield check(
    '3.2',
    '위치사업자 심사는 사업자번호 단위: 심사가 끝나면 같은 사업자번호의 모든 앱(테스트 앱 포함)에서 사용 가능',
  );
  const { detailAddress, name, purpose } = plugins.location;
  const is =
    detailAddress === undefined ? '정의에 없음 (plugins.location.detailAddress)' : detailAddress ? 'ON' : 'OFF';
  yield check(
    '3.3',
    '위치전송: 관리자센터의 플러그인 이름·사용목적·상세주소 사용 여부를 정의와 같게 설정 (사용목적은 서비스 페이지에 노출)',
    [
      ...(name === undefined ? [] : [`이름: ${name}`]),
      ...(purpose === undefined ? [] : [`사용목적: ${purpose}`]),
      `상세주소: ${is}`,
    ].join(', '),
  );
}

/** Subscriptions need an agreement before the work begins, four weeks ahead of their opening. */
function* subscriptions(merchant: Merchant): Generator<Check> {
  const sells =
    merchant.secrets.subscriptionCid !== undefined ||
    registrationsWith(merchant, 'payment').some(({ payment }) => payment === 'subscription');
  if (!sells) return;
  const what = '정기결제: 작업 전 카카오와 사전 협의, 오픈일을 4주 전에 확정';
  const agreement = merchant.plugins.payment?.subscriptionAgreement;
  if (!agreement) {
    yield {
      guide: '6.1',
      what,
      state: 'missing',
      found: 'plugins.payment.subscriptionAgreement is not in the definition',
    };
    return;
  }
  const { agreedOn, opensOn } = agreement;
  const weeks = (Date.parse(opensOn) - Date.parse(agreedOn)) / WEEK_MS;
  yield {
    ...{ guide: '6.1', what, state: weeks >= WEEKS_AHEAD ? 'done' : 'missing' },
    found: `agreed on ${agreedOn}, opens on ${opensOn}: ${Math.floor(weeks * 7)} days ahead`,
  };
}
