import { applyDecorators, Controller, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiTags, ApiUnauthorizedResponse } from '@nestjs/swagger';
import { UnreadFields } from './unread-fields';

/** A controller below `/operator`, for people who run the platform: `OperatorCheck` wants its token, Swagger shows it in a section of its own. */
export const OperatorController = (path: string): ClassDecorator =>
  applyDecorators(
    Controller(`operator/${path}`),
    UseGuards(UnreadFields),
    ApiTags('Operator'),
    ApiBearerAuth('operator'),
    ApiUnauthorizedResponse({ description: 'The bearer token is missing or wrong' }),
  );
