"""Tests against a real control plane, and that control plane: see README.md. `python -m tests.lab` looks into it."""
