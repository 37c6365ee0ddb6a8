"""The console's own version, kept equal to pyproject.toml by a test; a constant, since metadata costs start-up time."""

VERSION = "0.1.0"
