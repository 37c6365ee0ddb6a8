"""What makes the simulated cluster move: scheduler, kubelets and the controllers, each a queue over the shared store."""
