"""What is wrong, and whether a node can go: pure judgement over rows."""
