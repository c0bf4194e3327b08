"""What the feeds that other projects keep as samples must come to: entry by entry.

The bodies are not ours to publish: they are read from a folder that CASEBRIDGE_PAYLOADS names, or that lies beside
the repository. Each line was written from what the payload means, before any parser ran.
"""

from __future__ import annotations

NO_FEED = "unreadable the body cannot be read: it is no XML: not well-formed (invalid token): line 1, column 0"

TABLE: dict[str, tuple[str, ...]] = {
    "websub_rss/feedparser-atom10-entry_link_multiple.xml": ("post created",),  # all that it says is a link
    "websub_rss/feedparser-atom10-feed_title_base64.xml": (),  # a feed without entries
    "websub_rss/feedparser-rss-item_description.xml": ("unreadable item: id, guid or link is missing",),
    "websub_rss/feedparser-rss-item_enclosure_multiple.xml": ("post created",),
    # no callbacks: answers of YouTube's API, which pushes uploads only and never a comment
    "youtube/pythonyoutube_api-comment_threads-comment_thread_single.json": (NO_FEED,),
    "youtube/pythonyoutube_api-comment_threads-insert_response.json": (NO_FEED,),
}
"""File -> one line per event, as payload_table.line writes it."""
