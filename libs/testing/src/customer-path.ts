import { customerPathKeyOf } from '@biz/platform';

/** The path of a route that customers open: `/m/{path key}/start` becomes `/m/{customer path key}/start`. */
export const customerPath = (path: string): string =>
  path.replace(/^\/m\/([^/]+)/, (_, pathKey: string) => `/m/${customerPathKeyOf(pathKey)}`);
