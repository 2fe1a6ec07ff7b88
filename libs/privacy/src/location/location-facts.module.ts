import { Module } from '@nestjs/common';
import { LocationFacts } from './location-facts';
import { LocationFactsController } from './location-facts.controller';

/** The record of collected and provided locations, for the app that handles them. */
@Module({ controllers: [LocationFactsController], providers: [LocationFacts], exports: [LocationFacts] })
export class LocationFactsModule {}
