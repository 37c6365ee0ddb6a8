"""What makes the simulated cluster move: scheduler, kubelets, controllers, each a queue over one store."""
