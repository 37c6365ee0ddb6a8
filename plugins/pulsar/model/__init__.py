"""Rows of the panes, what the servers' answers look like, and how one becomes the other. Pure."""
