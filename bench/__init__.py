"""How fast the parts are: measured by `make bench`, not part of the tests."""
