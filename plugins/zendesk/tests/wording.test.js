import assert from "node:assert/strict";
import { test } from "node:test";
import { wordingOf } from "../app/assets/wording.js";
import { WORDS } from "../app/assets/words.js";

const gapsOf = (words) =>
  Object.fromEntries(
    Object.entries(words).map(([name, text]) => [
      name,
      (text.match(/\{\w+\}/g) ?? []).sort()
    ])
  );

for (const [locale, language] of [
  ["en-US", "en"],
  ["de", "de"],
  ["de-AT", "de"],
  ["fr", "en"],
  ["en-x-pseudo_1", "en"],
  ["constructor", "en"],
  ["", "en"],
  [undefined, "en"]
]) {
  test(`to ${locale} it speaks ${language}`, () => {
    assert.equal(wordingOf(locale).language, language);
  });
}

for (const language of Object.keys(WORDS)) {
  test(`${language} says all that English says, with the same gaps`, () => {
    assert.deepEqual(gapsOf(WORDS[language]), gapsOf(WORDS.en));
  });
}

test("a word that only Casebridge knows is shown as it is", () => {
  const wording = wordingOf("en");

  assert.deepEqual(
    [
      wording.kind("new_kind"),
      wording.kind("constructor"),
      wording.network("constructor"),
      wording.reply("unheard")
    ],
    ["new kind", "constructor", "constructor", "unheard"]
  );
});

test("what fills a gap is not looked at again", () => {
  assert.equal(
    wordingOf("en").say("repliedBy", { agent: "{agent} $& {when}" }),
    "Reply by {agent} $& {when}"
  );
});
