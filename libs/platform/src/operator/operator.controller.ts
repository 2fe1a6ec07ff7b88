import { applyDecorators, Controller, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiTags, ApiUnauthorizedResponse } from '@nestjs/swagger';
import { OperatorGuard } from './operator.guard';

/** A controller below `/operator`, for people who run the platform: bearer token, Swagger section of its own. */
export const OperatorController = (path: string): ClassDecorator =>
  applyDecorators(
    Controller(`operator/${path}`),
    UseGuards(OperatorGuard),
    ApiTags('Operator'),
    ApiBearerAuth('operator'),
    ApiUnauthorizedResponse({ description: 'The bearer token is missing or wrong' }),
  );
