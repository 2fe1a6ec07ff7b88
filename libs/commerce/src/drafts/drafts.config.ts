import { Variable } from '@biz/platform';
import { IsInt, Min } from 'class-validator';

export class DraftsConfig {
  @Variable('DRAFT_TTL_SECONDS', { about: 'seconds a selection can be paid after it was made' })
  @IsInt()
  @Min(1)
  ttlSeconds: number = 1800;
}
