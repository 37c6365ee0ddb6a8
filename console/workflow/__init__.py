"""Runs: plans, steps, the pure machine, the journal, leases and the runner."""
