import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Controller, Get, Header } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { FAULTS_OF } from '../scenarios/scenario-kinds';

/** `public` beside `src`: in the sources, or two folders up from `dist`. */
const FOLDER = ['../../public', '../../../../../apps/simulator/public']
  .map((path) => join(__dirname, path))
  .find((path) => existsSync(path));

/** The page for people at `/`. */
@ApiExcludeController()
@Controller()
export class PageController {
  @Get()
  @Header('content-type', 'text/html; charset=utf-8')
  page(): string {
    return read('index.html');
  }

  @Get('page/page.css')
  @Header('content-type', 'text/css; charset=utf-8')
  style(): string {
    return read('page.css');
  }

  @Get('page/page.js')
  @Header('content-type', 'text/javascript; charset=utf-8')
  script(): string {
    return read('page.js');
  }

  @Get('page/words.js')
  @Header('content-type', 'text/javascript; charset=utf-8')
  words(): string {
    return read('words.js');
  }

  @Get('page/faults.json')
  faults(): typeof FAULTS_OF {
    return FAULTS_OF;
  }
}

/** Read anew each time: a page under work is seen by reloading. */
function read(name: string): string {
  if (!FOLDER)
    return '<!doctype html><title>simulator</title><p>The page is not installed here; see <a href="/docs">/docs</a>.';
  return readFileSync(join(FOLDER, name), 'utf8');
}
