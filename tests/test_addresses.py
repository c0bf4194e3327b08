"""Addresses of posts: one form however they were copied, and the ids in them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge import addresses

SAME = {
    "X": (
        "https://x.com/ana_b/status/2080001",
        "https://twitter.com/ana_b/status/2080001?s=20&t=Qf3",
        "http://www.x.com/ana_b/status/2080001/",
        "https://mobile.twitter.com/ana_b/status/2080001#top",
        "x.com/ana_b/status/2080001?ref_src=twsrc%5Etfw",
        "https://x.com/ana_bauer/status/2080001/photo/1",
        "https://x.com/i/web/status/2080001",
    ),
    "a Facebook post": (
        "https://www.facebook.com/10150001/posts/900100",
        "https://m.facebook.com/10150001/posts/900100/?__cft__[0]=AZW&__tn__=%2CO%2CP-R",
        "https://de-de.facebook.com/10150001/posts/900100?mibextid=1a&fbclid=IwAR",
        "https://fb.com/10150001/posts/900100",
    ),
    "permalink.php": (
        "https://www.facebook.com/permalink.php?story_fbid=900100&id=10150001",
        "https://facebook.com/permalink.php?id=10150001&story_fbid=900100&locale=de_DE",
    ),
    "a reel": (
        "https://www.facebook.com/reel/77001",
        "https://m.facebook.com/reel/77001/?s=single_unit",
    ),
    "a film": (
        "https://www.facebook.com/watch/?v=55001",
        "https://m.facebook.com/watch?v=55001&ref=sharing",
    ),
    "Instagram": (
        "https://www.instagram.com/p/CaB1_x-Y/",
        "https://instagram.com/p/CaB1_x-Y?igsh=MWQ&img_index=2",
        "https://www.instagram.com/acme/p/CaB1_x-Y/",
    ),
    "an Instagram reel": (
        "https://www.instagram.com/reel/DaB1/",
        "https://www.instagram.com/reel/DaB1/?utm_source=ig_web_copy_link",
        "https://www.instagram.com/reels/DaB1/",
        "https://www.instagram.com/acme/reel/DaB1/",
        "https://www.instagram.com/p/DaB1/",
    ),
    "Threads": (
        "https://www.threads.com/@ana.ruiz/post/Pp1",
        "https://www.threads.net/@ana.ruiz/post/Pp1?xmt=AQG&slof=1",
        "https://threads.net/%40ana.ruiz/post/Pp1/",
        "https://www.threads.com/@ana.ruiz/post/Pp1/media",
        "https://www.threads.net/t/Pp1",
    ),
    "TikTok": (
        "https://www.tiktok.com/@ana_b/video/7388001",
        "https://m.tiktok.com/@ana_b/video/7388001?is_from_webapp=1&sender_device=pc",
        "https://www.tiktok.com/player/v1/7388001",
    ),
    "Trustpilot": (
        "https://www.trustpilot.com/reviews/65a1b2c3",
        "https://de.trustpilot.com/reviews/65a1b2c3?utm_medium=email",
    ),
    "Telegram": (
        "https://t.me/acme_care/812",
        "https://telegram.me/acme_care/812?single",
        "https://t.me/s/acme_care/812",
    ),
    "YouTube": (
        "https://www.youtube.com/watch?v=dQw4&lc=Ug1",
        "https://m.youtube.com/watch?lc=Ug1&v=dQw4&si=1xy&t=12s",
    ),
    "a site that we do not know": (
        "https://forum.example/viewtopic.php?t=5&p=7",
        "http://forum.example:80/viewtopic.php?p=7&t=5&utm_campaign=spring&gclid=1#p7",
    ),
}
"""As it is stored, and as people copy it."""


@pytest.mark.parametrize("copies", SAME.values(), ids=SAME)
def test_however_an_address_was_copied_it_is_the_same(copies: tuple[str, ...]) -> None:
    assert {addresses.normal(one) for one in copies} == {addresses.normal(copies[0])}
    assert {addresses.digest(one) for one in copies} == {addresses.digest(copies[0])}


OTHERS = (
    "https://www.facebook.com/permalink.php?story_fbid=900101&id=10150001",
    "https://www.facebook.com/10150001/posts/900100?comment_id=55",
    "https://www.youtube.com/watch?v=other",
    "https://forum.example/viewtopic.php?t=6&p=7",
    "https://forum.example:8443/viewtopic.php?t=5&p=7",
    "https://notx.com/ana_b/status/2080001",
    "https://x.com.example/ana_b/status/2080001",
    "https://www.instagram.com/p/cab1_x-y/",
)


def test_what_tells_two_posts_apart_stays() -> None:
    known = {addresses.normal(copies[0]) for copies in SAME.values()}

    others = [addresses.normal(one) for one in OTHERS]

    assert len(set(others) - known) == len(OTHERS)


def test_the_form_of_an_address_is_whole() -> None:
    found = addresses.normal(" HTTP://WWW.Twitter.com/Ana_B/status/20%38/?t=1#x ")

    assert found == "https://x.com/i/status/208"


@pytest.mark.parametrize(
    "other",
    ["", "2080001", "facebook:1:900_1:created", "accounts/1/locations/2/reviews/3", "mailto:ana@example.com",
     "tag:example.com,2005:1", "javascript:alert(1)", "http://", "http://[", "https://x.com:port/1",
     "https://ü ü/1"],
)  # fmt: skip
def test_what_is_no_web_address_has_no_form_and_no_digest(other: str) -> None:
    assert (addresses.normal(other), addresses.digest(other), addresses.ids(other)) == ("", "", ())


IDS = {
    "https://x.com/i/status/2080001/photo/1": "2080001",
    "https://www.facebook.com/10150001/posts/900100": "10150001_900100",
    "https://www.facebook.com/permalink.php?story_fbid=900100&id=10150001": "10150001_900100",
    "https://www.facebook.com/10150001_900100": "10150001_900100",
    "https://www.facebook.com/acme/posts/900100?comment_id=55": "900100_55",
    "https://www.facebook.com/permalink.php?story_fbid=900100&id=1&comment_id=55&reply_comment_id=66": "55_66",
    "https://www.facebook.com/10150001_900100?comment_id=55": "900100_55",
    "https://www.facebook.com/watch/?v=55001": "55001",
    "https://de.trustpilot.com/reviews/65a1b2c3": "65a1b2c3",
    "https://www.instagram.com/p/CaB1/?comment_id=17890": "17890",
}


@pytest.mark.parametrize("url", IDS)
def test_the_ids_in_an_address_are_joined_as_platforms_write_them(url: str) -> None:
    assert IDS[url] in addresses.ids(url)


def test_where_an_address_names_a_comment_its_post_is_not_meant() -> None:
    found = addresses.ids("https://www.facebook.com/10150001/posts/900100?comment_id=55")

    assert found == ("55", "10150001_55", "900100_55")


def test_words_are_no_ids() -> None:
    assert addresses.ids("https://acme.example/posts/hello") == ()


def test_an_address_has_few_ids_however_long_it_is() -> None:
    found = addresses.ids("https://acme.example/" + "/".join(map(str, range(5000))))

    assert len(found) == 64


def test_the_numbers_of_one_platform_are_no_ids_on_another() -> None:
    on_x, elsewhere = (addresses.strangers(f"https://{site}/i/status/1") for site in ("x.com", "forum.example"))

    assert elsewhere - on_x == {"x"}
    assert {"tiktok", "line"} <= on_x
    assert not {"webhook", "websub"} & elsewhere


PIECES = st.sampled_from(
    ["http", "https", "://", "www.", "m.", "mobile.", "x.com", "twitter.com", "facebook.com", "com", ".", "/",
     "//", "?", "&", "=", "#", "%", "%2F", "%25", "%C3", "%ED%A0%80", "utm_a", "comment_id", "s", "1", "+", " ",
     ";", "[", "]", "@", ":80", ":443", ":99999", "ü", "\x00", "\ud800", "İ"]
)  # fmt: skip
URLS = st.one_of(
    st.lists(PIECES, max_size=14).map("".join),
    st.lists(PIECES, max_size=8).map(lambda found: "https://x.com/" + "".join(found)),
    st.text(),
)


@settings(max_examples=400, deadline=None)
@given(URLS)
def test_the_form_of_a_form_is_itself_whatever_comes(url: str) -> None:
    once = addresses.normal(url)

    assert addresses.normal(once) == once
    assert once == "" or once.startswith("https://")
    assert addresses.digest(once) == addresses.digest(url)
    assert addresses.ids(once) == addresses.ids(url)
