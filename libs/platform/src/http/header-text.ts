/** What a header says that was sent in UTF-8, as Korean words are: Node hands over its bytes as Latin-1. */
export function headerText(header: string): string {
  const text = Buffer.from(header, 'latin1').toString('utf8');
  return text.includes('\uFFFD') ? header : text;
}
