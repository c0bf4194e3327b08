"""The codes of faults, each explained: what it means and what to do. The reference page is made of this. Pure."""

from __future__ import annotations

from collections.abc import Mapping

CODES: Mapping[str, str] = {
    "after-otherwise": "A rule below `otherwise` can never be used. Move `otherwise` to the end of its list.",
    "always-matches": "The pattern finds even nothing, so it would be found in every text. Write `+` instead of "
    "`*`, or what must be there.",
    "backward-range": "The first number of `between` is more than the second. Swap the two.",
    "based-on-borrower": "A mapping that is based on another one cannot lend its rules. Base this one on that "
    "other.",
    "cannot-borrow": "A rule of the mapping that this one is based on reads a field that is not fetched here. Add "
    "it to `contact.fetch`.",
    "case-too-early": "`case.` reads what is known of the case only once there is one. Use it under "
    "`update.comment`.",
    "covered-drop": "Lines of `drop` above take all that this one fits, so it never drops anything. Remove it, or "
    "correct what it should fit.",
    "covered-rule": "Rules above take all that this one fits, so it can never be used. Move it above them, or "
    "remove it.",
    "day-twice": "A day has its hours in two places, and only one of the two could count. Remove one.",
    "decided-below": "A decided name is read above the place where it is decided. Move it above its first use.",
    "decided-twice": "The mapping that this one is based on decides a name of this spelling. Choose another name.",
    "default-needs-one": "Behind `default` stands one word of the message or one text in quotes.",
    "drops-everything": "Lines of `drop` together take every message that the mapping does, so it never makes a "
    "case. Correct them, or what it takes.",
    "duplicate-key": "A key stands twice in one map, and only one of the two could count. Join them or remove "
    "one.",
    "empty": "The value, the list or the map is empty. Fill it in, or remove its key.",
    "empty-file": "The file holds nothing but remarks. Fill it in, or take its name out of `connections.yaml`.",
    "empty-hours": "A time of opening ends when it begins. Write `00:00-24:00` for the whole day, `closed` for "
    "none of it.",
    "empty-key": "A line begins with `:` or with an empty text. Write the key before the colon.",
    "empty-keyword": "A keyword has no letter, digit or sign that could be found in a text. Remove it.",
    "empty-path-part": "A word such as `raw..id` has two dots in a row, or a dot at its end. Write what stands "
    "between them.",
    "empty-placeholder": "There is nothing between two braces, or nothing behind a `|`. Write a word or a filter "
    "there; `{{` is the brace itself.",
    "filter-needs-number": "The filter needs one whole number from 1 to 999999 behind it.",
    "filter-takes-nothing": "Something stands behind a filter that takes nothing. Remove it.",
    "first-needs-words": "The filter `first` is written with a number and `words`: `first 12 words`.",
    "foreign-word-edge": "A `\\b` stands beside a letter that is not one of a-z, where the engine of "
    "`matches` sees no end of a word. Use `has_any`, which finds whole words in every script.",
    "half-message": "The message of a test lacks something that every message has, or holds two things that "
    "exclude each other. Write what the sentence names.",
    "half-reopening": "`reopen_within` and `set` belong together: how long, and what reopens the case. Write both "
    "or neither.",
    "invalid-yaml": "The file cannot be read as YAML from here on; the mistake is often a line above: a quote or "
    "a bracket that is not closed, a wrong indent, a `:` in text without quotes.",
    "join-needs-text": "Behind `join` stands what is put between the entries, in quotes.",
    "key-field-filled": "A field of the case is the one by which the bridge knows it again. Remove it from "
    "`create`: the bridge fills it.",
    "keyword-too-long": "A keyword has more than 200 characters. Look for a part of it.",
    "list-outside": "The file of a list or a signal lies outside the folder of the configuration. Write its path "
    "from that folder on, without `..`, and no link that leads out of it.",
    "list-too-long": "A list has more than 100,000 entries or 5 MB. Split it, or keep such data in the CRM.",
    "listed-twice": "A mapping stands twice in `mappings`. Remove one of the two.",
    "literal-sign": "A comma, or a star behind a word, is looked for as it stands. Write several values as a "
    "list, and each form of a word by itself; patterns are for `matches`.",
    "local-time-needs-zone": "Behind `local_time` stands one time zone, such as `Europe/Berlin`.",
    "matches-everybody": "A line of `match` has no placeholder, so it finds one record for all customers. Write a "
    "placeholder in it.",
    "may-be-too-long": "The field is short, and the text for it may be longer: it would be cut, or refused. "
    "Shorten the part that customers write, as the sentence says.",
    "misplaced-key": "The form has this key, but in another place. Move it to where the sentence says.",
    "missing-key": "A key that is needed is not there. Add it.",
    "missing-otherwise": "A decided name has no value for messages that no rule fits. End its list with "
    "`otherwise`.",
    "missing-quotes": "Text that begins with a brace is a YAML map. Write it in quotes.",
    "missing-value": "A comparison has nothing to compare with. Write a value, or a list of values without empty "
    "ones.",
    "named-not-here": "`named` looks a record up by its name, which is not possible in a customer's record. Write "
    "its id.",
    "never-both": "Two comparisons of one condition exclude each other, so it is never true. Correct one of "
    "them, or write `when_any`.",
    "never-decided": "A decided name is compared with a value that none of its rules gives, so the condition is "
    "always the same. Correct the spelling, or add the rule.",
    "never-given": "A test expects something that this mapping does not make. Expect a decided name, `case.` and "
    "a field, `comment` or `dropped`; of a payload map a property, `skipped` or `unreadable`.",
    "never-reached": "Mappings above in `connections.yaml` take all that this one would. Change their order, or "
    "what each of them takes.",
    "never-taken": "A condition asks for messages that `source` or `accept` leave to other mappings or drop, or "
    "for edits and deletions where only new messages are asked about. Take them there, or remove the condition.",
    "never-true": "A word is compared with a value that it never has. Use one of the values that are allowed.",
    "no-conditions": "`when_any` and `when_all` take a list of conditions, and this one is empty.",
    "no-contact": "`person.` reads the customer's record, and this mapping has no `contact` section that finds "
    "one. Add it.",
    "no-days": "Opening hours name no day, so they would always be closed. Add the days and their times.",
    "no-order": "A field under `raise_only` has fewer than two values, so nothing can be raised. List its values "
    "from the lowest to the highest.",
    "no-owner": "`reassign: true` writes the fields that say whose a case is, and none of them stands under "
    "`create`. Add one.",
    "no-right": "The user that Casebridge logs in as may not create or change this, or no record can be looked up "
    "by it. Give that user the right, or leave the field out.",
    "no-such-adapter": "A connection names an adapter that is not part of this version. Correct its spelling.",
    "no-such-connection": "A mapping names a connection that `connections.yaml` does not have, or one of the "
    "other kind: `source` names platforms, `target` a CRM.",
    "no-such-field": "The CRM's object has no field of this API name, or the user that Casebridge logs in as "
    "may not see it, or it is switched off. Correct the name, make or switch on the field, or give that user the "
    "right to read it.",
    "no-such-file": "The folder of the configuration has no `connections.yaml`. Set `CASEBRIDGE_CONFIG` to the "
    "right folder.",
    "no-such-hours": "`inside_hours` or `outside_hours` names hours that `connections.yaml` does not have under "
    "`hours`. Correct the name, or add them.",
    "no-such-list": "`in_list` names a list that `connections.yaml` does not have under `lists`. Correct the "
    "name, or add the list.",
    "no-such-list-file": "There is no such file in the folder of the configuration. Correct the path, or add the "
    "file.",
    "no-such-mapping": "A mapping or payload map is named for which the folder has no file. Correct the name, or "
    "add the file.",
    "no-such-object": "The CRM has no object of this API name, or the user that Casebridge logs in as may not "
    "see it.",
    "no-such-record": "The CRM has no queue, group, user, record type, brand or form of this name or id that can "
    "be used here, or several. Correct the name, or make the record.",
    "no-such-signal": "`has_signal` names a signal that `connections.yaml` does not have under `signals`. Correct "
    "the name, or add the signal.",
    "no-tests": "Nothing shows that the mapping does what it should. Write examples under `tests`.",
    "no-version": "A payload map's `change` can be `hidden` or `unhidden`, and nothing tells one hiding from the "
    "next. Fill `version` or `sent_at`.",
    "not-a-channel": "A payload map calls the channel what keys cannot hold: at most 40 of `a` to `z`, digits, "
    "`-` and `_`.",
    "not-a-choice": "The value is none of the picklist's or drop-down's, for the record type that the case gets. "
    "Write one that is allowed, or add it in the CRM.",
    "not-a-condition": "A condition is a map of a word and what it is compared with.",
    "not-a-connection-name": "The name of a connection stands in its URL: at most 63 of a-z, 0-9 and `-`, the "
    "first no `-`.",
    "not-a-crm-name": "The name of an object or a field of a CRM has letters, digits and `_` only, as its API "
    "calls it, not its label.",
    "not-a-day": "A key of opening hours is neither a day nor a range or list of days: `mon`, `mon-fri`, "
    '`sat-mon`, `"mon, wed"`.',
    "not-a-decided-name": "A decided name has letters, digits and `_` only, and begins with a letter.",
    "not-a-duration": "A time is a number and `minutes`, `hours`, `days` or `weeks`.",
    "not-a-filter": "Two words stand in one placeholder. A filter is written behind a `|`.",
    "not-a-holiday": "A line of a file of holidays does not begin with a day that exists. Write `2026-12-25`, or "
    "`12-25` for every year; a remark may follow behind a space.",
    "not-a-key": "The field by which the bridge knows its case again must be External ID, Unique and "
    "case-sensitive, and 255 characters long. Set that in its definition.",
    "not-a-language": "Languages are told by codes of two or three letters: `de`, `en-GB`. Write such a code.",
    "not-a-list": "A list is needed here, also for one entry.",
    "not-a-map": "A map of keys and values is needed here.",
    "not-a-mapping-name": "The name of a mapping or payload map is the name of its file: letters, digits, `-`, "
    "`_` and `.`, at most 80, and no folders.",
    "not-a-number": "A comparison needs a plain number: digits, with a point and a sign if need be, without "
    "commas or units.",
    "not-a-rule": "A rule of `decide` has one condition (`when`, `when_any` or `when_all`) and `use`; the last "
    "one is `otherwise`.",
    "not-a-text": "One text is needed here, not a list or a map.",
    "not-a-time": "A time is written as a date, `2026-11-23`, or with the time of day, `2026-11-23T10:00:00Z`.",
    "not-a-variable": "`env:` is followed by the name of an environment variable: letters, digits and `_`.",
    "not-a-whole-number": "A whole number is needed here: digits only.",
    "not-an-about-name": "A key under `about` is read as `account.NAME`: letters, digits and `_`, a letter first.",
    "not-an-attachment": "An attachment in a test is a map with `kind`, and `url` and `name` if need be.",
    "not-another-mapping": "`based_on` names another mapping in the same folder, without `.yaml`, not the file "
    "itself.",
    "not-asked": "The schema was saved before the mapping named this. Save it anew.",
    "not-by-name": "Only the fields that are listed take another record's name. Write its id, or another field.",
    "not-fetched": "`person.` reads a field that the look-up does not fetch. Add it to `contact.fetch`.",
    "not-filled": "A text is only the name of a word, or has it in two braces, which write one brace. Write it "
    "in one pair of braces.",
    "not-fixed": "A field that reopens a case has a fixed value, the same for every message. Write it without "
    "placeholders.",
    "not-found-again": "A record that is created must be found by the next message. Repeat all fields of one line "
    "of `match` under `create`.",
    "not-hours": "A time of opening is a begin and an end on a clock of 24 hours: `08:00-20:00`. The end may be "
    "`24:00`, or earlier than the begin: then it is on the day after.",
    "not-in-order": "A field under `raise_only` can get a value that does not stand in its list. Add the value in "
    "its place.",
    "not-masked": "A mapping with `profile: regulated` masks `card_number` and `iban` `everywhere`. Add the line "
    "that the sentence names.",
    "not-one-comparison": "A word is compared once here. Write one comparison, or one line for each under "
    "`when_all`.",
    "not-one-name": "`in_list`, `inside_hours` and `outside_hours` take the name of one list, or of one map of "
    "hours. Write it.",
    "not-one-value": "`is` and `is_not` compare with one value. Write `one_of` for a list.",
    "not-possible": "The value is none of those that this key can have. Use one that is allowed.",
    "not-shown": "The record type or the form that the mapping names does not have this field, so agents do not "
    "see it on the case. Add the field there, or name another.",
    "not-true-or-false": "Only `true` or `false` can stand here.",
    "not-two-numbers": "`between` takes the least and the most, both included.",
    "not-unique": "A record of a customer is made only where one field by which it is found again is Unique in "
    "the CRM. Tick that in the field's definition.",
    "not-utf-8": "The file is in another encoding. Save it as UTF-8.",
    "nothing-public": "A mapping with `profile: regulated` shows nothing in public. Write `public: false`, or "
    "remove it.",
    "nothing-to-raise": "A field under `raise_only` is not filled under `create`, so there is nothing to compare "
    "with. Add it there.",
    "nothing-to-translate": "`from` is the same for every message, so there is nothing to translate. Write a "
    "placeholder there.",
    "open-brace": "A placeholder is never closed. Write `}` behind it, or `{{` for the brace itself.",
    "other-name": "`mapping` or `payload` says another name than the file has. Make the two alike.",
    "otherwise-not-alone": "`otherwise` has no condition and no `use`. Write its value behind it, or make it a "
    "rule.",
    "out-of-range": "A number is compared with what it can never be: stars are 1 to 5, and counts never less "
    "than 0. Correct the number.",
    "overlapping-hours": "Two times of one day overlap. End the one where the other begins.",
    "pattern-too-large": "The pattern is small on paper and huge when it is counted out, so it would take too "
    "long. Repeat less in it, or use `has_any`.",
    "person-too-early": "`person.` reads the customer's record, and here it is not looked up yet: `accept` and "
    "`contact` come first. Decide with it, or use it in the case.",
    "person-without-contact": "One case for each person needs to know who they are. Write a `contact` section, or "
    "another `one_per`.",
    "quoted-word": "A placeholder begins with a word, without quotes. Quotes are for texts behind `default` and "
    "`join`.",
    "raw-not-kept": "Messages that a mapping with `profile: regulated` may take are stored without the platform's "
    "own message, for all mappings. Read the words that every message has, or give the mappings other sources.",
    "required-field": "The CRM takes no new record without this field. Fill it under `create`.",
    "reserved-name": "The form has a word of this name already. Choose another name.",
    "same-condition": "A rule above has the same condition, so this one can never be used. Remove one of the two.",
    "same-phrase": "A word or phrase stands twice in the list of one language; capitals and accents make no "
    "difference. Remove one of the two.",
    "second-document": "A line `---` begins a second document in the file. Remove it.",
    "secret-in-file": "A secret stands in a file, or what looks like one. Make a new one, put it into an "
    "environment variable, and write `env:` and its name.",
    "separator-too-long": "What `join` puts between the entries has more than 100 characters. Shorten it.",
    "several-entries": "A line of a list holds a comma or a semicolon, or a remark behind its entry. Write each "
    "entry and each remark on a line of its own.",
    "shared-case": "`one_per: thread` puts all who write below one public post into one case. Write "
    "`author_and_thread`, unless you want that.",
    "takes-no-comments": "A Lead or a Task takes no comments and is never closed and reopened. Remove what the "
    "line names.",
    "test-dropped": "A test expects a value of a message that is dropped or that this mapping does not take. "
    "Correct the test, or the rule that the sentence names.",
    "test-failed": "A test came out otherwise than it expects. Correct the test, or the rule that the sentence "
    "names.",
    "text-too-long": "The text is longer than the field. Shorten it, or make the field longer.",
    "too-deep": "Lists and maps stand in each other more than 30 deep. Often a bracket is not closed.",
    "too-large": "The file is larger than 200 kB. Move long lists into files of their own.",
    "too-many-filters": "More than 20 filters stand in one placeholder. Remove some.",
    "too-many-values": "The file holds more than 20,000 values. Move long lists into files of their own.",
    "translated-twice": "`translate` has a key twice; upper and lower case make no difference. Remove one of the "
    "two.",
    "unknown-comparison": "There is no comparison of this name. Use one that is allowed.",
    "unknown-field": "The object of this CRM has no such field that a mapping can fill or search. Correct the "
    "name.",
    "unknown-filter": "There is no filter of this name. Use one that is allowed.",
    "unknown-key": "The form has no such key in this place. Correct its spelling, or look where it belongs.",
    "unknown-kind": "The message of a test has a `kind` or a `change` that there is not. Use one that is allowed.",
    "unknown-language": "There is no such language. Write `any`, or the code that platforms use: `de`, `en`, "
    "`pt-BR`.",
    "unknown-mask": "There is no such kind of number or address that can be masked. Use one that is allowed.",
    "unknown-object": "The CRM keeps cases or customers in another object. Use the one that is allowed.",
    "unknown-property": "The message of a test has a property that no message has. Correct its spelling.",
    "unknown-time-zone": "There is no such time zone. Use a name such as `Europe/Berlin`.",
    "unknown-word": "There is no such word, neither of the message nor decided. Correct its spelling.",
    "unprintable-character": "The file contains a character that cannot be seen. Remove it; in quotes `\\t` and "
    "`\\n` stand for a tab and a line end.",
    "unreadable-file": "The file is there, but cannot be read; the sentence says why. Often its rights are wrong.",
    "unstorable-character": "Text in quotes contains NUL or half a character, which no database keeps. Remove it.",
    "variable-not-set": "An environment variable that the file refers to is empty or not set. Set it for every "
    "process.",
    "white-space-around": "The value of a variable begins or ends with white space, or is not UTF-8 text. Set it "
    "again; often a line end was copied too.",
    "why-undecided": "`why.` shows the line that decided a name, and no rule above decides this one. Correct its "
    "spelling, or move it above.",
    "wrong-comparison": "Words of this type cannot be compared like this. Use one of the comparisons that are "
    "allowed.",
    "wrong-key-field": "This CRM can keep the bridge's key in one field only. Write that one, or leave "
    "`key_field` out.",
    "wrong-pattern": "The engine of `matches` cannot read the pattern; the sentence says why. Look-around and "
    "back-references are not possible: https://github.com/google/re2/wiki/Syntax.",
    "wrong-setting": "The adapter of a connection refuses one of its keys; the sentence says why.",
    "wrong-type": "The field is of another type: a number, a date, a check box. Write the value as the sentence "
    "says.",
    "yaml-alias": "`*name` repeats a value from elsewhere, which this form does not do. Write the value out; text "
    "that begins with `*` is written in quotes.",
    "yaml-anchor": "`&name` marks a value to be repeated, which this form does not do. Remove it; text that "
    "begins with `&` is written in quotes.",
    "yaml-merge-key": "`<<` mixes another map into this one, which this form does not do. Write the keys out.",
    "yaml-tag": "`!name` gives a value a type, which the form does by itself. Remove it; text that begins with "
    "`!` is written in quotes.",
}
"""Code -> one or two sentences in Markdown, for whoever meets it."""
