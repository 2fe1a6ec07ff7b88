import { Module } from '@nestjs/common';
import { AccessLog } from './access-log';
import { AccessesController } from './accesses.controller';

/** The access log and its operator API, for every app that shows personal data. */
@Module({ controllers: [AccessesController], providers: [AccessLog], exports: [AccessLog] })
export class AccessLogModule {}
