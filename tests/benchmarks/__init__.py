"""What Pilothouse costs, measured on a real pseudo terminal against a real API server. Never part of the unit tests."""
