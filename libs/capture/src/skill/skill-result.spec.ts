import { KakaoOrigins, readConfig } from '@biz/platform';
import { readImages } from '@biz/otp-client';
import { resultIn } from './skill-result';

const ORIGIN = 'https://k.kakaocdn.net';
const TALK = 'https://talk-plugin.kakao.com';
const origins = readConfig(KakaoOrigins, { KAKAO_IMAGE_ORIGINS: ORIGIN, KAKAO_TALK_PLUGIN_ORIGIN: TALK });

const url = (name: string): string => `${ORIGIN}/dna/${name}.jpg?credential=a,b&signature=s%3D`;
const [A, B] = [url('a'), url('b')];

const imagesOf = (secureUrls: unknown, within: (given: unknown) => object = (given) => ({ secureUrls: given })) =>
  readImages(
    resultIn({ action: { detailParams: { p: { origin: within(secureUrls) } } } }, 'image', origins)?.answer ?? '{}',
  ).images;

describe('the images of a skill payload', () => {
  it.each<[string, unknown, string[]]>([
    ['one address', A, [A]],
    ['one address in quotes', JSON.stringify(A), [A]],
    ['List(url, url)', `List(${A}, ${B})`, [A, B]],
    ['that list without a blank', `List(${A},${B})`, [A, B]],
    ['that list in lines', `List(\n${A},\n${B}\n)`, [A, B]],
    ['that list with a comma too many', `List(${A}, ${B}, )`, [A, B]],
    ['lists in a list', `List(List(${A}), List(${B}))`, [A, B]],
    ['a list of another name', `ArrayList(${A}, ${B})`, [A, B]],
    ['a list of quoted texts', `List("${A}", "${B}")`, [A, B]],
    ['the list of Java', `[${A}, ${B}]`, [A, B]],
    ['the list of Python', `['${A}', '${B}']`, [A, B]],
    ['a map of Java', `{secureUrls=List(${A}, ${B})}`, [A, B]],
    ['a JSON list', [A, B], [A, B]],
    ['a JSON list as text', JSON.stringify([A, B]), [A, B]],
    ['a JSON list as text of a text', JSON.stringify(JSON.stringify([A, B])), [A, B]],
    ['commas', `${A},${B}`, [A, B]],
    ['commas and blanks', `${A}, ${B}`, [A, B]],
    ['wide commas', `${A}，${B}`, [A, B]],
    ['semicolons', `${A};${B}`, [A, B]],
    ['blanks', `${A} ${B}`, [A, B]],
    ['lines', `${A}\r\n${B}\r\n`, [A, B]],
    ['angle brackets', `<${A}>`, [A]],
    ['brackets of its own', `List(${url('a(1)')}x(2), ${B})`, [`${url('a(1)')}x(2)`, B]],
    ['words around', `사진: ${A} 입니다`, [A]],
  ])('are read from %s', (_what, given, wanted) => {
    expect(imagesOf(given).map((image) => image.url)).toEqual(wanted);
  });

  it('are ten in three sizes each, as an image OTP answers them, said once or several times', () => {
    const secureUrls = Array.from({ length: 10 }, (_, at) => ({
      original: url(`${at}`),
      img_3m: url(`${at}-3m`),
      img_1m: url(`${at}-1m`),
    }));
    const wanted = secureUrls.flatMap(({ original, img_3m, img_1m }, at) => [
      { picture: at + 1, size: 'original', url: original },
      { picture: at + 1, size: '3m', url: img_3m },
      { picture: at + 1, size: '1m', url: img_1m },
    ]);
    expect(imagesOf(secureUrls)).toEqual(wanted);
    expect(imagesOf(JSON.stringify(secureUrls))).toEqual(wanted);
    expect(imagesOf(secureUrls, (given) => ({ given, again: JSON.stringify(given), alone: url('0') }))).toEqual(wanted);
  });

  it('are none of another origin, and take no time to find in a text of brackets', () => {
    expect(resultIn({ action: { params: { p: `List(https://elsewhere.example/a.jpg)` } } }, 'image', origins)).toBe(
      undefined,
    );
    const given = `${A}${')'.repeat(100_000)} ${'https://'.repeat(10_000)}`;
    expect(imagesOf(given).map((image) => image.url)).toEqual([A]);
  });

  it('are not looked for when an OTP came, by whatever name', () => {
    const otp = `${TALK}/otp/abc/secure_image`;
    for (const p of [{ otp, x: A }, { original: otp }, `List(${otp})`, `${otp}, ${A}`])
      expect(resultIn({ action: { params: { p } } }, 'image', origins)).toEqual({ otp });
  });
});
