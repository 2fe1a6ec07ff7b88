/** Which of the three callback apps this is. */
export const CAPTURE_KIND = Symbol('CAPTURE_KIND');
