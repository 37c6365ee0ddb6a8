"""What the cluster says, as frozen rows: parsers, arithmetic and tables. No I/O."""
