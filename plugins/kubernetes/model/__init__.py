"""What the API server says, as slim frozen rows. It owns decoding and derived properties; it refuses I/O and clocks."""
