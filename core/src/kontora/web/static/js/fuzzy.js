// Finding among a few hundred labels while one types: parts of words, letters left out, other
// languages, and a keyboard that was on the wrong layout.

const EN = '`qwertyuiop[]asdfghjkl;\'zxcvbnm,.';
const RU = 'ёйцукенгшщзхъфывапролджэячсмитьбю';
const UK = '\'йцукенгшщзхїфівапролджєячсмитьбю';
const table = (from, to) => new Map([...from].map((letter, at) => [letter, [...to][at]]));
const LAYOUTS = [table(EN, RU), table(EN, UK), table(RU, EN), table(UK, EN)];

/** Lower case, without accents; `ё` is `е`, `ґ` is `г`, as search has it. */
export const fold = (text) => text.toLowerCase().normalize('NFD')
  .replace(/(?<![иі])[\u0300-\u036f]/g, '').normalize('NFC').replaceAll('ґ', 'г');

/** What was typed, and what was meant if the layout was another one. */
export function variants(query) {
  const typed = fold(query.trim());
  const others = LAYOUTS.map((layout) => [...query.trim().toLowerCase()].map((letter) => layout.get(letter) ?? letter).join(''));
  return [...new Set([typed, ...others.map(fold)])].filter(Boolean);
}

function part(word, text, words) {
  if (text.startsWith(word)) return 100;
  if (words.some((each) => each.startsWith(word))) return 80;
  if (word.length > 1 && text.includes(word)) return 60;
  return 0;
}

// All letters in their order, close together: "ncnt" for "new contact".
function scattered(word, text) {
  if (word.length < 3) return 0;
  let at = -1;
  let first = -1;
  for (const letter of word) {
    at = text.indexOf(letter, at + 1);
    if (at < 0) return 0;
    if (first < 0) first = at;
  }
  return at - first < word.length * 3 ? 20 : 0;
}

const prepared = new WeakMap();
function texts(item) {
  if (!prepared.has(item)) {
    const label = fold(item.label);
    const also = fold(item.also ?? '');
    prepared.set(item, { label, also, labelWords: label.split(/[\s:,.…]+/), alsoWords: also.split(/[\s:,.…]+/) });
  }
  return prepared.get(item);
}

function one(query, item) {
  const { label, also, labelWords, alsoWords } = texts(item); // in equal scores the given order stands
  let sum = 0;
  const words = query.split(/\s+/);
  for (const word of words) {
    const score = Math.max(part(word, label, labelWords), part(word, also, alsoWords) * 0.6, scattered(word, label));
    if (score === 0) return 0;
    sum += score;
  }
  return sum / words.length;
}

/** The items that fit, best first; letters left out count only where nothing better is found. */
export function find(query, items) {
  const queries = variants(query);
  const scored = items
    .map((item) => ({ item, score: Math.max(...queries.map((each, way) => one(each, item) - (way ? 5 : 0))) }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score);
  const good = scored.filter(({ score }) => score > 25);
  return (good.length ? good : scored).map(({ item }) => item);
}
