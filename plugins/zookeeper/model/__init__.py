"""Rows of the ZooKeeper plugin, the parsers they come from, and the arithmetic of the quorum: pure."""
