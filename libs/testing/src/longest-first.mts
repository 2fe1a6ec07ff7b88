import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** They start programs or wait, and take a minute; begun last, one of them would run alone while the other cores rest. */
const LONGEST = [
  'torture/torture.spec.ts',
  'torture/captures/captures.spec.ts',
  'scripts/start.spec.ts',
  'libs/platform/test/jobs.spec.ts',
  'scripts/new-merchant.spec.ts',
  'test/two-merchants.spec.ts',
  'apps/profile/test/intake.spec.ts',
  'scripts/check-access-log.spec.ts',
  'libs/privacy/test/access-log.spec.ts',
];

/** Vitest's own order, by the times of the last run or else by size, behind these. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => {
      const at = LONGEST.findIndex((name) => moduleId.endsWith(name));
      return at === -1 ? LONGEST.length : at;
    };
    return (await super.sort(files)).sort((one, other) => place(one) - place(other));
  }
}
