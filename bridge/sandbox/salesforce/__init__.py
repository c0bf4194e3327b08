"""A Salesforce org in a box: the REST answers, refusals and error texts of the vendor, on loopback, in SQLite."""
