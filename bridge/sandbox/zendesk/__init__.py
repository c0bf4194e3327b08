"""A Zendesk account in a box: the REST answers, refusals and limits of the vendor, on loopback, in SQLite."""
