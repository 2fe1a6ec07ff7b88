import { applyDecorators, HttpCode, Post } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiHeader,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
} from '@nestjs/swagger';
import { KakaoAnswer, PolledRoute } from '@biz/platform';

/** `POST /callback`: the result of a plugin (실행결과 콜백). @param of which plugin's, as in "first profile" */
export const CallbackRoute = (summary: string, of: string): MethodDecorator =>
  applyDecorators(
    Post('callback'),
    ApiOperation({
      summary,
      description:
        'Stored, then answered; the OTP URL is redeemed right after. The same OTP URL a second time changes nothing. ' +
        `For the merchant's ${of} plugin.`,
    }),
    Callback(),
  );

/** `POST /callback/{plugin}`: the same for the plugin that the address names. */
export const PluginCallbackRoute = (summary: string): MethodDecorator =>
  applyDecorators(
    Post('callback/:plugin'),
    ApiOperation({
      summary,
      description:
        'As `/callback`, for the plugin whose key is the last segment of the callback URL registered at Kakao.',
    }),
    ApiParam({ name: 'plugin', description: 'Key of the plugin in the merchant’s definition' }),
    Callback(),
  );

const Callback = (): MethodDecorator =>
  applyDecorators(
    HttpCode(200),
    PolledRoute(),
    ApiHeader({
      name: 'X-Kakao-Plugin-Relay-Id',
      required: false,
      description:
        'Relay id (서비스가 정의한 용도로 사용하는 ID); `relay_id` in query or body is read too, the header wins',
    }),
    ApiOkResponse({ type: KakaoAnswer, description: 'Stored (승인이 성공한 경우 status 200)' }),
    ApiBadRequestResponse({
      description: 'No OTP URL of Kakao for this plugin: it is never fetched',
    }),
    ApiNotFoundResponse({ description: 'No such merchant or plugin' }),
  );
