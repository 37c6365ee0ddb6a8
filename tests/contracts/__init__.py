"""What the API server promises, asked of the simulated one and of the real one by the same test."""
