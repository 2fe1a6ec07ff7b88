import { IsInt, Max, Min } from 'class-validator';
import { Variable } from '@biz/platform';

export class SyncConfig {
  @Variable('SYNC_CALLBACK_BUDGET_MS', {
    about: 'milliseconds a login waits for Kakao before the customer goes back to the chat; the member follows',
  })
  @IsInt()
  @Min(100)
  @Max(2_500)
  callbackBudgetMs: number = 2_000;
}
