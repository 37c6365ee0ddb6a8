"""One package a system. They know the kernel's public plugin API, and never each other or the screens."""
