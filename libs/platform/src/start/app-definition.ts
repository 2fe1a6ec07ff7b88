import type { DynamicModule, Type } from '@nestjs/common';
import type { AppName } from '../config/addresses.config';
import type { SchemaOwner } from '../database/schema-owner';

/** Injects the name of the running app. */
export const APP_NAME = Symbol('APP_NAME');

/** One program of the platform. */
export interface AppDefinition {
  name: AppName;
  /** Heading of its Swagger UI. */
  title: string;
  /** Opening text of its Swagger UI, Markdown. */
  description: string;
  /** The PostgreSQL schemas it works with; none: it needs no database. */
  schemas: SchemaOwner[];
  module: DynamicModule | Type;
}
