import { Injectable } from '@nestjs/common';
import { Clock, RuntimeConfig } from '@biz/platform';
import { Circuit } from './circuit';

/** Whether Kakao answers OTPs. */
@Injectable()
export class OtpCircuit extends Circuit {
  constructor(clock: Clock, { retryTimeScale }: RuntimeConfig) {
    super(clock, retryTimeScale);
  }
}

/** Whether Kakao's picture servers and our store take part. */
@Injectable()
export class ImageCircuit extends Circuit {
  constructor(clock: Clock, { retryTimeScale }: RuntimeConfig) {
    super(clock, retryTimeScale);
  }
}
