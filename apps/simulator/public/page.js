/* global document, location, history */

import { ACTORS, FIELDS, ICONS, KINDS, OUTCOMES } from './words.js';

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
    el('span', { className: 'wire' }, `${request.method} ${url.pathname}${cut(readable(url.search), 90)}`),
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

/** A search with its escapes undone; one that is spelled wrongly stays as it is. */
function readable(search) {
  try {
    return decodeURIComponent(search);
  } catch {
    return search;
  }
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
    drawFiles(data?.files),
    peek(`e${webhookId}${arrival}`, '내용', data),
  );
}

/** Links, no pictures: each look is a line in the merchant's access log. */
function drawFiles(files) {
  const held = Array.isArray(files) ? files.filter((file) => /^https?:/.test(file?.href)) : [];
  if (held.length === 0) return '';
  return el(
    'div',
    { className: 'files' },
    ...held.map(({ href, picture, variant }) =>
      el('a', { href, target: '_blank', rel: 'noreferrer' }, `사진 ${picture} · ${variant}`),
    ),
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
