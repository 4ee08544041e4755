// The words of the page in the reader's language, as far as there is one.

import { en } from "./strings.en.js";

const LANGUAGES = { en };

const preferred = globalThis.navigator?.language?.slice(0, 2) ?? "en";
export const strings = LANGUAGES[preferred] ?? en;
