"""What actions do: each one request with a precondition where the API has none of its own, and one sentence."""
