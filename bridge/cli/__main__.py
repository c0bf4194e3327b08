"""`python -m bridge.cli`, for processes that start others."""

from bridge.cli import main

main()
