"""Casebridge: customers' posts and messages become cases in the CRM that is already there."""

__version__ = "0.1.0"
