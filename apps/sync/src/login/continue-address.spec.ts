import { continueAddress, relayIdOf } from './continue-address';

const ORIGIN = 'https://talk-plugin.kakao.com';
const accepts = (address: string): boolean => continueAddress(address, ORIGIN) !== undefined;

describe('where a customer may be sent after a login', () => {
  it.each([
    'kakaotalk://bizplugin/complete',
    'kakaotalk://bizplugin?plugin_id=5f6d8f0a1b2c3d4e5f607182&relay_id=r1',
    'kakaotalk://bizplugin/?next=https%3A%2F%2Fevil.example',
    'https://talk-plugin.kakao.com/plugin/complete?x=1#end',
    'https://talk-plugin.kakao.com/',
    'https://talk-plugin.kakao.com//evil.example',
    'https://talk-plugin.kakao.com/@evil.example',
  ])('accepts %s', (address) => {
    expect(continueAddress(address, ORIGIN)).toBe(address);
  });

  it.each([
    'https://evil.example/',
    '//evil.example',
    '//talk-plugin.kakao.com/',
    '/relative',
    'relative',
    '',
    'javascript:alert(1)',
    'javascript://talk-plugin.kakao.com/%0aalert(1)',
    'data:text/html,x',
    'vbscript:x',
    'intent://bizplugin/#Intent;scheme=kakaotalk;end',
    'kakaotalk:bizplugin/',
    'kakaotalk:/bizplugin/',
    'kakaotalk:///bizplugin/',
    'kakaotalk://bizplugin',
    'kakaotalk://bizplugin.evil.example/',
    'kakaotalk://bizplugin@evil.example/',
    'kakaotalk://bizplugin:80/',
    'kakaotalk://evil/bizplugin/',
    'kakaotalk://user@bizplugin/',
    'kakaotalk://bizplugins/',
    'kakaotalk://BIZPLUGIN/',
    'KAKAOTALK://bizplugin/',
    'kakaotalks://bizplugin/',
    'http://talk-plugin.kakao.com/',
    'HTTPS://talk-plugin.kakao.com/',
    'https://TALK-PLUGIN.kakao.com/',
    'https:talk-plugin.kakao.com/',
    'https:/talk-plugin.kakao.com/',
    'https:///talk-plugin.kakao.com/',
    'https://talk-plugin.kakao.com',
    'https://talk-plugin.kakao.com?x',
    'https://talk-plugin.kakao.com:444/',
    'https://talk-plugin.kakao.com./',
    'https://talk-plugin.kakao.com.evil.example/',
    'https://talk-plugin.kakao.com@evil.example/',
    'https://talk-plugin.kakao.com%2f@evil.example/',
    'https://talk-plugin.kakao.com%2eevil.example/',
    'https://user:pass@talk-plugin.kakao.com/',
    'https://evil.example/https://talk-plugin.kakao.com/',
    'https://evil.example#https://talk-plugin.kakao.com/',
    'https://evil.example\\@talk-plugin.kakao.com/',
    'https://talk-plugin.kakao.com\\@evil.example/',
    'https:\\\\talk-plugin.kakao.com/',
    'https://talk-plugin.kakao.com/\\evil.example',
    'https://talk-plugin.kakao.com/a b',
    ' https://talk-plugin.kakao.com/',
    'https://talk-plugin.kakao.com/ ',
    '\thttps://talk-plugin.kakao.com/',
    'ht\ttps://talk-plugin.kakao.com/',
    'kakaotalk://bizplugin/\r\nset-cookie: a=b',
    'kakaotalk://bizplugin/\u0000',
    'kakaotalk://bizplugin/\u007f',
    'kakaotalk://bizplugin/\u0085',
    '\ufeffkakaotalk://bizplugin/',
    'https://tаlk-plugin.kakao.com/', // a Cyrillic а
    'https://talk-plugin。kakao.com/',
    'https://talk－plugin.kakao.com/',
    'https://talk-pIugin.kakao.com/', // a capital I
    `https://talk-plugin.kakao.com/${'x'.repeat(2_048)}`,
  ])('refuses %j', (address) => {
    expect(accepts(address)).toBe(false);
  });

  it('sends Korean on as a header can carry it', () => {
    expect(continueAddress('kakaotalk://bizplugin/?m=가입', ORIGIN)).toBe(
      'kakaotalk://bizplugin/?m=%EA%B0%80%EC%9E%85',
    );
  });

  it('finds the relay id of a launch link', () => {
    expect(relayIdOf('kakaotalk://bizplugin?plugin_id=p&relay_id=r%2F1')).toBe('r/1');
    expect(relayIdOf('kakaotalk://bizplugin/?plugin_id=p')).toBeUndefined();
  });

  it('has no relay id when that could not be stored', () => {
    for (const odd of ['%00', 'a%00b', 'x'.repeat(256)]) {
      expect(relayIdOf(`kakaotalk://bizplugin/?relay_id=${odd}`)).toBeUndefined();
    }
  });
});
