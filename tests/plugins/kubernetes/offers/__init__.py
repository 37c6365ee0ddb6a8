"""What the Kubernetes plugin offers to the kernel and to other systems."""
