"""Local CRMs to try mappings against: processes of their own, durable, with a page to look at."""
