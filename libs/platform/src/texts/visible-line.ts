/** What most texts are made of: they are a visible line as they stand, unless blanks stand together or at an end. */
const ORDINARY = /^[!-~가-힣](?: ?[!-~가-힣])*$/;
/** Seen, not a blank, and not what turns or joins other signs. */
const SEEN = String.raw`[^\p{Z}\p{C}\p{Default_Ignorable_Code_Point}]`;
/** What chooses the look of the sign before it, and what joins it to the next: ❤️, 👨‍👩‍👧, letters of Persian and Hindi. */
const LOOK = String.raw`[\u{FE00}-\u{FE0F}\u{E0100}-\u{E01EF}]`;
const JOINER = String.raw`[\u{200C}\u{200D}]`;
/** Flags of regions are a black flag and unseen letters: 🏴󠁧󠁢󠁥󠁮󠁧󠁿. */
const REGION = String.raw`\u{1F3F4}[\u{E0030}-\u{E0039}\u{E0061}-\u{E007A}]{2,6}\u{E007F}`;
/** Changes of direction, signs without width, fillers, marks of notes, and halves of a character. */
const UNSEEN = String.raw`[\p{Default_Ignorable_Code_Point}\u{FFF9}-\u{FFFB}\p{Cs}]`;
/** What is kept stands in groups. */
const SIGNS = new RegExp(`(${REGION})|(${SEEN}${LOOK}?)(${JOINER}(?=${SEEN}))?|${UNSEEN}`, 'gu');
const BREAKS_AND_BLANKS = /[\p{Cc}\p{White_Space}]+/gu;
/** More marks on one letter than any language writes. */
const MARKS = /(?<=\p{M}{8})\p{M}+/gu;
/** Signs that are drawn as a blank, and marks of no letter. */
const NOTHING_SEEN = /^[\p{M}\u{2800}\u{FFFC} ]*$/u;

const GRAPHEMES = new Intl.Segmenter('ko', { granularity: 'grapheme' });
const CUT = '…';

/**
 * A text as one line that people can read: composed (NFC), without line breaks, control characters, changes of direction
 * and what cannot be seen.
 *
 * @returns an empty text when nothing in it can be seen
 */
export function visibleLine(text: string): string {
  if (ORDINARY.test(text)) return text;
  const line = text.replace(SIGNS, '$1$2$3').normalize('NFC').replace(MARKS, '').replace(BREAKS_AND_BLANKS, ' ').trim();
  return NOTHING_SEEN.test(line) ? '' : line;
}

/** Whether a text is such a line as it stands: what an id must be, which cannot be changed for whoever knows it. */
export const isVisibleLine = (text: string): boolean => text !== '' && visibleLine(text) === text;

/**
 * The same, cut between the characters that people see when it is longer.
 *
 * @param most UTF-16 units: the strictest count, so that it is not too long by code points either
 */
export function shortLine(text: string, most: number): string {
  const line = visibleLine(text);
  return line.length <= most ? line : startOf(line, most - CUT.length).trimEnd() + CUT;
}

function startOf(line: string, room: number): string {
  let end = 0;
  for (const { segment, index } of GRAPHEMES.segment(line)) {
    if (index + segment.length > room) break;
    end = index + segment.length;
  }
  // A single one that has no room is cut after all.
  return end > 0 ? line.slice(0, end) : visibleLine(line.slice(0, room));
}
