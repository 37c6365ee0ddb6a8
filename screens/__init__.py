"""What people see: the only importer of textual, with `themes`. Draws what the kernel publishes; does no I/O."""
