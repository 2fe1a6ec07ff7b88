// Asks the app of this container whether it is ready: node deploy/healthcheck.mjs <port>. The image has no curl.
import { get } from 'node:http';

get({ port: process.argv[2], path: '/health/ready', timeout: 4_000 }, (response) => {
  process.exit(response.statusCode === 200 ? 0 : 1);
})
  .on('timeout', () => process.exit(1))
  .on('error', () => process.exit(1));
