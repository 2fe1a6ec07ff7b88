export { CaptureModule } from './capture.module';
export { CallbackRoute, PluginCallbackRoute } from './intake/callback-routes';
export { Inbox } from './intake/inbox';
export type { Callback } from './intake/inbox';
export { readService } from './intake/service';
export { captureSchema } from './capture-schema';
export { Stopwatch } from './files/stopwatch';
