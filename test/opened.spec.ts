import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '..');

/** What is opened here goes to Kakao, to KakaoPay or to the shop it belongs to, and nothing personal of it to an operator. */
const FOR_NO_OPERATOR = [
  // The address of an order, for the shop that prices it.
  'apps/payment/src/approval/price-again.ts',
  'apps/payment/src/attempts/attempts.ts',
  'apps/payment/src/completion/order-completion.ts',
  'apps/payment/src/subscriptions/sid-calls.ts',
  'apps/sync/src/login/logins.ts',
  'libs/capture/src/files/file-fetcher.ts',
  // Whose a result is, for the shop.
  'libs/capture/src/records/captures.ts',
  'libs/capture/src/redeem/redemption.ts',
  // A payload that was not understood is read once more; what it says becomes the result of its capture.
  'libs/capture/src/skill/unread-results.ts',
  // An operator sees the options that were chosen, and of forms only that they were filled in.
  'libs/commerce/src/drafts/drafts.ts',
  'libs/merchant/src/deliveries/delivery.worker.ts',
  // The key of the access log itself.
  'libs/privacy/src/accesses/access-chain.ts',
];

it('sealed data is opened only where the look is written to the access log, or where no operator sees anything personal of it', () => {
  const files = ['apps', 'libs'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)),
  );
  const opening = files
    .filter((file) => /\/src\/.*\.ts$/.test(file) && !file.endsWith('.spec.ts'))
    .map((file) => ({ file, text: readFileSync(join(ROOT, file), 'utf8') }))
    .filter(({ text }) => /\bvault\s*\.open\(/.test(text));
  const recorded = opening.filter(({ text }) => text.includes('accesses.record('));
  expect(recorded.length).toBeGreaterThan(1);
  const others = opening.filter((each) => !recorded.includes(each)).map(({ file }) => file);
  expect(others.sort()).toEqual([...FOR_NO_OPERATOR].sort());
});
