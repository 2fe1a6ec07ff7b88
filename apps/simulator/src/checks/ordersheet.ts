import { isWebAddress } from '@biz/platform';
import { FieldCheck, isFields } from './fields';
import { type Finding, violation } from './violation';

const SECTION = '6.2 T1';
const CID_SECRET = /^[0-9a-z]{1,24}$/;

/** What T1 answers in `data` (주문생성 API). */
export function checkOrderSheet(data: unknown): Finding[] {
  if (!isFields(data)) return [violation('type', `data must be an object (guide ${SECTION})`)];
  const check = new FieldCheck(data, 'data', SECTION)
    .text('rest_api_key')
    .text('cid', { form: /^.{10}$/ })
    .text('cid_secret', { optional: true, max: 24, form: CID_SECRET })
    .text('partner_order_id', { max: 100 })
    .text('partner_user_id', { max: 100 })
    .text('item_name', { max: 100, line: true })
    .text('item_code', { optional: true, max: 100, line: true })
    .int('quantity', { min: 1 })
    .int('total_amount', { min: 0 })
    .int('tax_free_amount', { min: 0 })
    .int('vat_amount', { optional: true, min: 0 })
    .text('approval_url', { max: 255, url: true })
    .text('cancel_url', { optional: true, max: 255, url: true })
    .text('fail_url', { optional: true, max: 255, url: true })
    .boolean('use_shipping');
  const { total_amount: total, tax_free_amount: taxFree, vat_amount: vat } = data;
  if (Number(taxFree) + Number(vat ?? 0) > Number(total)) {
    check.report('amounts', 'total_amount', 'is less than tax_free_amount and vat_amount together');
  }
  const agreements = check.list('order_agreements', { optional: data.automatic_payment === undefined, min: 1 });
  for (const url of check.list('product_urls', { optional: true })) {
    if (!isWebAddress(url)) check.report('form', 'product_urls', 'holds something that is no https address');
  }
  return [
    ...check.findings,
    ...agreements.flatMap((agreement, at) => checkAgreement(agreement, `data.order_agreements[${at}]`)),
    ...(data.automatic_payment === undefined ? [] : checkAutomaticPayment(data.automatic_payment, total)),
  ];
}

function checkAgreement(agreement: unknown, path: string): Finding[] {
  if (!isFields(agreement)) return [violation('type', `${path} must be an object (guide ${SECTION})`)];
  return new FieldCheck(agreement, path, SECTION)
    .text('company', { line: true })
    .text('title', { line: true })
    .text('url', { optional: true, web: true }).findings;
}

function checkAutomaticPayment(automatic: unknown, total: unknown): Finding[] {
  const path = 'data.automatic_payment';
  if (!isFields(automatic)) return [violation('type', `${path} must be an object (guide ${SECTION})`)];
  const check = new FieldCheck(automatic, path, SECTION)
    .text('message', { line: true })
    .text('billing_cycle', { line: true })
    .text('currency');
  const list = check.list('details', { min: 1 });
  const details = list.flatMap((detail, at) => {
    const place = `${path}.details[${at}]`;
    if (!isFields(detail)) return [violation('type', `${place} must be an object (guide ${SECTION})`)];
    const { findings } = new FieldCheck(detail, place, SECTION)
      .int('year')
      .int('month')
      .int('day')
      .int('amount', { min: 0 });
    const date = new Date(Date.UTC(Number(detail.year), Number(detail.month) - 1, Number(detail.day)));
    const real = date.getUTCMonth() === Number(detail.month) - 1 && date.getUTCDate() === Number(detail.day);
    return real ? findings : [...findings, violation('form', `${place} is no day of the calendar (guide ${SECTION})`)];
  });
  const planned = list.filter(isFields);
  if (list.length > 0 && planned[0]?.amount !== total)
    check.report('amounts', 'details', 'must begin with the first payment: total_amount');
  const days = planned.map(({ year, month, day }) => Date.UTC(Number(year), Number(month) - 1, Number(day)));
  if (days.some((day, at) => day <= (days[at - 1] ?? -Infinity)))
    check.report('form', 'details', 'are not in the order of their days');
  return [...check.findings, ...details];
}

/** What T4 answers in `data` (주문상태 확인 API). */
export function checkOrderStatus(data: unknown): Finding[] {
  if (!isFields(data)) return [violation('type', 'data must be an object (guide 6.2 T4)')];
  const check = new FieldCheck(data, 'data', '6.2 T4').text('order_status', { form: /^[WSFC]$/ });
  check.text('message', { optional: data.order_status !== 'F' });
  return check.findings;
}
