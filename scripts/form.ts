import { parseArgs } from 'node:util';
import { Addresses, KakaoOrigins, readConfig, withoutMarks } from '@biz/platform';
import { applicationForms, readMerchants, SCENARIOS } from '@biz/merchant';
import { merchants } from '@biz/merchants';
import { run } from './environment';
import { PlainProblem } from './plain-problem';

const USAGE = `npm run form -- <merchant> [--scenario 1..4] [--plugin <key>]

The filled application form for Kakao's customer centre (신청양식, guide chapter 9), Markdown:
  1 옵션선택   2 카카오싱크 + 옵션선택   3 카카오싱크 + 원클릭결제   4 카카오싱크 + 옵션선택 + 원클릭결제
One for each plugin in the registrations of the merchant's definition: of one scenario, one key, or all without either.
A merchant without registrations of the scenario has one form.
Exit code 1 with every reason for which Kakao would refuse it.`;

run(print);

function print(): void {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { scenario: { type: 'string' }, plugin: { type: 'string' }, help: { type: 'boolean' } },
  });
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const scenario = SCENARIOS.find((each) => String(each) === values.scenario);
  const [id, ...more] = positionals;
  const isUnknown = values.scenario !== undefined && scenario === undefined;
  if (isUnknown || id === undefined || more.length > 0) throw new PlainProblem(USAGE);
  const env = withoutMarks(process.env);
  const { all, problems } = readMerchants(merchants, env, readConfig(KakaoOrigins, env));
  const merchant = all.find((each) => each.id === id);
  if (!merchant) {
    throw new PlainProblem(`No merchant ${JSON.stringify(id)}; there are ${all.map((each) => each.id).join(', ')}`);
  }
  const forms = applicationForms(merchant, { scenario, plugin: values.plugin }, readConfig(Addresses, env));
  if (forms.length === 0) {
    const keys = (merchant.registrations ?? []).map(({ key }) => key);
    throw new PlainProblem(
      keys.length === 0
        ? `Merchant ${id} has no registrations: name a scenario\n\n${USAGE}`
        : `Merchant ${id} registers no such plugin; there are ${keys.join(', ')}`,
    );
  }
  for (const { markdown } of forms) console.log(markdown);
  const reasons = [...problems, ...new Set(forms.flatMap((form) => form.problems))];
  if (reasons.length > 0) {
    throw new PlainProblem(`Kakao would refuse this form:\n${reasons.map((reason) => `  ${reason}`).join('\n')}`);
  }
}
