"""The Kubernetes client against scripted servers: no cluster, no sleep, no network but loopback."""
