"""Mapping sets are published whole and good, processes take up the newest, and nothing that is decided moves."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise

import pytest
from heart import CARE, all_items, bridge, case_of, deleted, drain, edited, hear, said, states
from logbook import Logbook
from sqlalchemy import func, select

from bridge import protecting, revising
from bridge.errors import ConfigError
from bridge.flow import decide_some
from bridge.mapping_set import Files
from bridge.parts import Bridge
from bridge.revising import Mappings, Revisions
from bridge.store import Store, revisions
from bridge.store.tables import text
from bridge.worker import Worker

SET = "version: '1'\nmappings: [care]\n"
OTHER = CARE.replace("giveaway", "raffle")
BROKEN = CARE.replace("has_any", "has_some")
MASKED = CARE + "protect: {mask: {iban: everywhere}}\n"


def files(care: str = CARE) -> Mapping[str, str]:
    """A set of one mapping."""
    return {"connections.yaml": SET, "care.yaml": care}


def known(store: Store, *sources: str) -> Revisions:
    """The published sets for a process with these connections; `fb` if none is given."""
    return Revisions(store, sources=sources or ("fb",), targets={"crm": Logbook})


def listed(store: Store) -> list[tuple[int, str]]:
    """The numbers and origins of what was published."""
    with store.read() as c:
        return [(one.number, one.origin) for one in revisions.listed(c)]


def at_work(store: Store, crm: Logbook, found: Revisions) -> Worker:
    """A worker that works by the newest set."""
    edition = found.current(0.0)
    assert edition is not None
    plain = bridge(store, crm, revision=edition.number, earlier=found.of)
    made = replace(plain, mappings=edition.mappings)
    return Worker(made, ["fb"], found.current)


# --- publishing ---


def test_what_was_published_is_read_as_it_was(store: Store) -> None:
    number = revising.publish(known(store), files())

    with store.read() as c:
        assert (number, revisions.active(c), revisions.files(c, 1)) == (1, 1, files())


def test_the_same_set_is_published_once(store: Store) -> None:
    numbers = [revising.publish(known(store), one) for one in (files(), files(), files(OTHER), files(OTHER))]

    assert (numbers, listed(store)) == ([1, 1, 2, 2], [(2, "files"), (1, "files")])


def test_a_bad_set_never_replaces_a_good_one(store: Store) -> None:
    revising.publish(known(store), files())

    with pytest.raises(ConfigError, match=r"care.yaml:8:14 error: unknown comparison 'has_some'"):
        revising.publish(known(store), files(BROKEN))

    assert listed(store) == [(1, "files")]


def test_a_revision_that_is_not_there_is_named_with_those_that_are(store: Store) -> None:
    with store.read() as c, pytest.raises(ConfigError, match="no mappings were published yet"):
        revisions.files(c, 3)

    revising.publish(known(store), files())

    with store.read() as c, pytest.raises(ConfigError, match="there is no revision 3: they go from 1 to 1"):
        revisions.files(c, 3)


def test_those_who_publish_at_once_take_turns(store: Store) -> None:
    with ThreadPoolExecutor(4) as pool:
        numbers = list(pool.map(lambda one: revising.publish(known(store), one), [files(), files(OTHER)] * 4))

    with store.read() as c:
        texts = [revisions.files(c, one.number) for one in reversed(revisions.listed(c))]
    assert all(before != after for before, after in pairwise(texts))
    assert set(numbers) == set(range(1, len(texts) + 1))


def test_texts_that_did_not_change_are_kept_once(store: Store) -> None:
    revising.publish(known(store), files())
    revising.publish(known(store), {**files(OTHER)})
    revising.publish(known(store), files(), origin="rollback to 1")

    with store.read() as c:
        assert c.execute(select(func.count()).select_from(text)).scalar() == 3


# --- what a process is started with ---


def test_the_first_files_are_published_by_whoever_starts(store: Store) -> None:
    revising.take_up(known(store), files(), released=False)

    assert listed(store) == [(1, "files")]


def test_an_old_process_that_starts_again_does_not_bring_its_files_back(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    for one in (files(), files(OTHER)):
        revising.take_up(known(store), one, released=True)

    revising.take_up(known(store), files(), released=False)

    assert listed(store) == [(2, "files"), (1, "files")]
    assert [record.getMessage() for record in caplog.records] == [
        "these files are revision 1, but revision 2 is at work: `casebridge publish` brings them back"
    ]


def test_a_release_with_older_files_publishes_them(store: Store) -> None:
    for one in (files(), files(OTHER), files()):
        revising.take_up(known(store), one, released=True)

    assert listed(store) == [(3, "files"), (2, "files"), (1, "files")]


def test_a_rollback_outlives_a_start_with_the_same_files(store: Store) -> None:
    for one in (files(), files(OTHER)):
        revising.take_up(known(store), one, released=True)
    revising.publish(known(store), files(), origin="rollback to 1")

    revising.take_up(known(store), files(OTHER), released=True)

    assert listed(store)[0] == (3, "rollback to 1")


def test_files_that_go_back_to_a_rollback_and_forth_again_are_published(store: Store) -> None:
    for one in (files(), files(OTHER)):
        revising.take_up(known(store), one, released=True)
    revising.publish(known(store), files(), origin="rollback to 1")

    for one in (files(), files(OTHER)):
        revising.take_up(known(store), one, released=True)

    assert listed(store)[:3] == [(5, "files"), (4, "files"), (3, "rollback to 1")]
    with store.read() as c:
        assert revisions.files(c, 5) == files(OTHER)


def test_who_starts_beside_others_does_not_publish_what_was_taken_back_meanwhile(store: Store) -> None:
    revising.take_up(known(store), files(), released=False)

    class Slow(Revisions):
        """Takes so long to check its files that others publish the same, and go back."""

        def compiled(self, files: Files) -> Mappings:
            revising.take_up(known(store), files, released=False)
            revising.publish(known(store), first, origin="rollback to 1")
            return super().compiled(files)

    first = files()
    revising.take_up(Slow(store, sources=["fb"], targets={"crm": Logbook}), files(OTHER), released=False)

    assert listed(store) == [(3, "rollback to 1"), (2, "files"), (1, "files")]


def test_a_process_starts_by_the_newest_set_that_fits_it(store: Store) -> None:
    revising.publish(known(store), files())
    revising.publish(known(store), files(OTHER))
    revising.publish(known(store, "fb", "x"), files(CARE.replace("source: any", "source: [x]")))

    edition = known(store).current(0.0)

    assert edition is not None
    assert edition.number == 2


# --- a running process ---


def test_a_running_process_takes_up_a_newer_set_within_a_second(store: Store) -> None:
    found = known(store)
    revising.publish(found, files())

    seen = [found.current(0.0)]
    revising.publish(known(store), files(OTHER))
    seen += [found.current(0.5), found.current(1.0)]

    assert [one.number if one else 0 for one in seen] == [1, 1, 2]


def test_a_set_for_connections_that_a_process_lacks_leaves_it_as_it_was(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    found = known(store)
    revising.publish(found, files())
    found.current(0.0)

    revising.publish(known(store, "fb", "x"), files(CARE.replace("source: any", "source: [x]")))
    after = [found.current(2.0), found.current(4.0)]

    assert [one.number if one else 0 for one in after] == [1, 1]
    errors = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert [one.split("\n")[0] for one in errors] == ["revision 2 of the mappings cannot be used by this process:"]


def test_a_worker_decides_by_the_newest_set_and_names_it(store: Store, crm: Logbook) -> None:
    found = known(store)
    revising.publish(found, files())
    one = at_work(store, crm, found)
    hear(store, said("raffle one"))
    one.step()

    revising.publish(found, files(OTHER))
    one.renew(5.0)
    hear(store, said("raffle two"))
    drain(one.bridge)

    told = [(i.points_at[2], i.state, i.reason, i.revision) for i in all_items(store)]
    assert told == [("m-raffle one", "filed", "", 1), ("m-raffle two", "dropped", "care.yaml:8", 2)]


def test_a_worker_masks_by_the_newest_set(store: Store, crm: Logbook) -> None:
    found = known(store)
    revising.publish(found, files())
    one = at_work(store, crm, found)

    revising.publish(found, files(MASKED))
    one.renew(5.0)

    edition = found.current(5.0)
    assert edition is not None
    assert one.bridge.protection == protecting.protection(edition.mappings.values())
    assert one.bridge.protection.before_storing("fb") == {"iban"}


def test_a_bad_file_leaves_the_set_of_a_running_worker(store: Store, crm: Logbook) -> None:
    found = known(store)
    revising.publish(found, files())
    one = at_work(store, crm, found)

    with pytest.raises(ConfigError):
        revising.publish(found, files(BROKEN))
    one.renew(5.0)
    hear(store, said("giveaway"))
    drain(one.bridge)

    assert [(i.state, i.reason, i.revision) for i in all_items(store)] == [("dropped", "care.yaml:8", 1)]


# --- what was decided before ---


def decided_by_the_first(store: Store, crm: Logbook, second: str) -> Bridge:
    """A bridge at work by a second set, before which a message was decided that is not filed yet."""
    found = known(store)
    revising.publish(found, files())
    one = at_work(store, crm, found)
    hear(store, said("hello"))
    while decide_some(one.bridge, "fb"):
        pass
    revising.publish(found, files(second))
    one.renew(5.0)
    return one.bridge


def test_what_was_decided_is_filed_by_the_set_that_decided_it(store: Store, crm: Logbook) -> None:
    second = CARE.replace("heard:", "said:").replace("Origin: Web", 'Origin: "{said}"')

    drain(decided_by_the_first(store, crm, second))
    hear(store, said("later", by="bert"))
    found = known(store)
    drain(at_work(store, crm, found).bridge)

    assert [fields["Origin"] for fields in crm.cases().values()] == ["Web", "later"]


def test_a_mapping_that_is_renamed_meanwhile_loses_no_message(store: Store, crm: Logbook) -> None:
    found = known(store)
    made = decided_by_the_first(store, crm, OTHER)
    renamed = {"connections.yaml": SET.replace("care", "kind"), "kind.yaml": CARE.replace("care", "kind")}
    revising.publish(found, renamed)
    one = Worker(made, ["fb"], found.current)
    one.renew(10.0)

    drain(one.bridge)

    assert list(one.bridge.mappings) == ["kind"]
    assert [(i.state, i.mapping, i.revision) for i in all_items(store)] == [("filed", "care", 1)]


def test_a_new_set_files_nothing_anew(store: Store, crm: Logbook) -> None:
    found = known(store)
    revising.publish(found, files())
    one = at_work(store, crm, found)
    hear(store, said("hello"), said("giveaway"))
    drain(one.bridge)
    before, held = states(store), crm.applied()

    revising.publish(found, files(OTHER))
    one.renew(5.0)
    drain(one.bridge)

    assert (states(store), crm.applied()) == (before, held)


def test_what_was_decided_is_filed_by_its_set_though_the_connection_it_came_by_is_gone(
    store: Store, crm: Logbook
) -> None:
    first = CARE.replace("source: any", "source: [fb]")
    revising.publish(known(store), files(first))
    one = at_work(store, crm, known(store))
    hear(store, said("hello"))
    while decide_some(one.bridge, "fb"):
        pass

    second = first.replace("[fb]", "[page]").replace("heard:", "said:").replace("Origin: Web", 'Origin: "{said}"')
    revising.publish(known(store, "page"), files(second))
    drain(at_work(store, crm, known(store, "page")).bridge)

    assert [fields["Origin"] for fields in crm.cases().values()] == ["Web"]


def test_a_set_that_cannot_be_read_any_more_does_not_keep_its_messages(store: Store, crm: Logbook) -> None:
    made = decided_by_the_first(store, crm, OTHER)
    lost = replace(made, earlier=lambda _: None)

    drain(lost)

    assert [(i.state, i.mapping, i.revision) for i in all_items(store)] == [("filed", "care", 1)]


def test_a_deletion_empties_the_fields_in_which_an_older_set_showed_the_message(
    store: Store, crm: Logbook
) -> None:
    found = known(store)
    revising.publish(found, files())
    one = at_work(store, crm, found)
    hear(store, said("hello"))
    drain(one.bridge)
    revising.publish(found, files(CARE.replace('Subject: "{text}"', "Subject: A comment")))
    one.renew(5.0)

    hear(store, deleted(said("hello")))
    drain(one.bridge)

    assert list(crm.cases().values()) == [{"Subject": "[deleted by its author]", "Name": "", "Origin": "Web"}]


# --- the number as a word ---


def test_a_case_names_the_set_that_decided_its_messages(store: Store, crm: Logbook) -> None:
    told = CARE.replace("Origin: Web", 'Origin: "{revision}"').replace(
        'text: "{text}"', 'text: "{revision}: {text}"'
    )
    found = known(store)
    revising.publish(found, files(told))
    one = at_work(store, crm, found)
    first = said("one")
    hear(store, first)
    drain(one.bridge)

    revising.publish(found, files(told.replace("giveaway", "raffle")))
    one.renew(5.0)
    hear(store, said("two"), edited(first, "uno"))
    drain(one.bridge)

    assert [fields["Origin"] for fields in crm.cases().values()] == [1]
    assert crm.texts(case_of())[1:] == ["2: two", "Edited by its author:\n2: uno"]
