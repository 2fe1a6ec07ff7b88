import { applyDecorators } from '@nestjs/common';
import { ApiBadRequestResponse, ApiHeader, ApiNotFoundResponse, ApiOkResponse } from '@nestjs/swagger';
import { KakaoAnswer } from '@biz/platform';

/** How Swagger shows a callback (실행결과 콜백), the same for the three plugins. */
export const ApiCallback = (): MethodDecorator =>
  applyDecorators(
    ApiHeader({
      name: 'X-Kakao-Plugin-Relay-Id',
      required: false,
      description:
        'Relay id (서비스가 정의한 용도로 사용하는 ID); `relay_id` in query or body is read too, the header wins',
    }),
    ApiOkResponse({ type: KakaoAnswer, description: 'Stored (승인이 성공한 경우 status 200)' }),
    ApiBadRequestResponse({
      type: KakaoAnswer,
      description: 'No OTP URL of Kakao for this plugin: it is never fetched',
    }),
    ApiNotFoundResponse({ type: KakaoAnswer, description: 'No such merchant or plugin' }),
  );
