"""How a node joins: the join line, its proofs, what is typed on the node, volumes for a new machine. Pure."""
