/* global document, location, history */

/** Strokes of small pictures, 24 × 24. */
const ICONS = {
  person: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 21c0-4 3.600-6.500 8-6.500s8 2.500 8 6.500',
  pin: 'M12 21s7-6.200 7-11.500A7 7 0 0 0 5 9.500C5 14.800 12 21 12 21zM12 12a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5z',
  picture: 'M4 5h16v14H4zM4 16l4.500-4.500 4 4 2.500-2.500 5 5M15.500 9.500h.01',
  sliders: 'M4 7h9M17 7h3M4 17h3M11 17h9M15 5v4M9 15v4',
  card: 'M3 6h18v12H3zM3 10h18M7 15h3',
  again: 'M4 11a8 8 0 0 1 14-4.500L20 9M20 4v5h-5M20 13a8 8 0 0 1-14 4.500L4 15M4 20v-5h5',
  join: 'M10 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM3 21c0-4 3-6.500 7-6.500 1 0 2 .2 3 .5M18 14v6M15 17h6',
  chain:
    'M9.500 14.500l5-5M8 11l-2.500 2.500a3.900 3.900 0 0 0 5.500 5.500L13.500 16.500M16 13l2.500-2.500A3.900 3.900 0 0 0 13 5L10.500 7.500',
  talk: 'M12 4c-5 0-9 3.100-9 7 0 2.500 1.700 4.700 4.200 5.900L6.500 21l4-2.900c.5 0 1 .1 1.500.1 5 0 9-3.200 9-7.100S17 4 12 4z',
  plug: 'M9 3v5M15 3v5M6 8h12v3a6 6 0 0 1-12 0zM12 17v4',
  key: 'M8 15a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM12 11h9M18 11v3M21 11v2',
  shop: 'M4 10v10h16V10M3 10l2-6h14l2 6a3 3 0 0 1-6 0 3 3 0 0 1-6 0 3 3 0 0 1-6 0zM10 20v-5h4v5',
  mail: 'M3 6h18v12H3zM3 7l9 6 9-6',
};

const KINDS = [
  { kind: 'profile', icon: 'person', ko: '개인정보이용', en: 'profile' },
  { kind: 'location', icon: 'pin', ko: '위치전송', en: 'location' },
  { kind: 'image', icon: 'picture', ko: '이미지보안전송', en: 'secure image' },
  { kind: 'option', icon: 'sliders', ko: '옵션선택', en: 'option' },
  { kind: 'payment', icon: 'card', ko: '원클릭결제', en: 'payment' },
  { kind: 'subscription', icon: 'again', ko: '정기결제', en: 'subscription' },
  { kind: 'sync', icon: 'join', ko: '카카오싱크', en: 'Kakao Sync' },
  { kind: 'chain', icon: 'chain', ko: '태스크체인', en: 'all in a row' },
];

const SHEETS = ['sheet-coffee', 'sheet-mug', 'sheet-subscription'];
const PRODUCTS = ['10013529', 'survey', 'mug'];
const PROFILE = ['full', 'minimal', 'no-address', 'big-ids', 'foreign-phone', 'new-fields', 'empty'];
const LOCATION = ['full', 'no-road', 'no-detail', 'unavailable', 'new-fields'];
const ACCOUNT = ['full', 'minimal', 'no-consent', 'new-fields'];

/** Fields of each scenario's form: name, label, and the choices or suggestions. */
const FIELDS = {
  profile: [{ name: 'shape', ko: '응답 모양', en: 'shape of the answer', options: PROFILE }],
  location: [{ name: 'shape', ko: '응답 모양', en: 'shape of the answer', options: LOCATION }],
  image: [
    { name: 'count', ko: '사진 수', en: 'pictures, 1–10', value: '2', number: true },
    { name: 'bytes', ko: '원본 크기', en: 'bytes of an original', value: '400000', number: true },
    { name: 'format', ko: '형식', en: 'format', options: ['jpeg', 'png'] },
  ],
  option: [{ name: 'productId', ko: '상품 ID', en: 'product id', value: PRODUCTS[0], suggest: PRODUCTS }],
  payment: [
    { name: 'orderSheetId', ko: '주문서 ID', en: 'order sheet id', value: SHEETS[0], suggest: SHEETS },
    { name: 'zipCode', ko: '우편번호', en: 'zip code, 63000 is Jeju', value: '' },
    { name: 'method', ko: '결제수단', en: 'method', options: ['MONEY', 'CARD'] },
  ],
  subscription: [{ name: 'orderSheetId', ko: '주문서 ID', en: 'order sheet id', value: SHEETS[2], suggest: SHEETS }],
  sync: [
    { name: 'shape', ko: '동의 범위', en: 'what the user consents to', options: ACCOUNT },
    { name: 'steps', ko: '단계', en: 'steps', options: ['join', 'join,events', 'join,events,unlink'], list: true },
  ],
  chain: [{ name: 'productId', ko: '상품 ID', en: 'product id', value: 'mug', suggest: PRODUCTS }],
};

const ACTORS = {
  user: { name: '사용자', face: 'person', side: 'left' },
  talk: { name: '카카오톡', face: 'talk', side: 'left' },
  plugin: { name: '비즈플러그인', face: 'plug', side: 'left' },
  kakao: { name: '카카오', face: 'key', side: 'left' },
  kakaopay: { name: '카카오페이', face: 'pay', side: 'left' },
  cdn: { name: '카카오 이미지', face: 'picture', side: 'left' },
  merchant: { name: '가맹점', face: 'shop', side: 'right' },
  shop: { name: '가맹점 수신함', face: 'mail', side: 'left' },
};

const OUTCOMES = {
  delivered: '전달됨',
  unavailable: '위치 없음',
  chosen: '선택됨',
  paid: '결제됨',
  failed: '실패',
  cancelled: '취소됨',
  waiting: '대기 중',
  joined: '가입됨',
  unlinked: '연결 끊김',
  denied: '동의 거절',
};

const $ = (id) => document.getElementById(id);
let kind = 'payment';
let faultsOf = {};
let shownId;

/** An element with properties, attributes and children; text is never read as HTML. */
function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === false) continue;
    if (name in node && name !== 'list') node[name] = value;
    else node.setAttribute(name, value === true ? '' : value);
  }
  node.append(...children.filter((child) => child !== undefined && child !== ''));
  return node;
}

const SVG = 'http://www.w3.org/2000/svg';

function icon(name) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', ICONS[name]);
  svg.append(path);
  return svg;
}

const won = (amount) => `${Number(amount).toLocaleString('ko-KR')}원`;
const clock = (at) => new Date(at).toTimeString().slice(0, 8);
const json = async (url, options) => (await fetch(url, options)).json();

// Controls ---------------------------------------------------------------------

function drawKinds() {
  $('kinds').replaceChildren(
    ...KINDS.map((each) =>
      el(
        'button',
        { type: 'button', role: 'radio', 'aria-checked': String(each.kind === kind), onclick: () => choose(each.kind) },
        icon(each.icon),
        el('span', {}, el('b', {}, each.ko), el('small', {}, each.en)),
      ),
    ),
  );
}

function choose(next) {
  kind = next;
  history.replaceState(null, '', `#${kind}`);
  drawKinds();
  $('fields').replaceChildren(...(FIELDS[kind] ?? []).map(drawField));
  $('faults').replaceChildren(
    ...(faultsOf[kind] ?? []).map((fault) =>
      el('label', {}, el('input', { type: 'checkbox', name: 'faults', value: fault }), el('span', {}, fault)),
    ),
  );
}

function drawField({ name, ko, en, options, value, suggest, number }) {
  const label = el('span', {}, `${ko} `, el('em', {}, en));
  if (options) return el('label', {}, label, el('select', { name }, ...options.map((each) => el('option', {}, each))));
  const list = suggest && `list-${name}`;
  const input = el('input', { name, value: value ?? '', inputMode: number ? 'numeric' : 'text', list });
  if (!suggest) return el('label', {}, label, input);
  return el(
    'label',
    {},
    label,
    input,
    el('datalist', { id: list }, ...suggest.map((each) => el('option', { value: each }))),
  );
}

function body() {
  const form = new FormData($('form'));
  const sent = { wait: false, faults: form.getAll('faults') };
  for (const { name, number, list } of FIELDS[kind] ?? []) {
    const value = form.get(name);
    if (value) sent[name] = number ? Number(value) : list ? value.split(',') : value;
  }
  for (const name of ['target', 'pathKey', 'appUserId']) if (form.get(name)) sent[name] = form.get(name);
  return sent;
}

$('form').addEventListener('submit', async (event) => {
  event.preventDefault();
  $('run').disabled = true;
  const answer = await fetch(`/scenarios/${kind}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body()),
  });
  const scenario = await answer.json();
  if (answer.ok) await follow(scenario.id);
  else drawProblem(scenario.message);
  $('run').disabled = false;
});

$('reset').addEventListener('click', async () => {
  await fetch('/reset', { method: 'POST' });
  location.reload();
});

// Timeline ---------------------------------------------------------------------

/** Shows a scenario while it runs, and a little longer: deliveries to the shop come after its end. */
async function follow(id) {
  shownId = id;
  $('talk').replaceChildren();
  $('verdict').parentElement.scrollIntoView({ block: 'nearest', behavior: 'smooth' });
  for (let after = 0; shownId === id && after < 8;) {
    const scenario = await json(`/scenarios/${id}`);
    draw(scenario);
    if (scenario.state === 'done') {
      if (after === 0) $('run').disabled = false;
      after += 1;
    }
    void refresh();
    await new Promise((resolve) => setTimeout(resolve, scenario.state === 'done' ? 500 : 200));
  }
}

function draw(scenario) {
  drawVerdict(scenario);
  const talk = $('talk');
  const open = new Set([...talk.querySelectorAll('details[open]')].map((each) => each.dataset.key));
  const atEnd = talk.scrollHeight - talk.scrollTop - talk.clientHeight < 80;
  const label = KINDS.find((each) => each.kind === scenario.kind);
  talk.replaceChildren(
    el('li', { className: 'day' }, `${label?.ko ?? scenario.kind} · ${clock(scenario.startedAt)}`),
    ...scenario.timeline.flatMap(drawStep),
  );
  for (const details of talk.querySelectorAll('details')) details.open = open.has(details.dataset.key);
  if (atEnd) talk.scrollTop = talk.scrollHeight;
}

function drawStep(step) {
  const { from, what, request, response, times, findings } = step;
  if (!request.method) return [el('li', { className: 'note' }, `${ACTORS[from]?.name ?? from}: ${what}`)];
  const url = new URL(request.url);
  const asked = [
    el('b', {}, what),
    times > 1 ? el('span', { className: 'times' }, `×${times}`) : undefined,
    el('span', { className: 'wire' }, `${request.method} ${url.pathname}${cut(decodeURIComponent(url.search), 90)}`),
    peek(`${step.no}q`, '요청', { url: request.url, headers: request.headers, body: request.body }, request.body ?? ''),
  ];
  const answered =
    response.failure === undefined
      ? [
          el('span', { className: 'status' }, statusText(response)),
          response.headers?.location
            ? el('span', { className: 'wire' }, `→ ${cut(response.headers.location, 80)}`)
            : undefined,
          peek(`${step.no}a`, '응답', response.body),
        ]
      : [el('span', { className: 'status' }, response.failure)];
  const wrong = findings.map(({ rule, severity, message }) =>
    el('div', { className: `wrong ${severity}` }, el('b', {}, rule), ` ${message}`),
  );
  return [
    line(from, asked, clock(step.at)),
    line(step.to, answered, `${response.ms} ms`, { answer: true, broken: response.failure !== undefined, wrong }),
  ];
}

function line(actor, content, when, { answer = false, broken = false, wrong = [] } = {}) {
  const { name, face, side } = ACTORS[actor] ?? { name: actor, face: '?', side: 'left' };
  return el(
    'li',
    { className: `line ${side}${answer ? ' answer' : ''}` },
    el('span', { className: `face ${actor}`, 'aria-hidden': 'true' }, face in ICONS ? icon(face) : face),
    el(
      'div',
      { className: 'said' },
      el('div', { className: 'who' }, name),
      el(
        'div',
        { className: 'row' },
        el('div', { className: `bubble${broken ? ' broken' : ''}` }, ...content.filter(Boolean)),
        el('span', { className: 'when' }, when),
      ),
      ...wrong,
    ),
  );
}

/** Something to unfold, with the beginning of `preview` (the value itself, unless another is given) beside its label. */
function peek(key, label, value, preview = value) {
  if (value === undefined || value === '') return undefined;
  const text = typeof value === 'string' ? value : JSON.stringify(value, null, 2);
  const short = typeof preview === 'string' ? preview : JSON.stringify(preview);
  const details = el('details', {}, el('summary', {}, `${label} ${cut(short, 56)}`), el('pre', {}, text));
  details.dataset.key = key;
  return details;
}

function statusText({ status, body }) {
  const own = body && typeof body === 'object' ? (body.status ?? body.code ?? body.error_code) : undefined;
  const inner = own !== undefined && own !== status ? ` · ${own}` : '';
  const order = body?.data?.order_status ? ` · ${body.data.order_status}` : '';
  return `HTTP ${status}${inner}${order}`;
}

const cut = (text, most) => (text.length > most ? `${text.slice(0, most)}…` : text);

function drawVerdict({ state, verdict, facts }) {
  const box = $('verdict');
  box.hidden = false;
  if (!verdict) {
    box.className = 'verdict';
    box.replaceChildren(el('strong', {}, state === 'running' ? '실행 중…' : ''));
    return;
  }
  const { ok, outcome, violations, warnings } = verdict;
  box.className = `verdict ${ok ? 'good' : 'bad'}`;
  const sums = facts.total === undefined ? '' : `${won(facts.total)} · 원장 ${won(facts.kept ?? 0)}`;
  const all = [...violations, ...warnings];
  box.replaceChildren(
    ...[
      el('strong', {}, `${ok ? '✓' : '✕'} ${OUTCOMES[outcome] ?? outcome}`),
      el(
        'span',
        {},
        ok ? '위반 없음 · no violation' : `위반 ${violations.length}건 · ${violations.length} violation(s)`,
      ),
      el('span', { className: 'facts' }, sums),
      all.length
        ? el(
            'ul',
            { className: 'findings' },
            ...all.map(({ rule, severity, message, step }) =>
              el('li', { className: severity }, el('code', {}, rule), ` ${message}`, step ? ` (#${step})` : ''),
            ),
          )
        : undefined,
    ].filter(Boolean),
  );
}

function drawProblem(message) {
  const box = $('verdict');
  box.hidden = false;
  box.className = 'verdict bad';
  box.replaceChildren(el('strong', {}, message ?? '시작하지 못했습니다.'));
}

// Ledger, inbox, past runs --------------------------------------------------------

async function refresh() {
  const [ledger, events, past] = await Promise.all([json('/ledger'), json('/shop/events'), json('/scenarios')]);
  drawLedger(ledger);
  drawInbox(events.items);
  drawPast(past.items);
}

function drawLedger({ items, sums }) {
  const cell = (label, amount) => el('div', {}, label, el('b', {}, won(amount)));
  $('ledger').replaceChildren(
    el(
      'div',
      { className: 'sums' },
      cell('승인 charged', sums.charged),
      cell('취소 refunded', sums.refunded),
      cell('남음 kept', sums.kept),
    ),
    ...(items.length ? [...items].reverse().map(drawPayment) : [nothing('아직 결제가 없습니다.', 'No payment yet.')]),
  );
}

function drawPayment({ itemName, status, tid, partnerOrderId, charged, refunded, asked, sid }) {
  const good = ['SUCCESS_PAYMENT', 'ISSUED_SID'].includes(status);
  const bad = /FAIL|QUIT/.test(status);
  const moved = `${won(charged)}${refunded ? ` − ${won(refunded)}` : ''}`;
  return el(
    'article',
    { className: 'card' },
    el(
      'header',
      {},
      el('b', {}, itemName),
      el('span', { className: `tag ${good ? 'good' : bad ? 'bad' : ''}` }, status),
    ),
    el('div', {}, charged || refunded || good ? moved : `${won(asked)} 요청`),
    el('div', { className: 'mono' }, `${tid}${sid ? ` · ${sid}` : ''}`),
    el('div', { className: 'mono' }, partnerOrderId),
  );
}

function drawInbox(items) {
  $('inbox').replaceChildren(
    ...(items.length
      ? [...items].reverse().map(drawEvent)
      : [nothing('받은 전달이 없습니다.', 'Nothing delivered yet.')]),
  );
}

function drawEvent({ type, verified, reason, receivedAt, arrival, data, webhookId }) {
  return el(
    'article',
    { className: 'card' },
    el(
      'header',
      {},
      el('b', {}, type || '(형식 없음)'),
      el('span', { className: `tag ${verified ? 'good' : 'bad'}` }, verified ? '서명 확인' : '서명 오류'),
    ),
    el(
      'div',
      { className: 'mono' },
      `${clock(receivedAt)}${arrival > 1 ? ` · ${arrival}번째 도착` : ''}${reason ? ` · ${reason}` : ''}`,
    ),
    peek(`e${webhookId}${arrival}`, '내용', data),
  );
}

function drawPast(items) {
  $('past').replaceChildren(
    ...(items.length
      ? items.map(({ id, kind: what, verdict, startedAt, options }) =>
          el(
            'button',
            { className: 'card', type: 'button', onclick: () => void follow(id) },
            el('b', {}, KINDS.find((each) => each.kind === what)?.ko ?? what, ' '),
            el(
              'span',
              { className: `tag ${verdict ? (verdict.ok ? 'good' : 'bad') : ''}` },
              verdict ? (OUTCOMES[verdict.outcome] ?? verdict.outcome) : '실행 중',
            ),
            el('div', { className: 'mono' }, [clock(startedAt), ...(options.faults ?? [])].join(' · ')),
          ),
        )
      : [nothing('아직 실행이 없습니다.', 'Nothing run yet.')]),
  );
}

const nothing = (ko, en) => el('p', { className: 'nothing' }, ko, el('br'), el('small', {}, en));

for (const tab of document.querySelectorAll('[role=tab]')) {
  tab.addEventListener('click', () => {
    for (const each of document.querySelectorAll('[role=tab]')) {
      each.setAttribute('aria-selected', String(each === tab));
      $(each.dataset.tab).hidden = each !== tab;
    }
  });
}

// Start ---------------------------------------------------------------------------

faultsOf = await json('/page/faults.json');
const wanted = location.hash.slice(1);
const [wantedKind, wantedRun] = wanted.split('/');
choose(KINDS.some((each) => each.kind === wantedKind) ? wantedKind : 'payment');
await refresh();
if (wantedRun) void follow(wantedRun);
setInterval(() => void refresh(), 5_000);
