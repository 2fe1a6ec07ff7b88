import { Injectable } from '@nestjs/common';
import { SignedImages } from '../images/signed-images';
import type { NewOtpOrder } from './otp.dto';
import { type NewOtp, type Otp, Otps } from './otps';
import { LOCATION_SHAPES, locationAnswer, PROFILE_SHAPES, profileAnswer } from './people';

/** Makes OTP URLs of the three kinds. */
@Injectable()
export class OtpAnswers {
  constructor(
    private readonly otps: Otps,
    private readonly images: SignedImages,
  ) {}

  make(order: NewOtpOrder, origin: string): Otp {
    const otp: NewOtp = { kind: order.kind, answer: this.answer(order, origin) };
    if (order.restApiKey) otp.restApiKey = order.restApiKey;
    if (order.seconds !== undefined) otp.seconds = order.seconds;
    if (order.singleUse) otp.singleUse = true;
    return this.otps.create(otp);
  }

  private answer(order: NewOtpOrder, origin: string): NewOtp['answer'] {
    const { answerText } = order;
    if (answerText !== undefined) return () => answerText;
    if (order.kind === 'profile') {
      const shape = PROFILE_SHAPES.find((each) => each === order.shape) ?? 'full';
      return () => profileAnswer(shape);
    }
    if (order.kind === 'location') {
      const shape = LOCATION_SHAPES.find((each) => each === order.shape) ?? 'full';
      return (version) => locationAnswer(shape, version);
    }
    const answer = this.images.answer(order.images ?? {}, origin);
    return () => (order.shape === 'new-fields' ? { ...answer, album: { title: '앨범' } } : answer);
  }
}
