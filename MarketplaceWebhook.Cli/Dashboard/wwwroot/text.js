// Text from outside, with control, invisible and direction characters escaped.

const hidden = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
const hiddenInBodies = /(?![\n\r\t])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
const escape = (character) => `\\u{${character.codePointAt(0).toString(16).toUpperCase()}}`;

/** On one line. */
export const visible = (text) => String(text ?? '').replace(hidden, escape);

/** The same for text with line breaks. */
export const visibleBody = (text) => String(text ?? '').replace(hiddenInBodies, escape);
