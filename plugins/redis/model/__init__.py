"""Rows of the Redis plugin and the parsers they come from: pure."""
