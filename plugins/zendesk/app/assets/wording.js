// Puts what is known into the agent's own language. Pure.
import { spanOf } from "./answering.js";
import { NETWORKS, WORDS } from "./words.js";

/** What says things in the language of a locale: de-AT is German, and what we do not speak is English. */
export function wordingOf(locale) {
  const language = String(locale ?? "").split("-")[0];
  const isSpoken = Object.hasOwn(WORDS, language);
  const spoken = isSpoken ? language : "en";
  const words = WORDS[spoken];
  const format = formatOf(isSpoken ? locale : spoken, spoken);
  const say = (name, values = {}) =>
    words[name].replace(/\{(\w+)\}/g, (_, key) => values[key]);
  // The bridge may know a word that this app does not.
  const known = (name, otherwise) =>
    Object.hasOwn(words, name) ? words[name] : otherwise.replaceAll("_", " ");
  return {
    language: spoken,
    say,
    when: (time) => format.date.format(time),
    count: (number) => format.number.format(number),
    compact: (number) => format.compact.format(number),
    left: (milliseconds) =>
      spanOf(milliseconds)
        .map(([n, unit]) => say(`span.${unit}`, { n }))
        .join(" "),
    network: (name) => (Object.hasOwn(NETWORKS, name) ? NETWORKS[name] : name),
    kind: (name) => known(`kind.${name}`, name),
    unit: (name) => known(`unit.${name}`, name ?? ""),
    filing: (name) => known(`filing.${name}`, name),
    reply: (name) => known(`reply.${name}`, name)
  };
}

function formatOf(locale, otherwise) {
  try {
    return formatIn(locale);
  } catch {
    return formatIn(otherwise); // en-x-pseudo and the like are no locales of a browser's
  }
}

function formatIn(locale) {
  return {
    date: new Intl.DateTimeFormat(locale, {
      dateStyle: "medium",
      timeStyle: "short"
    }),
    number: new Intl.NumberFormat(locale),
    compact: new Intl.NumberFormat(locale, {
      notation: "compact",
      maximumFractionDigits: 1
    })
  };
}
