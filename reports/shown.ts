/**
 * Control characters and those that change the direction of text: what a terminal would act on instead of showing. Colours, as tools and we write
 * them, and ends of lines pass.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const CONTROLS = /\x1b\[[0-9;]*m|\r\n|[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
/** What a CI takes for a command to itself, wherever it comes from: GitHub's at a line's beginning, `##[…]` and `##vso[…]` anywhere. */
const COMMANDS = /^(\s*):(?=:[a-z-]+(?:\s[^\n]*)?::)|#(?=#(?:vso|teamcity)?\[)/gim;

/** A text as it may be shown, with what could do harm as `\u001b`: as JSON writes it, so that in JSON it is the same text. */
export function harmless(text: string): string {
  return text
    .replace(CONTROLS, (found) => (found.startsWith('\x1b[') || found === '\r\n' ? found : escaped(found)))
    .replace(COMMANDS, (found, indent: string | undefined) => (found.endsWith('#') ? escaped('#') : `${indent ?? ''}${escaped(':')}`));
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
