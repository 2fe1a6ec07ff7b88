import { parseArgs } from 'node:util';
import { Addresses, KakaoOrigins, readConfig } from '@biz/platform';
import { applicationForm, readMerchants, SCENARIOS } from '@biz/merchant';
import { merchants } from '@biz/merchants';
import { run } from './environment';
import { PlainProblem } from './plain-problem';

const USAGE = `npm run form -- <merchant> --scenario 1..4

The filled application form for Kakao's customer centre (신청양식, guide chapter 9), Markdown:
  1 옵션선택   2 카카오싱크 + 옵션선택   3 카카오싱크 + 원클릭결제   4 카카오싱크 + 옵션선택 + 원클릭결제
Exit code 1 with every reason for which Kakao would refuse it.`;

run(() => Promise.resolve().then(print));

function print(): void {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { scenario: { type: 'string' }, help: { type: 'boolean' } },
  });
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const scenario = SCENARIOS.find((each) => String(each) === values.scenario);
  const [id, ...more] = positionals;
  if (scenario === undefined || id === undefined || more.length > 0) throw new PlainProblem(USAGE);
  const { all, problems } = readMerchants(merchants, process.env, readConfig(KakaoOrigins, process.env));
  const merchant = all.find((each) => each.id === id);
  if (!merchant) {
    throw new PlainProblem(`No merchant ${JSON.stringify(id)}; there are ${all.map((each) => each.id).join(', ')}`);
  }
  const form = applicationForm(merchant, scenario, readConfig(Addresses, process.env));
  console.log(form.markdown);
  const reasons = [...problems, ...form.problems];
  if (reasons.length > 0) {
    throw new PlainProblem(`Kakao would refuse this form:\n${reasons.map((reason) => `  ${reason}`).join('\n')}`);
  }
}
