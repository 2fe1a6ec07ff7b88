import { problemsLine } from '@biz/platform';
import type { Problem } from '@biz/platform';

/**
 * A shop answered what cannot be used. The message names the merchant, what was asked and each field, and quotes no value:
 * it may be logged as it is.
 */
export class ShopAnswerRefused extends Error {
  override readonly name = 'ShopAnswerRefused';

  constructor(
    merchant: string,
    /** `endpoints.orderSheets`, or the port of its module: `OrderSheetSource`. */
    asked: string,
    readonly problems: readonly Problem[],
  ) {
    super(`merchant ${merchant}: ${asked} answered what cannot be used: ${problemsLine(problems)}`);
  }
}
